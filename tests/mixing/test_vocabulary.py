from collections import Counter

import numpy as np

from sharewise.mixing._vocabulary import Vocabulary


def test_codes_are_ranks_by_frequency():
    words = np.random.default_rng(0).choice(list("abcdefgh"), 300, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.045, 0.005])
    cells = np.append(words.astype(object), [None])
    vocabulary = Vocabulary.fit(cells, 5)
    counts = Counter(words.tolist())
    assert list(vocabulary.known) == sorted(counts, key=lambda word: (-counts[word], word))[:5]
    codes = vocabulary.codes(cells)
    assert codes[-1] == 0
    assert all(
        code == (0 if word not in vocabulary.known else vocabulary.known.index(word) + 1)
        for word, code in zip(words, codes, strict=False)
    )


def test_rare_categories_share_the_code_of_missing_ones_but_are_known():
    vocabulary = Vocabulary.fit(np.array(["a"] * 3 + ["b"] * 2, dtype=object), 9)
    new = np.array(["b", "c", None, "a"], dtype=object)
    assert vocabulary.codes(new).tolist() == [0, 0, 0, 1]
    assert vocabulary.unseen(new) == ["c"]


def test_no_words_at_all():
    vocabulary = Vocabulary.fit(np.array([None, None], dtype=object), 4)
    assert vocabulary.codes(np.array(["a", None], dtype=object)).tolist() == [0, 0]

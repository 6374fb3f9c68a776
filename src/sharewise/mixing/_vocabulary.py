"""The categories of a column."""

from collections import Counter
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sharewise.mixing._cells import Longs

_LEAST = 3  # training rows of a category that is told apart


@final
@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Categories and their codes.

    Args:
        known: the category of code 1, 2, ...
        rare: those that were seen and have code 0.
    """

    known: tuple[str, ...]
    rare: tuple[str, ...] = ()

    @classmethod
    def fit(cls, words: NDArray[np.object_], size: int) -> "Vocabulary":
        """The `size` most frequent categories that at least three rows have; ties go by the alphabet.

        Args:
            words: [N], strings, None where missing.
            size: greatest number of known categories.

        Example:
            >>> Vocabulary.fit(np.array(["b"] * 3 + ["a"] * 4 + ["c", None], dtype=object), 5)
            Vocabulary(known=('a', 'b'), rare=('c',))
        """
        counts = Counter(word for word in words if word is not None)
        ordered = sorted(counts, key=lambda word: (-counts[word], word))
        known = tuple(word for word in ordered if counts[word] >= _LEAST)[:size]
        return cls(known, tuple(ordered[len(known) :]))

    def codes(self, words: NDArray[np.object_]) -> Longs:
        """[N] strings or None to codes [N], 0 where not known."""
        code = {word: place for place, word in enumerate(self.known, 1)}
        return np.fromiter((code.get(word, 0) for word in words), np.int64, len(words))

    def unseen(self, words: NDArray[np.object_]) -> list[str]:
        """Those of the words that were never seen, in order."""
        seen = {None, *self.known, *self.rare}
        return [word for word in words if word not in seen]

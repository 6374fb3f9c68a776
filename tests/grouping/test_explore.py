from functools import partial

import numpy as np
import pytest

from sharewise._core import InputError
from sharewise.grouping import Affinity, Estimate, explore, method_names
from sharewise.grouping._work import Work
from sharewise.runs import Perform


@pytest.fixture
def work(made, quick, tmp_path):
    return Work(tmp_path, Perform(made), quick, workers=1, progress=None)


def test_few_tasks_get_gains_of_all_groups(work):
    found = explore(work.bench, work.like, "auto", replicates=range(2, 4), length=0.25)
    assert len(found.gains.groups) == 2**4 - 1
    at = found.gains.groups.index(frozenset("ad"))
    assert found.affinity.of("a", "d") == found.gains.values[at, 0]
    assert found.affinity.of("d", "a") == found.gains.values[at, 3]
    assert np.isnan(found.affinity.values.diagonal()).all()


def test_an_estimator_by_its_name(work):
    found = explore(work.bench, work.like, "pairs", replicates=range(2), length=0.25)
    assert found.affinity.method == "pairs"
    assert found.gains is None


def test_wrong_names_are_refused(work):
    with pytest.raises(InputError, match="no estimator `pair`; did you mean `pairs`"):
        explore(work.bench, work.like, "pair", replicates=range(2), length=0.25)
    assert {"auto", "pairs", "linearised", "lookahead_affinity"} <= set(method_names())


def test_estimates_come_from_replicates_of_their_own_at_the_size_in_use(work, monkeypatch):
    seen = []
    monkeypatch.setattr("sharewise.grouping._work.explore", partial(remember, seen))
    work.explore()
    ((like, more),) = seen
    assert like.network.width == work.sizes.width(2)
    assert more == {"replicates": range(2, 4), "length": 0.25}


def remember(seen, bench, like, method, **more):
    seen.append((like, more))
    nothing = np.full((4, 4), np.nan)
    return Estimate(Affinity(tuple("abcd"), nothing, nothing, 0.0, method, "made"))

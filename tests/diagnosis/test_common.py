import numpy as np
import pytest

from sharewise.diagnosis import features_in_common, in_common
from sharewise.evidence import Importance
from sharewise.mixing import Tensors, from_arrays
from sharewise.tasks import Regression, Task


def found(shares, skills=None):
    rows = {f"t{place}": np.array(row) for place, row in enumerate(shares)}
    return {name: Importance(0.5 if skills is None else skills[name], row) for name, row in rows.items()}


def common(shares, skills=None, total=None):
    names = [f"t{place}" for place in range(len(shares))]
    return in_common(names, found(shares, skills), ["a", "b", "c"], total=total or len(names))


def test_overlap_is_the_sum_of_smaller_shares():
    result = common([[3.0, 1.0, 0.0], [0.1, 0.1, -5.0], [0.0, 0.0, 2.0]])
    np.testing.assert_allclose(result.overlap, [[1, 0.75, 0], [0.75, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(result.best, [0.75, 0.75, 0])
    assert result.top["t0"] == (("a", 0.75), ("b", 0.25))
    assert result.reading == "met"
    assert "50 % of its important features" in result.sentence


def test_different_features_are_told():
    result = common([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], total=40)
    assert result.reading == "not met"
    assert "0 % of its important features in common with the task most like it (of 2 of 40 tasks)" in result.sentence
    assert "They need different features" in result.sentence


def test_a_task_that_trees_cannot_learn_says_nothing_about_features():
    result = common([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], {"t0": 0.5, "t1": 0.4, "t2": 0.001})
    assert result.blind == ("t2",)
    assert np.isnan(result.overlap[2]).all()
    np.testing.assert_allclose(result.best[:2], 1)
    assert "Trees learn nothing of `t2`" in result.sentence
    nothing = common([[1.0, 0.0, 0.0]] * 2, {"t0": 0.0, "t1": -1.0})
    assert nothing.reading == "open"
    assert "learn too little" in nothing.sentence


def test_made_data_with_known_features():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(900, 4))
    targets = {"a": x[:, 0] + x[:, 1], "b": x[:, 0] - x[:, 1], "c": x[:, 2], "noise": draw.normal(size=900)}
    tasks = [Task(name, Regression()) for name in targets]
    result = features_in_common(Tensors(*from_arrays(x, targets, tasks=tasks)))
    assert result.overlap[0, 1] > 0.85
    assert result.overlap[0, 2] < 0.1
    assert result.blind == ("noise",)
    assert result.skills[2] == pytest.approx(1, abs=0.05)
    assert {name for name, _ in result.top["a"][:2]} == {"feature 0", "feature 1"}

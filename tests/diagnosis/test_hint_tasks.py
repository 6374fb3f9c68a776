from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from tests.diagnosis.worlds import interval, three_tasks

from sharewise.diagnosis import Candidate, Hint, Hints, measure_hints, plain_view, propose_hints
from sharewise.diagnosis._hint_tasks import hide, hint_name, predictability, with_hints
from sharewise.evidence import table_arrays
from sharewise.mixing import Table, Tensors, from_arrays
from sharewise.tasks import Multiclass, Regression, Task


def hinted(rows=600):
    """Feature 3 is important and follows from feature 0; feature 1 is important and follows from none."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 3))
    told = x[:, 0] + 0.5 * draw.normal(size=rows)
    y = told + x[:, 1] + 0.1 * draw.normal(size=rows)
    z = x[:, 2] + 0.1 * draw.normal(size=rows)
    tasks = [Task("y", Regression()), Task("z", Regression())]
    return Tensors(*from_arrays(np.c_[x, told], {"y": y, "z": z}, tasks=tasks))


def test_what_is_important_and_follows_from_the_others_is_proposed():
    found = propose_hints(hinted(), ["y", "z"])
    assert [each.place for each in found["y"]] == [3]
    assert found["y"][0].feature == "feature 3"
    assert 0.3 < found["y"][0].importance < 0.7
    assert found["y"][0].predictable == pytest.approx(1 - 0.25 / 1.25, abs=0.12)  # signal by all, less what trees miss
    assert found["z"] == ()


def test_categories_are_predicted_as_classes():
    draw = np.random.default_rng(0)
    x = draw.normal(size=900)
    y, d = x + draw.normal(size=900), draw.choice(["a", "b", "e"], 900)
    frame = pd.DataFrame({"x": x, "c": np.digitize(x, [-0.5, 0.5]), "d": d, "y": y})
    frame["c"] = frame["c"].map({0: "low", 1: "mid", 2: "high"})
    data = Table.from_frame(frame, {"y": "regression"})
    view = plain_view(data, 1)
    arrays = table_arrays(view, view.split(0))
    places = {name: view.names.index(name) for name in view.names}
    assert predictability(arrays, places["c"]) > 0.8
    assert predictability(arrays, places["d"]) < 0.05
    task = with_hints(view, [places["c"]]).tasks[-1]
    assert isinstance(task.kind, Multiclass)
    assert task.kind.width == 4  # a code more for what is missing


def test_a_hidden_feature_has_no_inputs_and_is_still_a_label():
    view = plain_view(hinted(), 1)
    told = hide(with_hints(view, [3]), 3)
    assert not told.inputs[:, 3].any()
    assert torch.equal(told.inputs[:, :3], view.inputs[:, :3])
    np.testing.assert_allclose(told.raw.targets["regression"][:, 2], view.features[:, 3], rtol=1e-6)
    assert told.tasks[-1].name == hint_name(3)


def test_missing_features_are_missing_labels():
    view = plain_view(hinted(), 1)
    view.features[:7, 3] = np.nan
    assert with_hints(view, [3]).raw.observed[:, 2].nonzero().min() == 7


def test_a_hint_is_trained_beside_the_task_and_compared_with_it_alone(bench, arms):
    candidate = Candidate(1, "feature 1", 0.5, 0.5)
    (found,) = measure_hints(bench, arms, ["up"], candidates={"up": [candidate]})
    assert [(each.candidate, each.way) for each in found.tried] == [(candidate, "also"), (candidate, "instead")]
    plain = plain_view(three_tasks(), 2)
    scores = {}
    for way, view in (("also", with_hints(plain, [1])), ("instead", hide(with_hints(plain, [1]), 1))):
        from sharewise.runs import Perform

        hint = hint_name(1)
        for what, more in (("plain", {}), (way, {"tasks": ("up", hint), "hints": (hint,)})):
            values = []
            for run in arms.alone["up"]:
                records = Perform(view)(replace(run, **more)).records
                values.append(next(each.value for each in records if (each.name, each.role) == ("r2", "select")))
            scores.setdefault(what, np.array(values))
    for hint in found.tried:
        assert hint.select.estimate == pytest.approx((scores[hint.way] - scores["plain"]).mean(), abs=1e-4)


def test_no_candidate_trains_nothing(bench, arms):
    (found,) = measure_hints(bench, arms, ["up"], candidates={"up": []})
    assert found == Hints("up", ())
    assert found.sentence.endswith("no hint was tried.")


def test_the_best_of_those_kept_on_select_rows():
    def hint(name, low, estimate, test, told=0.1):
        other, told = interval(test, test - 0.1, test + 0.1), interval(told + 0.1, told, 1.0)
        return Hint("x", Candidate(0, name, 0.5, 0.5), "instead", interval(estimate, low, 1.0), told, other, other)

    unsure, good, better = hint("a", -0.1, 0.9, 0.9), hint("b", 0.1, 0.2, 0.3), hint("c", 0.1, 0.3, 0.1)
    assert Hints("x", (unsure,)).best is None
    assert Hints("x", (hint("d", 0.1, 0.9, 0.9, told=-0.1),)).best is None  # as good with shuffled labels
    assert "No hint is kept for `x`: predicting `a`" in Hints("x", (unsure, unsure)).sentence
    found = Hints("x", (unsure, good, better))
    assert found.best is better  # whatever the test rows say
    assert "Predicting `c` instead of reading it is kept as a hint for `x`: +0.100" in found.sentence

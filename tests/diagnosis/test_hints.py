import numpy as np
import pytest
import torch

from sharewise._core import Record
from sharewise.diagnosis._hints import cross_errors, hints_of, mixed
from sharewise.mixing import Tensors, from_arrays, planted
from sharewise.runs import TEST, Finished, Run
from sharewise.tasks import Regression, Task

JOINT = Run("together", ("task 0", "task 1", "task 2"), 0)


def said(*records, data=None):
    return hints_of("task 0", data or planted(), [(JOINT, Finished(list(records)))])


def norm(task, value, step):
    return Record("gradient_norm", value, "train", task, step=step)


def cosine(other, value, step):
    return Record("gradient_cosine", value, "train", "task 0", other=other, step=step)


def test_without_records_nothing_is_said():
    assert said() == ()


def test_opposed_and_louder_gradients_are_told():
    records = [norm("task 0", 1.0, s) for s in range(4)] + [norm("task 1", 50.0, s) for s in range(4)]
    records += [cosine("task 1", -0.5, s) for s in range(4)] + [cosine("task 2", 0.5, s) for s in range(4)]
    first, second, third = said(*records)
    assert first == "its gradient mostly opposes that of task 1"
    assert second == "gradients of task 1 are up to 50 times as long as its own"
    assert "two of the three conditions of the tragic triad" in third


def test_a_loss_that_goes_up_and_down_completes_the_triad():
    records = [norm("task 0", 1.0, s) for s in range(9)] + [norm("task 1", 50.0, s) for s in range(9)]
    records += [cosine("task 1", -0.5, s) for s in range(9)]
    records += [Record("loss", 1.0 + 0.1 * (s % 2), "train", "task 0", step=s) for s in range(9)]
    assert "rose at 50% of the looks, a sign of high curvature, all three" in said(*records)[2]


@pytest.mark.parametrize("shift", [0.0, 6.0])
def test_points_mix_where_they_come_from_one_distribution(shift):
    draw = torch.Generator().manual_seed(0)
    one, other = torch.randn(300, 3, generator=draw), torch.randn(400, 3, generator=draw) + shift
    crossed = [int((torch.cat([one, other[:300]]) - x).norm(dim=1).sort().indices[1]) >= 300 for x in one]
    back = [int((torch.cat([other[:300], one]) - x).norm(dim=1).sort().indices[1]) >= 300 for x in other[:300]]
    assert mixed(one, other) == pytest.approx(np.mean(crossed + back) * 599 / 300)
    assert mixed(one, other) == pytest.approx(1.0 if shift == 0 else 0.0, abs=0.15)


@pytest.mark.parametrize(("shift", "told"), [(0.0, False), (9.0, True)])
def test_inputs_that_lie_apart_are_told(shift, told):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(200, 2)) + shift * (np.arange(200) % 2)[:, None]
    tasks = [Task(f"task {place}", Regression()) for place in range(2)]
    batch, found = from_arrays(x, draw.normal(size=200), tasks=tasks, task=np.arange(200) % 2)
    texts = hints_of("task 0", Tensors(batch, found, name="two"), [])
    assert any("equal inputs cannot want different outputs" in text for text in texts) is told


@pytest.mark.parametrize(("common", "told"), [(50, False), (5, True)])
def test_few_common_labels_are_told(common, told):
    draw = np.random.default_rng(0)
    y = draw.normal(size=(300, 2))
    y[100 + common :, 0] = np.nan
    y[:100, 1] = np.nan
    batch, found = from_arrays(draw.normal(size=(300, 2)), {"task 0": y[:, 0], "task 1": y[:, 1]})
    texts = hints_of("task 0", Tensors(batch, found, name="two"), [])
    assert any("few of its labelled rows" in text for text in texts) is told


@pytest.mark.parametrize(("last", "falling"), [(0.5, True), (0.99, False)])
def test_a_loss_that_still_falls_is_told(last, falling):
    curve = [1.0] * 8 + [last] * 2
    records = [Record("loss", value, "train", "task 0", step=step) for step, value in enumerate(curve)]
    assert bool(said(*records)) is falling


def test_few_labels_beside_many_are_told():
    assert said(data=planted(ratio=20)) == ("it has 20 training labels, another task 400",)


def test_opposite_labels_are_predicted_far_worse_than_by_a_constant():
    data = planted(tasks=3, opposite=True)
    rows, truth = data.split(0).test, data.raw.targets["regression"]
    own = Finished(tensors={TEST + "task 0": truth[rows, 0]}), Run("alone", ("task 0",), 0)
    (text,) = cross_errors("task 0", data, [own[::-1]])
    assert text.endswith("(error 1): task 1 4.0")  # unrelated task 2 has about 2
    assert cross_errors("task 1", data, [own[::-1]]) == []
    assert cross_errors("task 0", planted(ratio=2), [own[::-1]]) == []

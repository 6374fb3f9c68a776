import pytest

from sharewise._core import Record
from sharewise.diagnosis._hints import cross_errors, hints_of
from sharewise.mixing import planted
from sharewise.runs import TEST, Finished, Run

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

import math

import pytest
import torch

from sharewise._core import Batch
from sharewise.tasks import (
    Binary,
    Count,
    Multiclass,
    Multilabel,
    Regression,
    Task,
    evaluate,
    kind_index,
    predictions,
)

KINDS = (Multiclass(3), Regression(), Binary(), Multiclass(5), Regression(2), Multilabel(3), Count(), Binary())
TASKS = [Task(f"t{place}", kind) for place, kind in enumerate(KINDS)]


def _outputs(*lead, dense=True):
    outputs = {}
    for key, places in kind_index(TASKS).items():
        widths = [KINDS[place].width for place in places]
        outputs[key] = torch.randn(*lead, *([len(widths)] if dense else []), max(widths))
        for column, width in enumerate(widths if dense else []):
            outputs[key][..., column, width:] = -torch.inf
    return outputs


def test_each_task_predicts_as_its_kind_alone():
    outputs = _outputs(2, 6)
    found = predictions(outputs, TASKS)
    assert list(found) == [task.name for task in TASKS]
    for key, places in kind_index(TASKS).items():
        for column, place in enumerate(places.tolist()):
            alone = KINDS[place].predict(outputs[key][..., column, : KINDS[place].width])
            torch.testing.assert_close(found[TASKS[place].name], alone)


def test_classes_are_the_task_s_own():
    found = predictions(_outputs(4), TASKS)
    assert (found["t0"].shape, found["t3"].shape, found["t5"].shape) == ((4, 3), (4, 5), (4, 3))
    torch.testing.assert_close(found["t0"].sum(-1), torch.ones(4))


def test_every_kind(kind):
    found = predictions({kind.key: torch.randn(7, 1, kind.width)}, [Task("a", kind)])
    assert found["a"].shape[0] == 7


def test_rows_of_one_task_alone():
    task = torch.randint(len(TASKS), (50,))
    outputs = _outputs(50, dense=False)
    outputs["multiclass"][task == 0, 3:] = -torch.inf
    found = predictions(outputs, TASKS, task)
    for place, (each, kind) in enumerate(zip(TASKS, KINDS, strict=True)):
        alone = kind.predict(outputs[kind.key][task == place][..., : kind.width])
        torch.testing.assert_close(found[each.name], alone)


def test_half_precision_predicts_in_float32():
    assert predictions({"binary": torch.zeros(3, 1, 1).half()}, [Task("a", Binary())])["a"].dtype == torch.float32


def _data(draw, rows):
    targets = {
        key: torch.stack([draw(KINDS[place], rows) for place in places], 1) for key, places in kind_index(TASKS).items()
    }
    return Batch(torch.zeros(rows), targets, torch.rand(rows, len(TASKS)) > 0.3, weight=torch.rand(rows))


def test_scores_are_those_of_observed_rows(draw):
    data, predicted = _data(draw, 60), predictions(_outputs(60), TASKS)
    scores = evaluate(TASKS, predicted, data)
    for key, places in kind_index(TASKS).items():
        for column, place in enumerate(places.tolist()):
            task, seen = TASKS[place], data.observed[:, place]
            for metric in task.metrics:
                expected = metric(predicted[task.name][seen], data.targets[key][seen, column], data.weight[seen])
                assert scores[task.name][metric.name] == pytest.approx(expected, nan_ok=True)


def test_one_form_scores_equal_the_dense_ones(draw):
    data, outputs = _data(draw, 40), _outputs(40)
    row, task = data.observed.nonzero(as_tuple=True)
    order = torch.randperm(len(row))
    row, task = row[order], task[order]
    column = torch.zeros(len(TASKS), dtype=torch.long)
    for places in kind_index(TASKS).values():
        column[places] = torch.arange(len(places))
    targets, values = {}, {}
    for key in outputs:
        place = column[task].clamp(max=outputs[key].shape[1] - 1)
        targets[key], values[key] = data.targets[key][row, place], outputs[key][row, place]
    one = Batch(torch.zeros(len(row)), targets, None, task, weight=data.weight[row])
    found = evaluate(TASKS, predictions(values, TASKS, task), one)
    expected = evaluate(TASKS, predictions(outputs, TASKS), data)
    for name, scores in expected.items():
        assert found[name] == pytest.approx(scores, nan_ok=True)


def test_a_task_without_labels_scores_nan(draw):
    data = _data(draw, 10)
    data.observed[:, 2] = False
    scores = evaluate(TASKS, predictions(_outputs(10), TASKS), data)
    assert all(math.isnan(score) for score in scores["t2"].values())
    assert not any(math.isnan(score) for score in scores["t1"].values())

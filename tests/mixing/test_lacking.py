import pytest
import torch

from sharewise._core import Batch, Split
from sharewise.mixing._lacking import lacking
from sharewise.tasks import Binary, Multiclass, Regression, Task

SPLIT = Split(*torch.arange(12).split([6, 2, 2, 2]))
CLASSES = torch.tensor([0.0, 1] * 6)
LABELLED = torch.ones(12, dtype=torch.bool)


def without(*rows):
    mask = LABELLED.clone()
    mask[list(rows)] = False
    return mask


def dense(job, sick, observed):
    tasks = [Task("job", Multiclass(3)), Task("cost", Regression()), Task("sick", Binary())]
    targets = {"multiclass": job[:, None], "regression": torch.zeros(12, 1), "binary": sick[:, None]}
    mask = torch.stack([observed.get(task.name, LABELLED) for task in tasks], 1)
    return lacking(Batch({}, targets, mask), tasks, SPLIT)


@pytest.mark.parametrize(
    ("job", "sick", "observed", "problem"),
    [
        (CLASSES, CLASSES, {}, None),
        (CLASSES, CLASSES, {"cost": without(6)}, None),
        (CLASSES, CLASSES, {"cost": without(6, 7)}, "Task `cost` has no labels in role `valid`"),
        (CLASSES, CLASSES, {"job": without(0)}, None),
        (CLASSES, CLASSES, {"job": without(8)}, "Task `job` has one class only in role `select`"),
        (CLASSES, CLASSES.clamp(min=1), {}, "Task `sick` has one class only in role `train`"),
        (CLASSES * 0, CLASSES * 0, {}, "Tasks `job`, `sick` have one class only in role `train`"),
        (
            CLASSES * 2,
            CLASSES,
            {"cost": without(10, 11), "sick": without(10, 11)},
            "Tasks `cost`, `sick` have no labels in role `test`",
        ),
    ],
)
def test_shared_rows(job, sick, observed, problem):
    assert dense(job, sick, observed) == problem


def of_one(task, target, observed=None):
    tasks = [Task("u", Binary()), Task("v", Regression()), Task("w", Binary())]
    targets = {"binary": target, "regression": torch.zeros(12)}
    return lacking(Batch({}, targets, observed, task), tasks, Split(*torch.arange(12).split([12, 0, 0, 0])))


def test_rows_of_one_task_each():
    task = torch.tensor([0, 1, 2] * 4)
    target = torch.tensor([0.0] * 6 + [1.0] * 6)
    assert of_one(task, target) is None
    assert of_one(task, torch.zeros(12)) == "Tasks `u`, `w` have one class only in role `train`"
    assert of_one(task, torch.where(task == 2, 1.0, target)) == "Task `w` has one class only in role `train`"
    assert of_one(task, target, task != 1) == "Task `v` has no labels in role `train`"
    assert of_one(task, target, (task != 2) | (target == 0)) == "Task `w` has one class only in role `train`"


def test_roles_without_rows_lack_nothing():
    empty = torch.empty(0, dtype=torch.long)
    batch = Batch({}, {"binary": CLASSES[:, None]})
    assert lacking(batch, [Task("y", Binary())], Split(torch.arange(12), empty, empty, empty)) is None

import torch

from sharewise._core import Record
from sharewise.tasks import Regression, Task
from sharewise.training import Recipe
from sharewise.training._progress import Progress, merge_outputs, task_records


def test_the_best_step_is_kept_and_waiting_counted():
    progress, states = Progress(), []
    for step, skill in enumerate([0.1, 0.5, 0.4, 0.5, 0.6], 1):
        progress.step = step
        states.append((progress.reach(skill), progress.best_step, progress.waited, progress.best_skill))
    assert states == [(True, 1, 0, 0.1), (True, 2, 0, 0.5), (False, 2, 1, 0.5), (False, 2, 2, 0.5), (True, 5, 0, 0.6)]


def test_the_first_is_the_best_even_if_no_skill_can_be_measured():
    progress = Progress(step=3)
    assert progress.reach(-float("inf"))
    progress.step = 6
    assert not progress.reach(-float("inf"))
    assert (progress.best_step, progress.waited) == (3, 1)


def test_it_waits_until_patience_or_steps_end():
    recipe = Recipe(steps=40, patience=2)
    assert Progress(step=39, waited=1).waits(recipe)
    assert not Progress(step=40, waited=1).waits(recipe)
    assert not Progress(step=39, waited=2).waits(recipe)


def test_records_are_of_trained_tasks():
    tasks = [Task("a", Regression()), Task("b", Regression())]
    values = [("loss", "valid", [1.0, 2.0]), ("skill", "valid", [0.3, 0.4])]
    found = task_records(tasks, torch.tensor([False, True]), values, 7)
    assert found == [Record("loss", 2.0, "valid", "b", step=7), Record("skill", 0.4, "valid", "b", step=7)]
    assert len(task_records(tasks, None, values, 7)) == 4


def test_each_task_has_its_own_best():
    progress = Progress()
    nan = float("nan")
    assert progress.improved_tasks(torch.tensor([2.0, 1.0, nan])).tolist() == [True, True, False]
    assert progress.improved_tasks(torch.tensor([1.0, 3.0, nan])).tolist() == [True, False, False]
    assert progress.improved_tasks(torch.tensor([1.5, 0.5, 4.0])).tolist() == [False, True, True]


def test_a_checkpoint_holds_all_of_it():
    progress = Progress(4, 2, 0.3, 1, {"w": torch.ones(2)}, torch.ones(3), {"binary": torch.zeros(1, 1, 1)})
    progress.records.append(Record("loss", 0.1, "valid", "a", step=4))
    again = Progress.from_state(progress.state())
    assert again.state().keys() == progress.state().keys()
    assert again == progress


def test_outputs_of_rows_with_a_task_each_are_merged_by_row():
    old, new = {"binary": torch.zeros(3, 1)}, {"binary": torch.ones(3, 1)}
    improved, index = torch.tensor([True, False]), {"binary": torch.tensor([0, 1])}
    merged = merge_outputs(old, new, improved, index=index, task=torch.tensor([1, 0, 1]))
    assert merged["binary"].flatten().tolist() == [0, 1, 0]

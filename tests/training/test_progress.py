import torch
from torch import nn

from sharewise._core import Record
from sharewise.training._progress import Progress, merge_outputs


def test_the_best_state_is_kept_and_waiting_counted():
    progress, model = Progress(), nn.Linear(1, 1)
    states = []
    for step, skill in enumerate([0.1, 0.5, 0.4, 0.5, 0.6], 1):
        with torch.no_grad():
            model.weight.fill_(step)
        progress.step = step
        progress.improve(skill, model)
        states.append((progress.best_step, progress.waited, progress.best_state["weight"].item()))
    assert states == [(1, 0, 1.0), (2, 0, 2.0), (2, 1, 2.0), (2, 2, 2.0), (5, 0, 5.0)]


def test_a_state_is_kept_even_if_no_skill_can_be_measured():
    progress = Progress(step=3)
    progress.improve(-float("inf"), nn.Linear(1, 1))
    assert progress.best_state.keys() == {"weight", "bias"}


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

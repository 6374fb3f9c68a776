import pytest
import torch
from torchjd import scalarization

from sharewise.objectives import DWA

ALL = torch.ones(3, dtype=torch.bool)


def test_agrees_with_torchjd_over_epochs() -> None:
    ours, theirs = DWA(3), scalarization.DWA(2.0)
    draw = torch.Generator().manual_seed(0)
    for _ in range(4):
        for _ in range(5):
            losses = torch.rand(3, generator=draw, dtype=torch.float64) + 0.1
            torch.testing.assert_close(ours(losses, ALL), theirs(losses))
        ours.end_epoch()
        theirs.step()


def test_slow_tasks_weigh_more() -> None:
    dwa = DWA(3)
    for losses in ([1.0, 1.0, 1.0], [0.1, 0.5, 0.9]):
        dwa(torch.tensor(losses), ALL)
        dwa.end_epoch()
    weights = dwa.weights(ALL)
    assert weights[0] < weights[1] < weights[2]
    torch.testing.assert_close(weights.sum(), torch.tensor(3.0, dtype=torch.float64))


def test_an_epoch_without_a_task_keeps_its_averages() -> None:
    dwa = DWA(3)
    for losses, present in (([4.0] * 3, [1, 1, 1]), ([2.0] * 3, [1, 1, 0]), ([2.0, 2.0, 1.0], [1, 1, 1])):
        dwa(torch.tensor(losses), torch.tensor(present).bool())
        dwa.end_epoch()
    assert dwa.ratio.tolist() == [1.0, 1.0, 0.25]


def test_the_state_dict_holds_the_whole_state() -> None:
    dwa = DWA(3)
    dwa(torch.rand(3), ALL)
    assert {"average", "count", "last", "ratio"} == set(dwa.state_dict())
    assert (dwa.state_dict()["count"] == 1).all()


def test_a_temperature_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="got `temperature=0"):
        DWA(2, temperature=0.0)

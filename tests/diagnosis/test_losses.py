import numpy as np

from sharewise._core import Record
from sharewise.diagnosis import losses_of
from sharewise.diagnosis._losses import gap
from sharewise.runs import OWN_BEST, Finished, Run


def finished(*records):
    return Finished([Record(name, value, "select", task, step=step) for name, value, task, step in records])


def test_losses_stand_by_arm_task_and_replicate():
    best = [
        (Run("alone", ("a",), 1), finished(("skill", 0.75, "a", None), ("loss", 9.0, "a", None))),
        (Run("alone", ("a",), 0), finished(("skill", 0.5, "a", None), ("skill", 0.1, "a", 40))),
        (Run("together", ("a", "b"), 0), finished(("skill", 0.25, "a", None), (OWN_BEST + "skill", 0.375, "a", None))),
        (Run("together", ("a", "b"), 1), Finished(info={"failed": "not finite"})),
        (Run("UPGrad", ("a", "b"), 0), finished((OWN_BEST + "skill", 0.9, "a", None))),
    ]
    losses = losses_of(best)
    np.testing.assert_array_equal(losses["alone", "a", "select"], [0.5, 0.25])
    np.testing.assert_array_equal(losses["together", "a", "select"], [0.75, np.nan])
    np.testing.assert_array_equal(losses["own stop", "a", "select"], [0.625, np.nan])
    assert ("UPGrad", "a", "select") not in losses
    np.testing.assert_array_equal(gap(losses, "a", "select"), [0.25, np.nan])
    assert gap(losses, "a", "test") is None

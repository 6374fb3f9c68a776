import numpy as np
import pytest

from sharewise._core import Record
from sharewise.grouping._explore import pair_gains, pairs_of, short_plan
from sharewise.runs import Finished, Run


def test_every_task_alone_and_every_pair_at_a_share_of_the_length(quick):
    plan = short_plan(pairs_of("abc"), quick, width=5, rows=lambda _: 24, order=("c", "b", "a"))
    assert {run.tasks for run in plan} == {("a",), ("b",), ("c",), ("b", "a"), ("c", "a"), ("c", "b")}
    assert len(plan) == 6 * quick.short_replicates
    assert {run.recipe.steps for run in plan} == {3}
    assert {run.network.width for run in plan} == {5}


def finished(tasks, replicate, **losses):
    return Run("short", tasks, replicate), Finished(
        [Record("skill", 1 - loss, "valid", name) for name, loss in losses.items()]
    )


def test_gains_are_shares_of_the_loss_alone_with_their_standard_error():
    results = [
        finished(("a",), 0, a=1.0),
        finished(("a",), 1, a=2.0),
        finished(("b",), 0, b=0.5),
        finished(("b",), 1, b=0.5),
        finished(("a", "b"), 0, a=0.9, b=0.6),
        finished(("a", "b"), 1, a=1.4, b=0.6),
    ]
    found = pair_gains(results, ("a", "b"), short=0.25)
    assert found.of("a", "b") == pytest.approx((0.1 + 0.3) / 2)
    assert found.of("b", "a") == pytest.approx(-0.2)
    assert found.errors[0, 1] == pytest.approx(0.1)
    assert np.isnan(found.values.diagonal()).all()
    assert found.cost == pytest.approx(1.5)


def test_a_training_that_failed_leaves_its_pair_out():
    results = [finished(("a",), 0, a=1.0), finished(("a", "b"), 0, b=0.5), finished(("b",), 0, b=1.0)]
    found = pair_gains(results, ("a", "b"), short=1.0)
    assert np.isnan(found.of("a", "b"))
    assert found.of("b", "a") == pytest.approx(0.5)
    assert np.isnan(found.errors).all()

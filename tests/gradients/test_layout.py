"""Rows of one task each: found where they are, never believed where they are not."""

import warnings

import pytest
import torch
from tests.gradients.loops import Inverse, assert_equals_loop
from tests.gradients.networks import MIXED, TRUNKS, D, K, Network, mlp, network

from sharewise.gradients import backward


@pytest.mark.parametrize("order", ["mixed", "sorted", "some tasks absent"])
@pytest.mark.parametrize("name", TRUNKS)
def test_rows_of_one_task_each(name, order):
    net, x, task = network(name)
    task = {"mixed": task, "sorted": task.sort().values, "some tasks absent": task.clamp(max=1)}[order]
    for step in range(3):  # the layout of the first step is used again
        info = assert_equals_loop(
            lambda step=step: net.own_losses(x + step, task.roll(step)),
            lambda losses, step=step: backward(losses, Inverse(), task=net, rows=task.roll(step)),
            list(net.trunk.parameters()),
            [net.heads],
        )
        assert all("rows of one task each" in info.paths[p] for p in net.trunk.parameters())


@pytest.mark.parametrize("name", MIXED)
def test_rows_that_are_not_apart_take_another_path(name):
    net, x, task = network(name)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        info = assert_equals_loop(
            lambda: net.own_losses(x, task),
            lambda losses: backward(losses, Inverse(), task=net, rows=task),
            list(net.trunk.parameters()),
            [net.heads],
        )
    separate = ["rows of one task each" in info.paths[p] for p in net.trunk.parameters()]
    if name == "tied":  # what has a rule keeps the cheap path, only the tied weight does not
        assert separate == [False, True, True]
    else:
        assert all(separate) == any(separate) == (name == "checkpoint")  # it only computes twice: rows stay apart
    assert bool(said) != all(separate)


def test_what_was_measured_in_evaluation_does_not_hold_in_training():
    net, x, task = network("batch norm")
    shared = [*net.trunk.net[0].parameters(), *net.trunk.net[3].parameters()]
    net.trunk.net[1].requires_grad_(False)
    for training in (False, True, False):
        net.train(training)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if training else "error")
            info = assert_equals_loop(
                lambda: net.own_losses(x, task),
                lambda losses: backward(losses, Inverse(), task=net, rows=task),
                shared,
                [net.heads],
            )
        assert ("rows of one task each" in info.paths[shared[0]]) != training


def test_wrong_tasks_of_rows_are_noticed():
    net, x, task = network("mlp")
    wrong = task.clone()
    wrong[0] = (wrong[0] + 1) % K
    for rows in (task, wrong):  # also when the graph was seen with the right ones
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_equals_loop(
                lambda: net.own_losses(x, task),
                lambda losses, rows=rows: backward(losses, Inverse(), task=net, rows=rows),
                list(net.trunk.parameters()),
                [net.heads],
            )


def test_rows_sorted_on_the_way_are_noticed():
    net, x, task = network("mlp")

    def losses(task):
        order = task.argsort(stable=True)
        h = net.trunk[2:](net.trunk[:2](x)[order])
        loss = ((h * net.heads[task[order]]).sum(1) - 1).square()
        return torch.zeros(K, dtype=x.dtype).index_add(0, task[order], loss)

    for rows in (task.sort().values, task):  # the first happen to be in order
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert_equals_loop(
                lambda rows=rows: losses(rows),
                lambda found, rows=rows: backward(found, Inverse(), task=net, rows=rows),
                list(net.trunk.parameters()),
                [net.heads],
            )


def test_zero_heads_teach_nothing_about_rows():
    net, x, task = network("mlp")
    with torch.no_grad():
        net.heads.zero_()
    backward(net.own_losses(x, task), Inverse(), task=net, rows=task)
    with torch.no_grad():
        net.heads.normal_()
    wrong = task.roll(1)
    with pytest.warns(UserWarning, match="`rows` cannot be used, since the graph mixes rows of tasks"):
        backward(net.own_losses(x, task), Inverse(), task=net, rows=wrong)


def test_a_parameter_without_a_rule_is_named():
    net, x, task = network("tied")
    with pytest.warns(UserWarning, match=r"`rows` cannot be used for parameters of shape \(5, 5\), since no rule"):
        backward(net.own_losses(x, task), Inverse(), task=net, rows=task)


@pytest.mark.parametrize(
    ("dtype", "tasks", "apart"),
    [(torch.bfloat16, 20, 9), (torch.float16, 20, 9), (torch.bfloat16, 100, 81), (None, 200, 64), (None, 200, 1)],
)
def test_two_tasks_that_share_a_row_are_found_whichever_they_are(dtype, tasks, apart):
    """Rounding tells so many weights apart and no more: tasks that get the same in one pass must differ in another."""
    torch.manual_seed(0)
    net, x, task = Network(mlp(), tasks), torch.randn(tasks, D), torch.arange(tasks)

    def losses(share):
        with torch.autocast("cpu", dtype, enabled=dtype is not None):
            h = net.trunk(x)
        h = h.float() + share * (task == 0).unsqueeze(1) * h[apart].float()  # the first task reads another one's row
        return torch.zeros(tasks).index_add(0, task, (h * net.heads).sum(1).square())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        info = backward(losses(0.0), Inverse(), task=net, rows=task)
    assert "rows of one task each" in info.paths[net.trunk[0].weight]
    with pytest.warns(UserWarning, match="the graph mixes rows of tasks"):
        info = backward(losses(1.0), Inverse(), task=net, rows=task)
    assert "rows of one task each" not in info.paths[net.trunk[0].weight]


def test_a_gate_that_opens_later_is_noticed():
    net, x, task = network("mlp")
    gate = torch.zeros((), dtype=x.dtype, requires_grad=True)

    def losses():
        h = net.trunk(x)
        return torch.zeros(K, dtype=x.dtype).index_add(0, task, ((h + gate * h.mean(0)) * net.heads[task]).sum(1) ** 2)

    seen = []
    for _ in range(40):
        if len(seen) == 20:
            with torch.no_grad():
                gate.fill_(0.5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info = backward(losses(), Inverse(), shared=list(net.trunk.parameters()), task=net, rows=task)
        seen.append("rows of one task each" in info.paths[net.trunk[0].weight])
    assert all(seen[:20])
    assert not any(seen[31:])  # measured when the graph came for the 32nd time

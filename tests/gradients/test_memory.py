"""A budget of bytes for the gradients of several tasks is kept, whatever the network."""

from functools import partial

import pytest
import torch
from benchmarks._networks import mlp, problem
from benchmarks.step_cost import live_bytes
from tests.gradients.loops import least_memory
from tests.gradients.networks import K, network

from sharewise._core import Aggregator
from sharewise.gradients import MGDA, backward

SIZES = {"mlp": 60, "norms": 60, "attention": 40, "convolutions, group norm": 40, "experts": 60, "gru": 40, "wide": 60}


class First(Aggregator):
    """Keeps nothing of its own."""

    def forward(self, jacobian, present):  # noqa: ARG002
        return jacobian[..., 0, :]


def beyond(losses, call, parameters):
    """Most bytes that `call` holds at once beside the graph and `.grad`."""

    def clear():
        for each in parameters:
            each.grad = None

    def step():
        clear()
        call()

    clear()
    graph = live_bytes(losses)
    return live_bytes(step) - graph - sum(each.nbytes for each in parameters)


@pytest.mark.parametrize("method", [MGDA, First])
@pytest.mark.parametrize("name", SIZES)
def test_what_is_alive_stays_within_the_budget(name, method):
    net, x, _ = network(name)
    x = x.repeat(SIZES[name], 1)

    def call(memory):
        backward(net.shared_losses(x), method(), task=net, memory=memory)

    least = least_memory(call)
    for memory in (least, 2 * least):
        used = beyond(lambda: net.shared_losses(x), partial(call, memory), list(net.parameters()))
        assert memory / 8 < used <= memory  # and most of the budget is no mere reserve


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("rows", [8, 96])
def test_half_precision_and_many_rows(dtype, rows):
    at = problem(lambda: mlp(16, 64, 3), 16, 20, rows, separable=False)

    def losses():
        with torch.autocast("cpu", dtype, enabled=dtype is not torch.float32):
            return at.losses().float()

    def call(memory):
        backward(losses(), MGDA(), task=at.owners, memory=memory)

    least = least_memory(call)
    assert beyond(losses, partial(call, least), [*at.shared, at.heads]) <= least


def test_less_memory_is_used_where_less_is_given():
    at = problem(lambda: mlp(6, 64, 3), 6, 40, 256, separable=False)

    def call(memory):
        backward(at.losses(), MGDA(), task=at.owners, memory=memory)

    least = least_memory(call)
    used = [beyond(at.losses, partial(call, memory), [*at.shared, at.heads]) for memory in (None, 2 * least, least)]
    assert used[0] > 1.5 * used[1] > 1.5 * used[2]


def test_too_little_memory_says_what_is_enough():
    net, x, _ = network("mlp")
    with pytest.raises(ValueError, match=rf"`memory` must be at least \d+ bytes for the gradients of these {K} tasks"):
        backward(net.shared_losses(x), MGDA(), task=net, memory=10)
    assert all(p.grad is None for p in net.parameters())


def test_a_step_that_measures_rows_holds_no_more_than_one_that_does_not():
    at = problem(lambda: mlp(16, 64, 3), 16, 20, 32, separable=True)

    def step():
        at.clear()
        backward(at.losses(), MGDA(), task=at.owners, rows=at.rows)

    second, fourth, sixth = (live_bytes(step) for _ in range(3))  # each calls twice; the sixth call measures nothing
    assert max(second, fourth) <= 1.05 * sixth

"""What exact task gradients cost: time of a step over that of the plain sum, `python -m benchmarks.step_cost`.

The solver is left out: every method below computes the Gramian (a peer that needs none is spared it) and takes equal
weights. The plain step is one forward and one backward pass of the sum, on the same network, batch and vectorised
heads. Live bytes are those of tensors that a step holds at once; for shared rows they are what our step needs beyond
the plain one, over 4 K N max(H) floats, with H the entries of an activation per row.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torchjd import autojac
from torchjd.aggregation import Mean as PeerMean
from torchjd.autogram import Engine

from benchmarks._networks import Problem, Tokens, images, mlp, problem
from benchmarks._rows import Row, main, measured, paired
from sharewise.gradients import Mean, backward

MLP = (  # tasks, rows, separable, target
    (10, 32, True, 1.6),
    (40, 32, True, 2.0),
    (100, 16, True, 2.8),
    (10, 64, False, 4.6),
    (10, 256, False, 6.0),
    (40, 64, False, 16.0),
)
OTHERS: tuple[tuple[str, Callable[[], nn.Module], int], ...] = (
    ("small convolutional network", images, 256),
    ("small transformer", Tokens, 16),
)


def plain(at: Problem) -> None:
    at.clear()
    at.losses().sum().backward()


def ours(at: Problem, method: Mean) -> None:
    at.clear()
    backward(at.losses(), method, task=at.owners, rows=at.rows)


def loop(at: Problem) -> None:
    """One pass of `torch.autograd.grad` for each task."""
    at.clear()
    losses, shared = at.losses(), at.shared
    rows = [torch.autograd.grad(loss, shared, retain_graph=True) for loss in losses]
    jacobian = torch.stack([torch.cat([part.flatten() for part in row]) for row in rows])
    gramian = jacobian @ jacobian.T
    update = torch.full((1, len(gramian)), 1 / len(gramian)) @ jacobian
    for p, part in zip(shared, update[0].split([p.numel() for p in shared]), strict=True):
        p.grad = part.view_as(p)
    losses.sum().backward(inputs=[at.heads])


def autojac_step(at: Problem) -> None:
    at.clear()
    losses, shared = at.losses(), at.shared
    autojac.backward(losses, inputs=shared, retain_graph=True)
    autojac.jac_to_grad(shared, PeerMean())
    losses.sum().backward(inputs=[at.heads])


def autogram_step(at: Problem, engine: Engine) -> None:
    at.clear()
    losses = at.losses()
    gramian = engine.compute_gramian(losses)
    losses.backward(torch.full((len(gramian),), 1 / len(gramian)))


@contextmanager
def quiet() -> Iterator[None]:
    """The profiler writes its own lines to the error stream."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def widest(at: Problem) -> int:
    """Most entries per row among the outputs of modules."""
    sizes = [1]

    def note(_: object, __: object, out: object) -> None:
        if isinstance(out, Tensor):
            sizes.append(out.numel() // len(at.x))

    hooks = [module.register_forward_hook(note) for module in at.trunk.modules()]
    with torch.no_grad():
        at.losses()
    for hook in hooks:
        hook.remove()
    return max(sizes)


def live_bytes(action: Callable[[], object]) -> int:
    """Most bytes of tensors alive at once beyond those alive before."""
    action()
    with quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        action()
    events = seen.profiler.kineto_results.events()  # type: ignore[union-attr]  # set once the profile has ended
    changes = sorted((event.start_ns(), event.nbytes()) for event in events if event.name() == "[memory]")
    level = peak = 0
    for _, change in changes:
        level += change
        peak = max(peak, level)
    return peak


def label(network: str, tasks: int, rows: int, separable: bool) -> str:
    return f"{network}: {'separable' if separable else 'shared rows'}, {tasks} x {rows}"


def row(name: str, at: Problem, target: float | None = None, rounds: int = 31) -> Row:
    ratio = partial(paired, partial(ours, at, Mean()), partial(plain, at), rounds=rounds)
    return measured(name, ratio, target=target, lower_is_better=True)


def memory(name: str, at: Problem) -> Row:
    mine, sum_ = live_bytes(partial(ours, at, Mean())), live_bytes(partial(plain, at))
    if at.rows is not None:
        return Row(f"{name}: live bytes", mine / sum_, 1.7 if name.startswith("MLP") else None, True, mine / 2**20)
    allowed = 4 * len(at.heads) * len(at.x) * widest(at) * 4
    return Row(f"{name}: live bytes beyond plain", (mine - sum_) / allowed, 1.0, True, mine / 2**20)


def peers(name: str, make: Callable[[], Problem], rounds: int = 3) -> Iterator[Row]:
    at = make()
    yield measured(f"{name}: loop over tasks", partial(paired, partial(loop, at), partial(plain, at), rounds=rounds))
    ratio = partial(paired, partial(ours, at, Mean()), partial(loop, at), rounds=rounds)
    yield measured(f"{name}: ours over the loop", ratio, lower_is_better=True)
    yield measured(f"{name}: torchjd autojac", partial(paired, partial(autojac_step, at), partial(plain, at), rounds=3))
    hooked, at = make(), make()
    step = partial(autogram_step, hooked, Engine(hooked.trunk, batch_dim=None))
    yield measured(f"{name}: torchjd autogram", partial(paired, step, partial(plain, at), rounds=3))


def rows() -> Iterator[Row]:
    for tasks, count, separable, target in MLP:
        name = label("MLP", tasks, count, separable)
        make = partial(problem, mlp, 128, tasks, count, separable=separable)
        yield row(name, make(), target)
        yield memory(name, make())
        yield from peers(name, make)
    for network, trunk, inputs in OTHERS:
        for tasks, count, separable in ((10, 16, True), (10, 32, False)):
            name = label(network, tasks, count, separable)
            make = partial(problem, trunk, inputs, tasks, count, separable=separable)
            yield row(name, make(), rounds=11)
            yield memory(name, make())
            yield from peers(name, make, rounds=11)
    for tasks in (10, 100, 300, 1000):
        for count, separable in ((4, True), (16, False)):
            name = label("MLP, growth", tasks, count, separable)
            yield row(name, problem(mlp, 128, tasks, count, separable=separable), rounds=5)


if __name__ == "__main__":
    main("Time of a step over that of the plain sum (one thread)", rows)

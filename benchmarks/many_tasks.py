"""Cost of many tasks against a loop over tasks: `python -m benchmarks.many_tasks`.

Forward and backward. The loop form is what most multi-task libraries do: a `ModuleList` of heads, of experts and of
gates, and a loss for each task in a Python loop. Both are timed in turns in one process. At 10,000 tasks (*) the loop
is taken to need ten times what it needs for 1,000.
"""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks._rows import Action, Row, main, measured, paired
from sharewise._core import Batch
from sharewise.models import Heads, Model, MultiTask, StackedLinear, mmoe, soften, to_mean
from sharewise.tasks import Binary, Criterion, Task
from sharewise.training import TaskChunks

ROWS, FEATURES, WIDTH, EXPERTS = 256, 64, 32, 8
TASKS = (10, 100, 1_000, 10_000)
LARGEST_LOOP = 1_000
AT_ONCE = 500  # tasks in a chunk
HEADS_TARGET, MMOE_TARGET = 20.0, 5.0
LEAST = 0.1  # shorter timings than the system's time slices favour one side on a busy machine


def _heads(tasks: int, features: int) -> Heads:
    return Heads(features, {"binary": [1] * tasks}, {"binary": range(tasks)})


def _criterion(tasks: int) -> Criterion:
    return Criterion([Task(str(k), Binary()) for k in range(tasks)])


def _step(model: nn.Module, loss: Callable[[], Tensor]) -> None:
    for parameter in model.parameters():
        parameter.grad = None
    loss().backward()


Data = tuple[Tensor, Tensor, Tensor | None]


def _data(tasks: int, missing: float = 0.0) -> Data:
    """Inputs, labels of all tasks, and which of them exist."""
    labels = torch.randint(2, (ROWS, tasks)).float()
    return torch.randn(ROWS, FEATURES), labels, torch.rand(ROWS, tasks) >= missing if missing else None


def _looped_losses(outputs: list[Tensor], labels: Tensor, observed: Tensor | None) -> Tensor:
    losses = []
    for k, output in enumerate(outputs):
        rows = slice(None) if observed is None else observed[:, k]
        losses.append(functional.binary_cross_entropy_with_logits(output[rows, 0], labels[rows, k]))
    return torch.stack(losses).sum()


class LoopHeads(nn.Module):
    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(FEATURES, 1) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [head(x) for head in self.heads]


class LoopMMoE(nn.Module):
    """Experts, gates and heads as a list each."""

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(FEATURES, WIDTH), nn.ReLU()) for _ in range(EXPERTS))
        self.gates = nn.ModuleList(nn.Linear(FEATURES, EXPERTS) for _ in range(tasks))
        self.heads = nn.ModuleList(nn.Linear(WIDTH, 1) for _ in range(tasks))

    def forward(self, x: Tensor) -> list[Tensor]:
        experts = torch.stack([expert(x) for expert in self.experts], 1)
        outputs = []
        for gate, head in zip(self.gates, self.heads, strict=True):
            weights = gate(x).softmax(1).unsqueeze(1)
            outputs.append(head((weights @ experts).squeeze(1)))
        return outputs


def _dense(model: nn.Module, tasks: int, x: Tensor, labels: Tensor, observed: Tensor | None) -> Action:
    criterion, batch = _criterion(tasks), Batch(x, {"binary": labels}, observed)
    return lambda: _step(model, lambda: criterion(model(x), batch).mean().sum())


def _looped(model: nn.Module, x: Tensor, labels: Tensor, observed: Tensor | None) -> Action:
    return lambda: _step(model, lambda: _looped_losses(model(x), labels, observed))


def _expert(features: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, WIDTH), nn.ReLU())


def heads(tasks: int, missing: float = 0.0) -> tuple[Action, Action]:
    """Linear heads and losses."""
    data = _data(tasks, missing)
    return _dense(_heads(tasks, FEATURES), tasks, *data), _looped(LoopHeads(tasks), *data)


def experts(tasks: int) -> tuple[Action, Action]:
    """MMoE with 8 experts, all tasks on shared rows."""
    data = _data(tasks)
    return _dense(mmoe(_expert, FEATURES, _heads(tasks, WIDTH)), tasks, *data), _looped(LoopMMoE(tasks), *data)


def mixed(tasks: int) -> tuple[Action, Action]:
    """MMoE on rows that each belong to one task; the loop goes over the tasks of the batch."""
    x, labels, task = torch.randn(ROWS, FEATURES), torch.randint(2, (ROWS,)).float(), torch.randint(tasks, (ROWS,))
    model, loop, criterion = mmoe(_expert, FEATURES, _heads(tasks, WIDTH)), LoopMMoE(tasks), _criterion(tasks)
    batch = Batch(x, {"binary": labels}, task=task)

    def looped() -> Tensor:
        losses = []
        hidden = torch.stack([expert(x) for expert in loop.experts], 1)
        for k in task.unique().tolist():
            rows = (task == k).nonzero().flatten()
            weights = loop.gates[k](x[rows]).softmax(1).unsqueeze(1)
            out = loop.heads[k]((weights @ hidden[rows]).squeeze(1))[:, 0]
            losses.append(functional.binary_cross_entropy_with_logits(out, labels[rows]))
        return torch.stack(losses).sum()

    ours = partial(_step, model, lambda: criterion(model(x, task), batch).mean().sum())
    return ours, partial(_step, loop, looped)


def soft(tasks: int) -> tuple[Action, Action]:
    """A layer and a head for each task, drawn to their mean."""
    x, labels, observed = _data(tasks)
    layers, ours_heads = StackedLinear(tasks, FEATURES, 16), _heads(tasks, 16)
    model, criterion = nn.ModuleList([layers, ours_heads]), _criterion(tasks)
    batch = Batch(x, {"binary": labels}, observed)
    loop = nn.ModuleList(nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU(), nn.Linear(16, 1)) for _ in range(tasks))

    def stacked() -> Tensor:
        fit = criterion(ours_heads.each(torch.relu(layers(x))), batch).mean().sum()
        return fit + 0.01 * soften(layers, to_mean)

    def looped() -> Tensor:
        fit = _looped_losses([network(x) for network in loop], labels, observed)
        weights = [[network[0].weight, network[0].bias] for network in loop]
        means = [torch.stack(each).mean(0) for each in zip(*weights, strict=True)]
        pulls = [(w - m).square().sum() for each in weights for w, m in zip(each, means, strict=True)]
        return fit + 0.01 * torch.stack(pulls).sum()

    return partial(_step, model, stacked), partial(_step, loop, looped)


CASES = {
    "heads and losses": (heads, HEADS_TARGET),
    "heads and losses, a fifth of the labels missing": (partial(heads, missing=0.2), HEADS_TARGET),
    "MMoE, 8 experts": (experts, MMOE_TARGET),
    "MMoE, rows of mixed tasks": (mixed, MMOE_TARGET),
    "soft sharing": (soft, None),
}


def _speed(case: Callable[[int], tuple[Action, Action]], tasks: int) -> float:
    torch.manual_seed(0)
    ours, loop = case(tasks)
    return 1 / paired(ours, loop, rounds=5, least=LEAST)


def _seconds(case: Callable[[int], tuple[Action, Action]], tasks: int) -> float:
    """Ours at the largest number of tasks, against ten times the loop at a tenth of them."""
    torch.manual_seed(0)
    ours, loop = case(tasks)[0], case(tasks // 10)[1]
    return 10 / paired(ours, loop, rounds=5, least=LEAST)


def _in_chunks(model: Model, tasks: int, x: Tensor, labels: Tensor, observed: Tensor | None) -> Action:
    chunks = TaskChunks(model, [Task(str(k), Binary()) for k in range(tasks)], AT_ONCE)
    batch = Batch(x, {"binary": labels}, observed)
    return lambda: _step(model, lambda: chunks(batch).mean().sum())


def _large(case: str) -> tuple[Model, Data]:
    torch.manual_seed(0)
    data, tasks = _data(TASKS[-1]), TASKS[-1]
    if case == "heads":
        return MultiTask(nn.Identity(), _heads(tasks, FEATURES)), data
    return mmoe(_expert, FEATURES, _heads(tasks, WIDTH)), data


def memory(case: str, *, chunks: bool) -> float:
    """One step of 10,000 tasks, for its memory."""
    model, data = _large(case)
    (_in_chunks if chunks else _dense)(model, TASKS[-1], *data)()
    return 1.0


def chunked(case: str) -> float:
    """10,000 tasks in chunks against ten steps of the loop at 1,000."""
    model, data = _large(case)
    ours, loop = _in_chunks(model, TASKS[-1], *data), (heads if case == "heads" else experts)(TASKS[-2])[1]
    return 10 / paired(ours, loop, rounds=3, least=0.01)


def rows() -> Iterator[Row]:
    """Each case at each number of tasks."""
    for name, (case, target) in CASES.items():
        for tasks in TASKS:
            whole = tasks <= LARGEST_LOOP
            label = f"{name}, {tasks:,} tasks" + ("" if whole else " *")
            goal = target if tasks == LARGEST_LOOP else None
            yield measured(label, partial(_speed if whole else _seconds, case, tasks), target=goal)
    for name in ("heads", "MMoE"):
        label = f"{name}, 10,000 tasks, {AT_ONCE} at a time"
        yield measured(f"{label} (one step, for its memory)", partial(memory, name, chunks=True))
        yield measured(f"{name}, 10,000 tasks at once (likewise)", partial(memory, name, chunks=False))
        yield measured(f"{label} *", partial(chunked, name))


if __name__ == "__main__":
    main("times faster than a loop over tasks (forward and backward, 256 rows)", rows)

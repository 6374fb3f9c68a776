"""Made data with a planted reason why sharing hurts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sharewise._core import ROLES, Batch, Split
from sharewise.mixing._seeds import seeded
from sharewise.mixing._tensors import Tensors
from sharewise.tasks import Custom, Kind, Regression, Task, kind_index, r2

FEATURES = 8
DENSE = (400, 200, 400, 400)  # rows in the roles train, valid, select, test, where all tasks share them
HELD_OUT = (100, 400, 400)  # rows of each task in valid, select, test, where it has rows of its own
FEW = 20  # training rows of the smallest task, where sizes differ
NOISY = 60  # training labels of a noisy task
_NOISE, _SIGNAL = 0.05, 0.3

Floats: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True)
class ScaledError:
    """The squared error times a number: a loss in other units.

    Example:
        >>> ScaledError(100.0)(torch.tensor([[1.0]]), torch.tensor([3.0]))
        tensor([400.])
    """

    scale: float

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Outputs [..., 1] and targets [...] to [...]."""
        return self.scale * (outputs.squeeze(-1) - targets).square()


def planted(
    seed: int = 0,
    *,
    tasks: int = 3,
    units: int = 4,
    scale: float = 1.0,
    opposite: bool = False,
    ratio: int = 1,
    noisy: int = 0,
) -> Tensors:
    """Made data whose tasks hurt each other for a known reason, or for none.

    Every clean task is the sum of `units` random ReLU units of eight standard normal features, each task with units of
    its own, standardised, with noise of deviation 0.05. A network with one hidden layer of `units` can express one
    task, so a shared one needs `tasks * units`. The truth, by what is asked for:

    - a network narrower than `tasks * units`: **too small**. Widening cures it, no weights do.
    - `scale` far from 1: the losses of all tasks but the first are in units that much larger: the first is drowned
      (**optimisation**). Weights cure it.
    - `opposite`: each second task wants the negative of the task before it, for the same inputs. **Contradictory**, if
      the network shares its heads too (`full` sharing); with a head for each task there is no harm.
    - `ratio` above 1: rows belong to one task each, 20 training rows to the first and `ratio` times as many to the
      others, so that a batch in proportion to sizes hardly ever sees the first (**unbalanced**).
    - `noisy`: that many further tasks with 60 training labels each, mostly noise. Such a task overfits long before many
      clean ones are learnt, and a joint network that stops for the mean of all stops too late for it
      (**overfitting**).
    - none of these, and a network wide enough: no harm.

    The split is given and the same for all replicates: replicates differ in initial numbers and the order of rows.

    Args:
        seed: of everything.
        tasks: clean tasks, `task 0`, `task 1`, ...
        units: of each of their functions.
        scale: of the losses of all tasks but the first.
        opposite: every second task is the negative of the one before.
        ratio: of the training rows of all other tasks to those of the first.
        noisy: further tasks `noise 0`, ...

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> data = planted(tasks=2, ratio=1000)
        >>> data.label_counts(data.split(0))["task 0"]["train"], data.label_counts(data.split(0))["task 1"]["train"]
        (20, 20000)
    """
    if min(tasks, units, ratio) < 1 or noisy < 0 or not scale > 0:
        raise ValueError(
            "`tasks`, `units` and `ratio` must be at least 1, `scale` positive and `noisy` at least 0, got "
            f"`{tasks=}`, `{units=}`, `{ratio=}`, `{scale=}`, `{noisy=}`."
        )
    draw = np.random.default_rng(int(torch.randint(2**31, (1,), generator=seeded("planted", seed))))
    truth = [_Function.draw(draw, units) for _ in range(tasks)]
    if opposite:
        truth = [truth[place - place % 2].times(-1.0 if place % 2 else 1.0) for place in range(tasks)]
    truth += [_Function.draw(draw, 1).times(_SIGNAL) for _ in range(noisy)]
    noises = [_NOISE] * tasks + [1.0] * noisy
    named = _tasks(tasks, scale, noisy)
    if ratio == 1:
        return _dense(draw, truth, noises, named, noisy)
    sizes = [FEW] + [FEW * ratio] * (tasks - 1) + [NOISY] * noisy
    return _apart(draw, truth, noises, named, sizes)


@final
@dataclass(frozen=True)
class _Function:
    """A sum of ReLU units with mean 0 and variance 1 over standard normal inputs, times a factor."""

    weight: Floats
    bias: Floats
    out: Floats
    centre: float
    factor: float

    @staticmethod
    def draw(draw: np.random.Generator, units: int) -> "_Function":
        weight = draw.normal(size=(units, FEATURES))
        weight /= np.linalg.norm(weight, axis=1, keepdims=True)
        out = draw.choice([-1.0, 1.0], units) * draw.uniform(0.7, 1.3, units)
        plain = _Function(weight, 0.5 * draw.normal(size=units), out, 0.0, 1.0)
        values = plain(draw.normal(size=(5000, FEATURES)))
        return _Function(plain.weight, plain.bias, plain.out, float(values.mean()), float(1 / values.std()))

    def times(self, factor: float) -> "_Function":
        return _Function(self.weight, self.bias, self.out, self.centre, factor * self.factor)

    def __call__(self, x: Floats) -> Floats:
        return self.factor * (np.maximum(x @ self.weight.T + self.bias, 0) @ self.out - self.centre)


def _tasks(clean: int, scale: float, noisy: int) -> list[Task]:
    other: Kind = Regression()
    if scale != 1:
        other = Custom("scaled", 1, loss_function=ScaledError(scale), metrics_default=(r2,))
    kinds = [Regression(), *[other] * (clean - 1), *[other] * noisy]
    names = [*(f"task {place}" for place in range(clean)), *(f"noise {place}" for place in range(noisy))]
    return [Task(name, kind) for name, kind in zip(names, kinds, strict=True)]


def _dense(
    draw: np.random.Generator, truth: Sequence[_Function], noises: Sequence[float], tasks: Sequence[Task], noisy: int
) -> Tensors:
    rows = sum(DENSE)
    x = draw.normal(size=(rows, FEATURES))
    labels = [each(x) + noise * draw.normal(size=rows) for each, noise in zip(truth, noises, strict=True)]
    observed = torch.ones(rows, len(tasks), dtype=torch.bool)
    if noisy:
        observed[NOISY : DENSE[0], -noisy:] = False
    targets = {key: _column(labels, index) for key, index in kind_index(tasks).items()}
    split = Split(*torch.arange(rows).split_with_sizes(list(DENSE)))
    batch = Batch(torch.from_numpy(x).float(), targets, observed if noisy else None)
    return Tensors(batch, tasks, name="planted", split=split)


def _column(labels: Sequence[Floats], index: Tensor) -> Tensor:
    return torch.from_numpy(np.stack([labels[place] for place in index.tolist()], 1)).float()


def _apart(
    draw: np.random.Generator,
    truth: Sequence[_Function],
    noises: Sequence[float],
    tasks: Sequence[Task],
    sizes: Sequence[int],
) -> Tensors:
    """Rows of one task each."""
    counts = [(size, *HELD_OUT) for size in sizes]
    totals = [sum(each) for each in counts]
    x = draw.normal(size=(sum(totals), FEATURES))
    parts = np.split(x, np.cumsum(totals)[:-1])
    labels = np.concatenate(
        [
            each(part) + noise * draw.normal(size=len(part))
            for each, noise, part in zip(truth, noises, parts, strict=True)
        ]
    )
    task = torch.repeat_interleave(torch.tensor(totals))
    values = torch.from_numpy(labels).float()
    targets = {key: values.where(torch.isin(task, index), 0) for key, index in kind_index(tasks).items()}
    role = torch.cat([torch.repeat_interleave(torch.tensor(each)) for each in counts])
    split = Split(*((role == place).nonzero().flatten() for place in range(len(ROLES))))
    return Tensors(Batch(torch.from_numpy(x).float(), targets, task=task), tasks, name="planted", split=split)

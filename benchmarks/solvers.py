"""Time of the exact batched solvers against loops over quadprog and scipy, and against torchjd.

`python -m benchmarks.solvers [--json FILE]`, one to two minutes. Gramians of K tasks with 3 K parameters, float64, one
thread. The references are given numpy arrays; what they cost besides to come from a device and to go back is not
counted.

Targets: half of the time where arithmetic and not the number of calls decides, which is so for K of 40 and more, for
UPGrad (K programmes at once) from 100 on, and for populations. Single small programmes have none: there torch's calls
cost up to 90 times the arithmetic of a compiled solver, about a millisecond. torchjd's CAGrad and NashMTL need a
modelling language and are not compared; its projections call quadprog here without the package between, which they
would need.
"""

from collections.abc import Iterator

import numpy as np
import quadprog
import torch
from scipy.optimize import minimize, nnls
from torch import Tensor
from torchjd import aggregation as peer
from torchjd.linalg import DualConeProjector

from benchmarks._rows import Action, Row, main, measured, paired
from sharewise import gradients
from sharewise._core import Weighting

SIZES = (2, 10, 40, 100, 200)
RIDGE = 1e-10  # quadprog needs a positive definite matrix


def gramian(tasks: int, models: int = 1) -> Tensor:
    rows = torch.randn(models, tasks, 3 * tasks, generator=torch.Generator().manual_seed(tasks), dtype=torch.float64)
    return (rows @ rows.mT).squeeze(0)


def shortest(gram: np.ndarray) -> np.ndarray:
    tasks = len(gram)
    sides = np.column_stack([np.ones(tasks), np.eye(tasks)])
    return quadprog.solve_qp(gram, np.zeros(tasks), sides, np.eye(tasks + 1)[0], meq=1)[0]


def project(gram: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return quadprog.solve_qp(gram, np.zeros(len(gram)), np.eye(len(gram)), wanted)[0]


def project_by_nnls(root: np.ndarray) -> np.ndarray:
    """The same projection as least squares with weights of one and more: G = root' root."""
    return nnls(root, -root.sum(1))[0] + 1


def project_each(gram: np.ndarray) -> np.ndarray:
    return sum(project(gram, row) for row in np.eye(len(gram)))


def conflict_averse(gram: np.ndarray, c: float = 0.4) -> np.ndarray:
    """The official code's way: SLSQP on the dual, without its gradient."""
    linear, size = gram.mean(1), c * np.sqrt(gram.mean())

    def value(w: np.ndarray) -> float:
        return float(w @ linear + size * np.sqrt(w @ gram @ w + 1e-8))

    start = np.full(len(gram), 1 / len(gram))
    simplex = {"type": "eq", "fun": lambda w: 1 - w.sum()}
    return minimize(value, start, bounds=[(0, 1)] * len(gram), constraints=simplex).x


class Projector(DualConeProjector):
    """torchjd's projection by quadprog, called directly."""

    def __call__(self, U: Tensor, G: Tensor) -> Tensor:  # noqa: N803 - torchjd's names
        gram = G.numpy()
        return torch.tensor(np.apply_along_axis(lambda wanted: project(gram, wanted), -1, U.numpy()))


def ours(method: Weighting, gram: Tensor) -> Action:
    present = torch.ones(gram.shape[:-1], dtype=torch.bool)
    return lambda: method(gram, present)


def compare(case: str, mine: Action, reference: Action, *, target: float | None, slow: bool = False) -> Row:
    rounds = 3 if slow else 11
    return measured(case, lambda: paired(mine, reference, rounds=rounds), target=target, lower_is_better=True)


def against_programmes(tasks: int) -> Iterator[Row]:
    gram = gramian(tasks)
    array = gram.numpy() + RIDGE * np.trace(gram.numpy()) * np.eye(tasks)
    # a single small programme costs torch's calls more than its arithmetic: no target there
    yield compare(f"MGDA to quadprog, K = {tasks}", ours(gradients.MGDA(), gram), lambda: shortest(array), target=None)
    yield compare(
        f"DualProj to quadprog, K = {tasks}",
        ours(gradients.DualProj(), gram),
        lambda: project(array, np.ones(tasks)),
        target=None,
    )
    root = np.linalg.cholesky(array).T
    yield compare(
        f"DualProj to scipy's nnls, K = {tasks}",
        ours(gradients.DualProj(), gram),
        lambda: project_by_nnls(root),
        target=None,
    )
    yield compare(
        f"UPGrad to a quadprog loop, K = {tasks}",
        ours(gradients.UPGrad(), gram),
        lambda: project_each(array),
        target=0.5 if tasks >= 100 else None,
        slow=tasks >= 100,
    )
    if tasks <= 100:
        yield compare(
            f"CAGrad to SLSQP, K = {tasks}",
            ours(gradients.CAGrad(), gram),
            lambda: conflict_averse(array),
            target=0.5 if tasks >= 40 else None,
            slow=tasks >= 40,
        )


def against_torchjd(tasks: int) -> Iterator[Row]:
    gram = gramian(tasks)
    pairs = [
        (gradients.MGDA(), peer.MGDAWeighting()),
        (gradients.UPGrad(), peer.UPGradWeighting(projector=Projector())),
        (gradients.DualProj(), peer.DualProjWeighting(projector=Projector())),
        (gradients.FairGrad(), peer.FairGradWeighting(1.0)),
        (gradients.IMTLG(), peer.IMTLGWeighting()),
        (gradients.AlignedMTL(), peer.AlignedMTLWeighting()),
        (gradients.PCGrad(), peer.PCGradWeighting()),
        (gradients.GradVac(tasks), peer.GradVacWeighting()),
    ]
    for mine, theirs in pairs:
        name = type(mine).__name__
        slow = name in ("FairGrad", "PCGrad", "GradVac") and tasks >= 100
        goal = 0.5 if name in ("FairGrad", "PCGrad", "GradVac") and tasks >= 40 else None
        case = f"{name} to torchjd, K = {tasks}"
        yield compare(case, ours(mine, gram), lambda: theirs(gram), target=goal, slow=slow)  # noqa: B023 - called now


def populations(models: int, tasks: int) -> Iterator[Row]:
    grams = gramian(tasks, models)
    for method in (gradients.MGDA(), gradients.UPGrad(), gradients.NashMTL(), gradients.CAGrad()):
        alone = [ours(method, gram) for gram in grams]
        case = f"{type(method).__name__} of {models} models to one by one, K = {tasks}"
        yield compare(case, ours(method, grams), lambda: [one() for one in alone], target=0.5)  # noqa: B023 - called now


def rows() -> Iterator[Row]:
    for tasks in SIZES:
        yield from against_programmes(tasks)
        yield from against_torchjd(tasks)
    yield from populations(32, 10)


if __name__ == "__main__":
    main("Time of our solver / time of the reference", rows)

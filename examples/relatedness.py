"""What should be shared depends on how tasks are related: made-up tasks of four kinds, six forms of sharing, a plot.

Eight linear tasks with few rows each; the true weights are known, so errors are exact. Strengths of penalties are
chosen on validation rows, as anybody would. Separate weights are drawn to zero, since with so few rows they must be.

python examples/relatedness.py
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from sharewise.mixing import around_centres, in_subspaces
from sharewise.models import Factorised, StackedLinear, laplacian, nuclear, to_mean

TASKS, FEATURES, ROWS, NOISE = 8, 20, 24, 0.5
STRENGTHS = (0.03, 0.1, 0.5, 3.0)
Weights = Callable[[], Tensor]


def one_subspace(draw: torch.Generator) -> Tensor:
    """Every task is a mixture of the same two directions."""
    return in_subspaces(torch.ones(TASKS, 1), FEATURES, 2, draw)


def unrelated(draw: torch.Generator) -> Tensor:
    """Every task has a direction of its own."""
    return torch.randn(TASKS, FEATURES, generator=draw)


def contradictory(draw: torch.Generator) -> Tensor:
    """One direction; half of the tasks say the opposite of the others."""
    return torch.tensor([1.0, -1.0]).repeat(TASKS // 2).unsqueeze(1) * torch.randn(FEATURES, generator=draw)


def two_clusters(draw: torch.Generator) -> Tensor:
    """Four tasks are alike, and so are the four others."""
    return around_centres(torch.eye(2).repeat_interleave(TASKS // 2, 0), FEATURES, 0.3, draw)


WORLDS = (one_subspace, unrelated, contradictory, two_clusters)
FRIENDS = torch.block_diag(torch.ones(4, 4), torch.ones(4, 4))  # the clusters, if somebody knows them


def separate() -> tuple[nn.Module, Weights]:
    """Weights of its own for each task."""
    layer = StackedLinear(TASKS, FEATURES, 1, bias=False)
    return layer, lambda: layer.weight


def pooled() -> tuple[nn.Module, Weights]:
    """One set of weights: the model is not told the task."""
    layer = StackedLinear(1, FEATURES, 1, bias=False)
    return layer, lambda: layer.weight.expand(TASKS, 1, FEATURES)


def bottleneck() -> tuple[nn.Module, Weights]:
    """Two features for all tasks and a head for each: hard sharing."""
    layer = Factorised(TASKS, FEATURES, 1, rank=2)
    return layer, layer.weight


FORMS: dict[str, tuple[Callable[[], tuple[nn.Module, Weights]], Callable[[Tensor], Tensor] | None]] = {
    "separate": (separate, lambda w: w.square().sum()),
    "pooled": (pooled, None),
    "hard": (bottleneck, None),
    "soft: to the mean": (separate, to_mean),
    "soft: friends": (separate, partial(laplacian, graph=FRIENDS)),
    "soft: trace norm": (separate, nuclear),
}


def fit(form: str, strength: float, x: Tensor, y: Tensor) -> Tensor:
    """Weights [K, D] after training on rows x [K, n, D], y [K, n]."""
    torch.manual_seed(0)
    make, penalty = FORMS[form]
    module, weights = make()
    optimiser = torch.optim.LBFGS(module.parameters(), max_iter=40, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        w = weights()
        error = (torch.einsum("knd,kd->kn", x, w.squeeze(1)) - y).square().mean(1).sum()
        total = error if penalty is None else error + strength * penalty(w)
        total.backward()
        return total

    optimiser.step(loss)
    return weights().detach().squeeze(1)


def tuned(form: str, truth: Tensor, draw: torch.Generator) -> float:
    """Relative error of a form whose strength was chosen on validation rows: 0 is perfect, 1 is no better than zero."""
    x = torch.randn(2, TASKS, ROWS, FEATURES, generator=draw)
    noise = NOISE * truth.norm() / TASKS**0.5 * torch.randn(2, TASKS, ROWS, generator=draw)
    y = torch.einsum("rknd,kd->rkn", x, truth) + noise
    strengths = (0.0,) if FORMS[form][1] is None else STRENGTHS
    fitted = [fit(form, strength, x[0], y[0]) for strength in strengths]
    best = min(fitted, key=lambda w: (torch.einsum("knd,kd->kn", x[1], w) - y[1]).square().mean())
    return float((best - truth).square().sum() / truth.square().sum())


def plot(errors: dict[str, dict[str, float]], path: Path) -> None:
    """A group of bars for each world."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    for at, form in enumerate(FORMS):
        places = [world + (at - len(FORMS) / 2) / (len(FORMS) + 2) for world in range(len(errors))]
        axes.bar(places, [found[form] for found in errors.values()], 1 / (len(FORMS) + 2), label=form)
    axes.set_xticks(range(len(errors)), list(errors))
    axes.set_ylabel("relative error of the weights")
    axes.set_ylim(0, 1.6)
    axes.legend(ncols=3, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(repeats: int = 10, *, out: str = "runs/relatedness.png") -> dict[str, dict[str, float]]:
    """Mean errors: world -> form -> relative error; takes some seconds."""
    errors: dict[str, dict[str, float]] = {}
    for world in WORLDS:
        name = world.__name__.replace("_", " ")
        errors[name] = {}
        for form in FORMS:
            found = []
            for repeat in range(repeats):
                draw = torch.Generator().manual_seed(repeat)
                found.append(tuned(form, world(draw), draw))
            errors[name][form] = sum(found) / repeats
        ranked = sorted(errors[name].items(), key=lambda each: each[1])
        print(f"{name:14}", "  ".join(f"{form} {error:.2f}" for form, error in ranked))
    plot(errors, Path(out))
    print(out)
    return errors


if __name__ == "__main__":
    main()

"""Fronts of compromises: linear weights reach all of a convex front, but only the ends of a concave one.

python examples/fronts.py

Twenty-one preferences are trained together as twenty-one models in one call, by the weighted sum, and by the worst
weighted task in its smooth form (smooth Tchebycheff, Lin et al. 2024).
"""

from collections.abc import Callable
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from sharewise._core import Objective
from sharewise.gradients import backward
from sharewise.objectives import STCH, Weighted

PARAMETERS = 10
CENTRE = torch.full((PARAMETERS,), PARAMETERS**-0.5)  # of length 1


def convex(x: Tensor) -> Tensor:
    """Squared distances to two points: [*, P] to [*, 2]."""
    return torch.stack([(x - CENTRE).square().sum(-1), (x + CENTRE).square().sum(-1)], -1) / 4


def concave(x: Tensor) -> Tensor:
    """The problem of Fonseca and Fleming (1995): the same distances behind a bell curve."""
    return 1 - torch.exp(-4 * convex(x))


PROBLEMS: dict[str, Callable[[Tensor], Tensor]] = {"convex front": convex, "concave front": concave}


def front(problem: Callable[[Tensor], Tensor], points: int = 200) -> Tensor:
    """The true front: the losses on the line between both points, [points, 2]."""
    return problem(torch.linspace(-1, 1, points).unsqueeze(1) * CENTRE)


def train(problem: Callable[[Tensor], Tensor], objective: Objective, models: int, steps: int) -> Tensor:
    """Losses [M, 2] at the end, from random starts, the same for each objective."""
    x = torch.randn(models, PARAMETERS, generator=torch.Generator().manual_seed(0)).mul_(0.3).requires_grad_()
    optimiser = torch.optim.Adam([x], lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        optimiser.zero_grad()
        backward(problem(x), objective)
        optimiser.step()
        schedule.step()
    return problem(x).detach()


def objectives(models: int) -> dict[str, Objective]:
    """Weighted sum and smooth Tchebycheff, each with a preference for each model."""
    first = torch.linspace(0.02, 0.98, models)
    preference = torch.stack([first, 1 - first], 1)
    return {"weighted sum": Weighted(preference), "Tchebycheff": STCH((models, 2), mu=0.01, preference=preference)}


def draw(axes: Axes, name: str, problem: Callable[[Tensor], Tensor], found: dict[str, Tensor]) -> None:
    """The true front and where the preferences led."""
    axes.plot(*front(problem).T, color="0.75", linewidth=5, label="all best compromises")
    for (label, points), marker in zip(found.items(), ("x", "."), strict=True):
        axes.plot(*points.T, marker, label=label, markersize=8)
    axes.set(title=name, xlabel="loss of the first task", ylabel="loss of the second task")


def main(models: int = 21, steps: int = 800, out: str = "runs/fronts.png") -> dict[str, dict[str, Tensor]]:
    """Draw both fronts and return the losses [M, 2] that each objective reached on each of them."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    places = figure.subplots(1, len(PROBLEMS))
    found = {}
    for axes, (name, problem) in zip(places, PROBLEMS.items(), strict=True):
        made = objectives(models)
        found[name] = {label: train(problem, objective, models, steps) for label, objective in made.items()}
        draw(axes, name, problem, found[name])
    places[-1].legend()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=75, pil_kwargs={"optimize": True})
    return found


if __name__ == "__main__":
    main()

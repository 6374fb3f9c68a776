"""Tasks that were never trained: a model that is told what the task is answers for those in between, a plot.

Task z is y = sin(x + z). Eleven z are trained, with noise, by one network that is told z (FiLM) and has one head for
all. It is asked for other z: between the trained ones it must do well, since tasks change smoothly with z; beyond them
nothing says how they go on. The best that one could do without a description is to ask the network for the nearest
trained task.

python examples/zero_shot.py
"""

import math
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor

from sharewise.models import MLP, Conditioned, FiLM, SharedHeads

TRAINED = torch.linspace(0.0, 5.0, 11).unsqueeze(1)
NOISE, ROWS, STEPS = 0.1, 64, 1200


def truth(x: Tensor, z: Tensor) -> Tensor:
    """The task itself."""
    return torch.sin(x + z)


def build() -> Conditioned:
    """A network that is told z behind each of its two layers."""
    heads = SharedHeads(64, {"regression": 1}, {"regression": range(len(TRAINED))})
    places = {"layers.0": FiLM(64, 1), "layers.1": FiLM(64, 1)}
    return Conditioned(MLP(1, 64), places, TRAINED, heads)


def train(model: Conditioned, steps: int) -> None:
    """On new rows in each step, of the trained tasks only."""
    draw = torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 1e-2 * 0.5 * (1 + math.cos(math.pi * step / steps))
        x = 6 * torch.rand(ROWS, 1, generator=draw) - 3
        y = truth(x, TRAINED.T) + NOISE * torch.randn(ROWS, len(TRAINED), generator=draw)
        loss = (model(x)["regression"][..., 0] - y).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@torch.no_grad()
def ask(model: Conditioned, x: Tensor, z: float) -> Tensor:
    """Answers [N] for any task, at x [N, 1]."""
    return model.at(x, torch.full_like(x, z))["regression"][:, 0]


def errors(model: Conditioned, tasks: Tensor) -> dict[str, list[float]]:
    """Root mean squared errors for tasks [T]: told what they are, and as the nearest trained task."""
    x = torch.linspace(-3, 3, 200).unsqueeze(1)
    found: dict[str, list[float]] = {"told the task": [], "the nearest trained task": []}
    for z in tasks.tolist():
        nearest = TRAINED[(TRAINED - z).abs().argmin()].item()
        for each, told in zip(found.values(), (z, nearest), strict=True):
            each.append((ask(model, x, told) - truth(x[:, 0], torch.tensor(z))).square().mean().sqrt().item())
    return found


def plot(model: Conditioned, tasks: Tensor, found: dict[str, list[float]], path: Path) -> None:
    """Curves of three tasks that were never trained; errors over all tasks."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = torch.linspace(-3, 3, 200).unsqueeze(1)
    for z, colour in ((0.75, "C0"), (2.25, "C1"), (3.75, "C2")):
        left.plot(x[:, 0].tolist(), truth(x[:, 0], torch.tensor(z)).tolist(), color=colour, alpha=0.35, linewidth=5)
        left.plot(x[:, 0].tolist(), ask(model, x, z).tolist(), color=colour, label=f"z = {z}")
    left.set_title("never trained: answers on the truth (pale)")
    left.legend(frameon=False)
    for label, each in found.items():
        right.plot(tasks.tolist(), each, label=label)
    right.plot(TRAINED[:, 0].tolist(), [0.0] * len(TRAINED), "k|", markersize=12, label="trained")
    right.axhline(NOISE, color="grey", linestyle=":", label="noise of the rows")
    right.set_xlabel("z")
    right.set_title("root mean squared error")
    right.set_ylim(-0.03, 0.8)
    right.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main(steps: int = STEPS, *, out: str = "runs/zero_shot.png") -> dict[str, dict[str, float]]:
    """Mean errors between and beyond the trained tasks; takes some seconds."""
    torch.manual_seed(0)
    model = build()
    train(model, steps)
    tasks = torch.linspace(-1.5, 6.5, 161)
    found = errors(model, tasks)
    untrained = (tasks.unsqueeze(1) - TRAINED.T).abs().amin(1) > 0.1
    places = {
        "between": untrained & (tasks > 0) & (tasks < 5),
        "beyond": (tasks < -0.5) | (tasks > 5.5),
    }
    means = {
        place: {label: float(torch.tensor(each)[rows].mean()) for label, each in found.items()}
        for place, rows in places.items()
    }
    for place, row in means.items():
        print(f"{place:8}", "  ".join(f"{label} {error:.3f}" for label, error in row.items()))
    plot(model, tasks, found, Path(out))
    print(out)
    return means


if __name__ == "__main__":
    main()

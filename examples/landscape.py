"""The two-task landscape of CAGrad and Nash-MTL: the ways of all methods from five starts, drawn side by side.

python examples/landscape.py

Two losses of two numbers, after Liu et al. 2021 and Navon et al. 2022: above, two steep valleys pull apart; below, two
bowls leave a line of compromises, the Pareto set. The five starts are trained together, as five models in one call.
"""

import inspect
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from sharewise import gradients, objectives
from sharewise.gradients import backward

STARTS = torch.tensor([[-8.5, 7.5], [0.0, 0.0], [9.0, 9.0], [-7.5, -0.5], [9.0, -1.0]])
SHIFT = 21.0  # keeps all losses positive, as some objectives need; no gradient sees it
SCALE = torch.tensor([0.1, 1.0])  # the first task is ten times smaller, as in Nash-MTL
ROOMS = (objectives, gradients)


def losses(x: Tensor) -> Tensor:
    """[*, 2] to the losses of the two tasks [*, 2]."""
    first, second = x.unbind(-1)
    bend = torch.tanh(second)
    valleys = torch.stack([0.5 * (first + 7) - bend, 0.5 * (first - 3) + bend - 2], -1).abs().clamp(5e-6).log() + 6
    bowls = torch.stack([(first - 7) ** 2, (first + 7) ** 2], -1) / 10 + ((second + 8) ** 2 / 100).unsqueeze(-1) - 20
    upper = torch.tanh(second / 2).unsqueeze(-1)
    return (valleys * upper.clamp(0) + bowls * (-upper).clamp(0) + SHIFT) * SCALE


def methods(models: int) -> dict[str, nn.Module]:
    """Every method of both rooms for so many models of two tasks, by name."""
    known: dict[str, object] = {"tasks": (models, 2), "parameters": 2, "weights": [0.5, 1.5], "seed": [0] * models}
    found: dict[str, nn.Module] = {}
    for room in ROOMS:
        for name in room.__all__:
            kind = getattr(room, name)
            if inspect.isclass(kind) and issubclass(kind, nn.Module) and name not in found:
                needs = inspect.signature(kind).parameters
                if "method" not in needs:  # those change another one
                    found[name] = kind(**{key: value for key, value in known.items() if key in needs})
    return found


def train(method: nn.Module, steps: int, rate: float) -> Tensor:
    """The way from all starts: [steps + 1, 5, 2]."""
    x = STARTS.clone().requires_grad_()
    own = list(method.parameters())
    optimiser = torch.optim.Adam([{"params": [x]}, {"params": own}] if own else [x], lr=rate)
    way = [x.detach().clone()]
    for step in range(steps):
        optimiser.zero_grad()
        backward(losses(x), method, shared=[x])
        optimiser.step()
        way.append(x.detach().clone())
        _tell(method, losses(x).detach(), step)
    return torch.stack(way)


def _tell(method: nn.Module, after: Tensor, step: int) -> None:
    """What three objectives want to know beside the losses."""
    if isinstance(method, objectives.FAMO):
        method.update(after)
    elif isinstance(method, objectives.DTP):
        method.update(1 / (1 + after), torch.ones_like(after, dtype=torch.bool))
    elif isinstance(method, objectives.DWA) and step % 50 == 49:
        method.end_epoch()


def distance(x: Tensor) -> Tensor:
    """How far points [M, 2] are from the line between the two bowls; the Pareto set is within 0.5 of it."""
    return torch.stack([(x[:, 0].abs() - 7).clamp(0), x[:, 1] + 8], -1).norm(dim=-1)


def draw(axes: Axes, name: str, way: Tensor) -> None:
    """The ways of one method over the sum of the losses."""
    line = torch.linspace(-11, 11, 120)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1)
    axes.contour(line, line, (losses(grid) / SCALE).sum(-1), 14, cmap="Greys", linewidths=0.5)
    axes.plot([-7, 7], [-8, -8], color="0.6", linewidth=3, solid_capstyle="round")
    for track in way.unbind(1):
        axes.plot(track[:, 0], track[:, 1], linewidth=1.2)
        axes.plot(*track[0], "ko", markersize=2.5)
        axes.plot(*track[-1], "k*", markersize=6)
    axes.set(xlim=(-11, 11), ylim=(-11, 11), xticks=[], yticks=[])
    axes.set_title(name, fontsize=9)


def main(steps: int = 3500, rate: float = 0.03, out: str = "runs/landscape.png") -> dict[str, Tensor]:
    """Draw the ways of all methods and return their ends [5, 2], by name; takes some minutes."""
    found = methods(len(STARTS))
    columns = 7
    lines = -(-len(found) // columns)
    figure = Figure(figsize=(2 * columns, 2.2 * lines))
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.97, wspace=0.04, hspace=0.14)
    places = figure.subplots(lines, columns).ravel()
    ends = {}
    for axes, (name, method) in zip(places, found.items(), strict=False):
        way = train(method, steps, rate)
        draw(axes, name, way)
        ends[name] = way[-1]
        print(f"{name:12} starts that ended on the Pareto set: {int((distance(way[-1]) < 0.6).sum())} of 5")
    for axes in places[len(found) :]:
        axes.set_axis_off()
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=75, pil_kwargs={"optimize": True})
    return ends


if __name__ == "__main__":
    main()

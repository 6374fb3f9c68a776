"""Write the table of methods, docs/methods.md, from the code: `python docs/make_methods.py`."""

import inspect
import re
from pathlib import Path

from torch import nn

from sharewise import gradients, objectives
from sharewise._core import Aggregator, Objective, Weighting

UNSEEING = (gradients.Sum, gradients.Mean, gradients.Constant, gradients.Random)
PAGE = Path(__file__).with_name("methods.md")
HEAD = """# The methods

Made from the code by `python docs/make_methods.py`.

All are given to one function, `sharewise.gradients.backward(losses, method, present=...)`; an objective can also be
called by itself. All take absent tasks (`present`) as if they had never been there, all take a leading axis of
models, and all keep their state in `state_dict`.

**Size of the step.** Weightings and aggregators are given in the scale of the plain sum: K tasks with the same
gradient g get K g from each (`Mean`, `Constant` and `FairGrad` say their own). Where tasks disagree the length of
the step belongs to the method (`Info.relative_size` tells it); `Normalize` and `NormalizeDirection` bring it to the
sum's, so that one learning rate compares directions alone. Objectives have the scale of their papers. Learning rates
are to be tuned per method in any case.

**Columns.** *Passes*: what one step costs; "K task gradients" come from one shared computation, see
[what a step costs](step_cost.md). *Memory*: beside the plain step's; P is the number of shared parameters. *State*:
what is in `state_dict`. *Homogeneous*: c times the losses (objectives) or gradients (others) give c times the result;
where not, unscale gradients before the method if a gradient scaler is used.
"""


def members(room: object, base: type[nn.Module]) -> list[type[nn.Module]]:
    """Subclasses of `base` among the public names of a room, in their order."""
    found = [getattr(room, name) for name in room.__all__]
    return [kind for kind in found if inspect.isclass(kind) and issubclass(kind, base)]


def example(kind: type[nn.Module]) -> nn.Module:
    """An instance for two tasks, to see its state."""
    known = {"tasks": 2, "parameters": 3, "weights": [1.0, 1.0]}
    known["method"] = gradients.MGDA() if issubclass(kind, Weighting) else gradients.ConFIG()
    names = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in known.items() if name in names})


def state(kind: type[nn.Module]) -> str:
    """Names in the state dict: buffers, and parameters marked as learnt."""
    method = example(kind)
    learnt = {name for name, _ in method.named_parameters()}
    names = [f"`{name}` (learnt)" if name in learnt else f"`{name}`" for name in method.state_dict()]
    return ", ".join(names) or "none"


def needs(kind: type[nn.Module]) -> str:
    """What the method is given."""
    if issubclass(kind, Objective):
        return "losses"
    if issubclass(kind, Aggregator):
        return "Jacobian"
    if kind in UNSEEING:
        return "nothing"
    return "Gramian, losses" if kind is gradients.GradNorm else "Gramian"


def memory(kind: type[nn.Module]) -> str:
    """Orders of magnitude beside the plain step."""
    if issubclass(kind, Aggregator):
        return "2 K P" if kind is gradients.ExcessMTL else "K P"
    if issubclass(kind, Objective):
        return "K"
    return "K³" if kind is gradients.UPGrad else "K²"


def deviations(kind: type[nn.Module]) -> str:
    """The paragraph of the docstring that starts with this word."""
    found = re.search(r"Deviations: (.*?)(?:\n\n|\Z)", inspect.getdoc(kind) or "", re.DOTALL)
    text = " ".join(found[1].split()) if found else "none"
    return text.rstrip(".").replace("|", "\\|")


def first_line(kind: type[nn.Module]) -> str:
    """What the method is, from its docstring."""
    return (inspect.getdoc(kind) or "").split("\n")[0].rstrip(".").replace("|", "\\|")


def table(kinds: list[type[nn.Module]]) -> str:
    """A table with one line per method, and the deviations as a list under it."""
    lines = [
        "| Method | What it does | Source | Passes | Memory | Needs | State | Homogeneous |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind in kinds:
        cells = (
            f"`{kind.__name__}`",
            first_line(kind),
            kind.reference,
            kind.passes,
            memory(kind),
            needs(kind),
            state(kind),
            "yes" if kind.homogeneous else "no",
        )
        lines.append(f"| {' | '.join(cells)} |")
    notes = [f"- `{kind.__name__}`: {deviations(kind)}." for kind in kinds]
    return "\n".join([*lines, "", "Deviations from the paper or the official code:", "", *notes])


def page() -> str:
    """The whole page."""
    parts = [
        ("Objectives: losses to one scalar (`sharewise.objectives`)", members(objectives, Objective)),
        ("Weightings: Gramian to weights (`sharewise.gradients`)", members(gradients, Weighting)),
        ("Aggregators: Jacobian to direction (`sharewise.gradients`)", members(gradients, Aggregator)),
    ]
    return HEAD + "".join(f"\n## {title}\n\n{table(kinds)}\n" for title, kinds in parts)


if __name__ == "__main__":
    PAGE.write_text(page())

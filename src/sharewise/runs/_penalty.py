"""What a form of sharing adds to the loss, by its options."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, final

import torch
from torch import Tensor, nn

from sharewise._core import InputError, Tree
from sharewise.models import (
    Experts,
    Independent,
    Ramp,
    choice_penalty,
    laplacian,
    nuclear,
    nuclear_unfolded,
    overlap_penalty,
    soften,
    to_mean,
)
from sharewise.runs._sharing import PENALISED, Sharing
from sharewise.training import Penalty

SOFT = 1e-2  # strength where none is given: of soft sharing,
CHOICE = 1e-3  # of the choice of experts,
OVERLAP = 1e-2  # and of subspaces
STRENGTHS = (1e-2, 1e-1, 1e-3, 1.0)  # tried in turn with the settings of learning rate and decay

PULLS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "to_mean": to_mean,
    "nuclear": nuclear,
    "nuclear_unfolded": nuclear_unfolded,
}


@final
@dataclass(frozen=True)
class _Graph:
    """`laplacian` on a graph of tasks; without one all are alike."""

    rows: tuple[tuple[float, ...], ...] | None

    def __call__(self, weights: Tensor) -> Tensor:
        if self.rows is None:
            return laplacian(weights, weights.new_ones(len(weights), len(weights)))
        return laplacian(weights, torch.tensor(self.rows, dtype=weights.dtype, device=weights.device))


@final
@dataclass(frozen=True)
class _Soft:
    """A pull on the copies of the trained tasks."""

    pull: Callable[[Tensor], Tensor]
    tasks: tuple[int, ...] | None

    def __call__(self, network: nn.Module, inputs: Tree) -> Tensor:  # noqa: ARG002  # a penalty of numbers alone
        assert isinstance(network, Independent)
        return soften(network.trunks, self._part)

    def _part(self, weights: Tensor) -> Tensor:
        return self.pull(weights if self.tasks is None else weights[list(self.tasks)])


@final
@dataclass(frozen=True)
class _Choice:
    """The entropy of the choices of the trained tasks."""

    tasks: tuple[int, ...] | None

    def __call__(self, network: nn.Module, inputs: Tree) -> Tensor:
        assert isinstance(network, Experts)
        return choice_penalty(network, inputs, self.tasks)


@final
@dataclass(frozen=True)
class _Overlap:
    """The overlap of subspaces in the networks of the trained tasks."""

    tasks: tuple[int, ...] | None

    def __call__(self, network: nn.Module, inputs: Tree) -> Tensor:  # noqa: ARG002  # a penalty of numbers alone
        assert isinstance(network, Experts)
        return overlap_penalty(network, self.tasks)


# strengths of the forms that add something to the loss of theirs alone
OWN: Mapping[str, tuple[Callable[[tuple[int, ...] | None], _Choice | _Overlap], float]] = {
    "dselect": (_Choice, CHOICE),
    "sluice": (_Overlap, OVERLAP),
}


def build_penalty(sharing: Sharing, trained: Tensor) -> Penalty | None:
    """What a form of sharing adds to the loss: soft sharing's pull, DSelect-k's entropy, sluice's overlap of subspaces.

    Only the trained tasks take part. All other forms add nothing.

    Args:
        sharing: its name and options.
        trained: Bool [K].

    Raises:
        InputError: options are wrong, or the form adds nothing to the loss and has options for it.

    Example:
        >>> build_penalty(Sharing("soft", {"strength": 0.1}), torch.ones(3).bool()).strength(0)
        0.1
        >>> build_penalty(Sharing("mmoe"), torch.ones(3).bool()) is None
        True
    """
    options = {name: value for name, value in sharing.options.items() if name in PENALISED}
    tasks = None if bool(trained.all()) else tuple(trained.nonzero().flatten().tolist())
    if sharing.key == "soft":
        pull = _Soft(_pull(options, len(trained), tasks), tasks)
        # one task alone is pulled nowhere
        return Penalty(pull, _ramp(options, SOFT)) if int(trained.sum()) > 1 else None
    wrong = sorted(options.keys() - ({"strength", "ramp"} if sharing.key in OWN else set()))
    if wrong:
        raise InputError(f"sharing `{sharing.name}` has no option `{wrong[0]}`; only `soft` has all of {_listed()}")
    if sharing.key not in OWN:
        return None
    function, strength = OWN[sharing.key]
    return Penalty(function(tasks), _ramp(options, strength))


def tuned(sharing: Sharing, trial: int) -> Sharing:
    """The form as it is tried in a trial: another strength in each, unless one is given.

    Every form gets the same number of trials, so that one with a strength has no more of them than one without.

    Args:
        sharing: its name and options.
        trial: counted from 0.

    Example:
        >>> tuned(Sharing("soft"), 1).options, tuned(Sharing("mmoe"), 1).options
        ({'strength': 0.1}, {})
    """
    usual = {"soft": SOFT, **{name: strength for name, (_, strength) in OWN.items()}}
    if sharing.key not in usual or "strength" in sharing.options:
        return sharing
    strength = round(usual[sharing.key] / SOFT * STRENGTHS[trial % len(STRENGTHS)], 12)
    return replace(sharing, options={**sharing.options, "strength": strength})


def _ramp(options: Mapping[str, Any], default: float) -> Ramp:
    strength, steps = options.get("strength", default), options.get("ramp", 0)
    if not (isinstance(strength, int | float) and strength >= 0):
        raise InputError(f"`strength` must be a number from 0, got `{strength}`")
    if not (isinstance(steps, int) and steps >= 0):
        raise InputError(f"`ramp` must be a number of steps from 0, got `{steps}`")
    return Ramp(float(strength), steps)


def _pull(options: Mapping[str, Any], count: int, tasks: tuple[int, ...] | None) -> Callable[[Tensor], Tensor]:
    name, graph = options.get("penalty", "to_mean"), options.get("graph")
    if name != "laplacian":
        if graph is not None:
            raise InputError(f"`graph` belongs to `penalty=laplacian`, got `penalty={name}`")
        if name not in PULLS:
            close = get_close_matches(str(name), [*PULLS, "laplacian"], 1)
            hint = f"did you mean `{close[0]}`? " if close else ""
            raise InputError(f"there is no penalty `{name}`; {hint}There are {', '.join([*PULLS, 'laplacian'])}")
        return PULLS[name]
    if graph is None:
        return _Graph(None)
    if len(graph) != count or any(len(row) != count for row in graph):
        raise InputError(f"`graph` must have {count} rows of {count} numbers, one for each task, got `{graph}`")
    chosen = range(count) if tasks is None else tasks
    return _Graph(tuple(tuple(float(graph[k][other]) for other in chosen) for k in chosen))


def _listed() -> str:
    return ", ".join(f"`{name}`" for name in sorted(PENALISED))

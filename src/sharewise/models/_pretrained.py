"""Trunks that were trained before: what stays as it is, and how fast the rest learns."""

from collections.abc import Mapping
from typing import Any

from torch import nn


def freeze(module: nn.Module) -> nn.Module:
    """Take all parameters of a module out of training. Call `eval()` too where it has running statistics.

    Example:
        >>> any(parameter.requires_grad for parameter in freeze(nn.Linear(3, 2)).parameters())
        False
    """
    return module.requires_grad_(False)


def parameter_groups(model: nn.Module, rate: float, scales: Mapping[str, float]) -> list[dict[str, Any]]:
    """Groups for an optimiser, with learning rates by where parameters stand. Frozen parameters are left out.

    Args:
        model: any.
        rate: learning rate of what no scale is for.
        scales: name of a submodule -> factor of the rate for its parameters; of nested names the longest holds.

    Returns:
        One group for each name that has parameters, then the rest.

    Raises:
        ValueError: a name is no submodule.

    Example:
        >>> model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
        >>> [(len(group["params"]), group["lr"]) for group in parameter_groups(model, 0.1, {"0": 0.5})]
        [(2, 0.05), (2, 0.1)]
    """
    known = [name for name, _ in model.named_modules() if name]
    unknown = [name for name in scales if name not in known]
    if unknown:
        raise ValueError(f"`scales` must name submodules, got {unknown}; there are {known}.")
    groups: dict[str, list[nn.Parameter]] = {name: [] for name in [*scales, ""]}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            homes = [home for home in scales if name.startswith(f"{home}.")]
            groups[max(homes, key=len, default="")].append(parameter)
    rates = {**{name: rate * scale for name, scale in scales.items()}, "": rate}
    return [{"params": each, "lr": rates[name]} for name, each in groups.items() if each]

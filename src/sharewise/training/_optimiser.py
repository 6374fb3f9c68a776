"""The optimiser of a model and of a method with parameters of its own."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sharewise.models import parameter_groups
from sharewise.training._recipe import Recipe


def make_optimiser(
    model: nn.Module, method: nn.Module, recipe: Recipe, *, scales: Mapping[str, float] | None = None
) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019) with decay on matrices only.

    Biases, norms and the parameters of the method (such as learnt uncertainty weights) are not decayed. Frozen
    parameters are left out.

    Args:
        model: the network.
        method: an objective, weighting or aggregator.
        recipe: learning rate and decay.
        scales: factors of the learning rate by part of the network, as in `Training`.

    Raises:
        ValueError: a factor is not positive, or a name is no part of the network.

    Example:
        >>> from sharewise.objectives import Sum
        >>> groups = make_optimiser(nn.Linear(2, 3), Sum(), Recipe(weight_decay=0.1)).param_groups
        >>> [(group["weight_decay"], len(group["params"])) for group in groups]
        [(0.1, 1), (0.0, 1)]
    """
    known = factors(model, scales or {})
    groups = []
    for scale in sorted({1.0, *known.values()}, reverse=True):
        own = [parameter for parameter, factor in known.items() if factor == scale]
        more = list(method.parameters()) if scale == 1.0 else []
        matrices = [parameter for parameter in own if parameter.dim() > 1]
        others = [parameter for parameter in own if parameter.dim() <= 1]
        groups += [
            {"params": matrices, "weight_decay": recipe.weight_decay, "scale": scale},
            {"params": [*others, *more], "weight_decay": 0.0, "scale": scale},
        ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=recipe.learning_rate, fused=True)


def factors(model: nn.Module, scales: Mapping[str, float]) -> dict[nn.Parameter, float]:
    """The factor of the learning rate of each parameter that is trained.

    Args:
        model: the network.
        scales: name of a part -> factor; of nested names the longest holds.

    Raises:
        ValueError: a factor is not positive, or a name is no part of the network.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Linear(3, 1, bias=False))
        >>> list(factors(model, {"0": 0.1}).values())
        [0.1, 1.0]
    """
    wrong = [f"`{name}`: {scale}" for name, scale in scales.items() if not scale > 0]
    if wrong:
        raise ValueError(f"`scales` must be positive, got {wrong[0]}; freeze what is not to learn.")
    known = {each: group["lr"] for group in parameter_groups(model, 1.0, scales) for each in group["params"]}
    return {parameter: known[parameter] for parameter in model.parameters() if parameter in known}


def clip(model: nn.Module, method: nn.Module, largest: float | None) -> Tensor:
    """Clip a model's gradient, and measure it and the method's own.

    Args:
        model: whose gradient is scaled down to the largest norm.
        method: whose parameters, if it has any, are never clipped.
        largest: norm, or None: nothing is clipped.

    Returns:
        The norms before, summed: not finite if a gradient is not, though no loss may be.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> model.weight.grad = torch.full((1, 1), 4.0)
        >>> clip(model, nn.Identity(), 1.0).item(), round(model.weight.grad.item(), 4)
        (4.0, 1.0)
    """
    norm = _norm(model) if largest is None else nn.utils.clip_grad_norm_(model.parameters(), largest)
    return norm + _norm(method) if any(True for _ in method.parameters()) else norm


def _norm(module: nn.Module) -> Tensor:
    return nn.utils.get_total_norm([each.grad for each in module.parameters() if each.grad is not None])


def skip_unless_finite(optimiser: torch.optim.Optimizer, norm: Tensor) -> None:
    """Let the next step of a fused optimiser change nothing if the gradient is not finite; nothing waits for a device.

    Args:
        optimiser: fused; it reads what gradient scalers tell it, on the device.
        norm: [], of the gradient.

    Example:
        >>> weight = nn.Parameter(torch.ones(2))
        >>> optimiser = torch.optim.AdamW([weight], fused=True)
        >>> weight.grad = torch.tensor([1.0, torch.nan])
        >>> skip_unless_finite(optimiser, weight.grad.norm())
        >>> optimiser.step()
        >>> weight.tolist()
        [1.0, 1.0]
    """
    optimiser.found_inf = (~norm.isfinite()).to(torch.float32)  # type: ignore[attr-defined]  # as `GradScaler` does


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate, times each group's factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]

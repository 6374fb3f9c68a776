"""The optimiser of a model and of a method with parameters of its own."""

import torch
from torch import Tensor, nn

from sharewise.training._recipe import Recipe


def make_optimiser(model: nn.Module, method: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW (Loshchilov & Hutter 2019) with decay on matrices only.

    Biases, norms and the parameters of the method (such as learnt uncertainty weights) are not decayed. Frozen
    parameters are left out.

    Args:
        model: the network.
        method: an objective, weighting or aggregator.
        recipe: learning rate and decay.

    Example:
        >>> from sharewise.objectives import Sum
        >>> groups = make_optimiser(nn.Linear(2, 3), Sum(), Recipe(weight_decay=0.1)).param_groups
        >>> [(group["weight_decay"], len(group["params"])) for group in groups]
        [(0.1, 1), (0.0, 1)]
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in trained if parameter.dim() > 1]
    others = [parameter for parameter in trained if parameter.dim() <= 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": [*others, *method.parameters()], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=recipe.learning_rate, fused=True)


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
    """Set the learning rate of every group."""
    for group in optimiser.param_groups:
        group["lr"] = rate

"""How learnt weights get into an optimiser."""

from typing import Any

from torch import nn

from sharewise._core import Objective


def parameter_groups(objective: Objective, **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - the optimiser's own
    """Parameter groups of an objective's learnt weights, without weight decay; none for most objectives.

    Args:
        objective: `UW` and `IMTLL` have learnt weights.
        options: of the optimiser for this group, such as `lr`.

    Returns:
        A list to put beside the model's groups, or to give to `Optimizer.add_param_group` one by one.

    Example:
        >>> import torch
        >>> from sharewise.objectives import UW
        >>> model, objective = torch.nn.Linear(2, 2), UW(2)
        >>> optimizer = torch.optim.AdamW([{"params": model.parameters()}, *parameter_groups(objective, lr=0.01)])
        >>> optimizer.param_groups[1]["weight_decay"], optimizer.param_groups[1]["lr"]
        (0.0, 0.01)
    """
    learnt: list[nn.Parameter] = list(objective.parameters())
    return [{"weight_decay": 0.0, **options, "params": learnt}] if learnt else []

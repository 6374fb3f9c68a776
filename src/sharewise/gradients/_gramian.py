"""Inner products of the tasks' gradients, as a measurement."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from sharewise.gradients._engine import Question, answer
from sharewise.gradients._ownership import choose, find_owners


def gramian(
    losses: Tensor,
    params: Iterable[Tensor] | None = None,
    *,
    task: Mapping[Tensor, Tensor] | nn.Module | None = None,
    rows: Tensor | None = None,
) -> Tensor:
    """Measure the inner products of the tasks' gradients and change nothing: no `.grad`, and the graph stays.

    Args:
        losses: [*, K], as in `backward`.
        params: parameters, or features on the way, whose gradients are compared; frozen and unused ones count for
            nothing. None: all shared parameters.
        task: owners of stacked parameters, as in `backward`.
        rows: Long [N], the task of each row where each belongs to one, as in `backward`.

    Returns:
        [*, K, K], detached. `cosines` makes cosines of it, the square root of its diagonal are the norms.

    Example:
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> gramian(torch.stack([w.sum(), w.prod()]), [w])
        tensor([[2., 3.],
                [3., 5.]])
    """
    order, owners = find_owners(losses, task)
    chosen = choose(owners, params, losses.shape[-1])
    rows = None if rows is None else rows.cpu()
    question = Question(losses, order, torch.ones_like(losses.detach()), owners, chosen, rows)
    return answer(question).gramian(question)[0]

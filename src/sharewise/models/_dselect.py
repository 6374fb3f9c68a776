"""DSelect-k: a differentiable choice of at most k experts."""

import copy
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import Tree
from sharewise.models._experts import Experts
from sharewise.models._gate import row_linear, streams_linear
from sharewise.models._router import Router


def smooth_step(t: Tensor, gamma: float) -> Tensor:
    """0 below -gamma / 2, 1 above gamma / 2, a cubic between (Hazimeh et al. 2021).

    Example:
        >>> smooth_step(torch.tensor([-1.0, 0.0, 0.25, 1.0]), 1.0).tolist()
        [0.0, 0.5, 0.84375, 1.0]
    """
    t = t.clamp(-gamma / 2, gamma / 2)
    return -2 / gamma**3 * t**3 + 3 / (2 * gamma) * t + 0.5


def _of_rows(tasks: int, outputs: int, features: int, width: float) -> nn.Parameter | None:
    if not features:
        return None
    return nn.Parameter(torch.empty(tasks, outputs, features).uniform_(-width, width))


@final
class DSelectK(Router):
    """At most k experts for each task, chosen by products of smooth steps over binary codes (Hazimeh et al. 2021).

    With `features` the choice depends on the row, without it is one for each task. Add a multiple of the penalty
    (`choice_penalty` of the whole model) to the loss: it makes the choices hard, and keeps weight off codes without
    expert where E is no power of 2. Until then weights may sum to less than 1.

    Args:
        tasks: K.
        experts: E.
        chosen: k, how many experts at most.
        features: D, or 0.
        gamma: width of the smooth step.

    Raises:
        ValueError: `chosen` or `gamma` is not positive.

    Example:
        >>> DSelectK(2, 4, chosen=2)(torch.zeros(1, 5, 3)).sum(-1).round(decimals=4).tolist()
        [[1.0, 1.0]]
    """

    codes: Tensor

    def __init__(self, tasks: int, experts: int, *, chosen: int, features: int = 0, gamma: float = 1.0) -> None:
        super().__init__()
        if chosen < 1 or gamma <= 0:
            raise ValueError(f"`chosen` and `gamma` must be positive, got `chosen={chosen}`, `gamma={gamma}`.")
        bits = max((experts - 1).bit_length(), 1)
        self.gamma, self.shape = gamma, (chosen, bits)
        codes = torch.arange(experts)[:, None] >> torch.arange(bits) & 1
        self.register_buffer("codes", codes.bool(), persistent=False)
        # Inside the steep part of the step, else no gradient ever comes.
        self.bias = nn.Parameter(torch.empty(tasks, chosen * bits).uniform_(-gamma / 100, gamma / 100))
        self.mix = nn.Parameter(torch.zeros(tasks, chosen))
        self.weight = _of_rows(tasks, chosen * bits, features, gamma / 100)
        self.mix_weight = _of_rows(tasks, chosen, features, gamma / 100)

    def _read(self, x: Tensor | None, task: Tensor | None, weight: Tensor | None, bias: Tensor) -> Tensor:
        if weight is None or x is None:
            return bias.unsqueeze(-3) if task is None else bias[task]
        return streams_linear(x, weight, bias) if task is None else row_linear(x, task, weight, bias)

    def _select(self, x: Tensor | None, task: Tensor | None) -> Tensor:
        z = self._read(x, task, self.weight, self.bias)
        step = smooth_step(z.view(*z.shape[:-1], *self.shape), self.gamma).unsqueeze(-2)
        return torch.where(self.codes, step, 1 - step).prod(-1)

    def forward(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Shapes as in `Router.forward`."""
        mix = self._read(x, task, self.mix_weight, self.mix).softmax(-1)
        return (mix.unsqueeze(-1) * self._select(x, task)).sum(-2)

    def penalty(self, x: Tensor | None = None) -> Tensor:
        """Entropy of each task's choices plus the penalty of unused codes.

        Args:
            x: [*, 1 | K, N, D] as in `forward`; None where the choice does not read the row.

        Returns:
            [*, K], the mean over rows.
        """
        chosen = self._select(x, None)
        entropy = -(chosen * (chosen + 1e-6).log()).sum(-1)
        unused = 1 / chosen.sum(-1).clamp_min(1e-6) - 1
        return (entropy + unused).sum(-1).mean(-2)

    def uses(self) -> Tensor:
        """Bool [K, E]: all."""
        return torch.ones(len(self.bias), len(self.codes), dtype=torch.bool)

    def stacked(self) -> list[nn.Parameter]:
        """All parameters."""
        return list(self.parameters())

    def take(self, outputs: Sequence[int], experts: Sequence[int]) -> "DSelectK":
        """A copy with these outputs and experts only; codes stay as they are."""
        twin = copy.deepcopy(self)
        twin.codes = self.codes[list(experts)]
        for name, parameter in self.named_parameters():
            setattr(twin, name, nn.Parameter(parameter.detach()[list(outputs)]))
        return twin


def choice_penalty(model: Experts, inputs: Tree, tasks: Sequence[int] | None = None) -> Tensor:
    """The penalty of all `DSelectK` routers of a model, to be added to the loss with some strength.

    Args:
        model: experts under such routers.
        inputs: N rows; what stands below the routers runs once more.
        tasks: those that count; None: all.

    Returns:
        [], the sum over levels and tasks of the mean over rows.

    Example:
        >>> from sharewise.models import Heads, dselect
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> model = dselect(lambda d: nn.Linear(d, 4), 3, heads, experts=4)
        >>> choice_penalty(model, torch.zeros(5, 3)).item() > 0
        True
    """
    total = model.heads.weight.new_zeros(())
    for level, streams in zip(model.levels, model.streams(inputs), strict=True):
        if isinstance(level.router, DSelectK):
            each = level.router.penalty(streams)
            total = total + (each if tasks is None else each[list(tasks)]).sum()
    return total

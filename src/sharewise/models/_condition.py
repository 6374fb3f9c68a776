"""Conditioning: features changed by a description of the task. Every form changes nothing at the start of training."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


def group(h: Tensor, z: Tensor) -> Tensor:
    """The rows of each z on one axis: h [*, ..., H] with z [*, Z] or Long [*] to [*, R, H]."""
    lead = z.dim() - int(z.is_floating_point())
    return h.reshape(*h.shape[:lead], -1, h.shape[-1])


@final
class Generator(nn.Module):
    """A linear map from z to parameters; a Long z is a one-hot one and only reads its row.

    Args:
        z: Z, size of z.
        shape: of the parameters.
        zero: whether it starts at zero.

    Example:
        >>> generate = Generator(3, (4,), zero=False)
        >>> torch.equal(generate(torch.tensor([2])), generate(torch.eye(3)[2:]))
        True
    """

    def __init__(self, z: int, shape: Sequence[int], *, zero: bool = True) -> None:
        super().__init__()
        self.shape = tuple(shape)
        bound = 0.0 if zero else self.shape[0] ** -0.5
        self.weight = nn.Parameter(torch.empty(z, *self.shape).uniform_(-bound, bound))

    def forward(self, z: Tensor) -> Tensor:
        """[*, Z] or Long [*] to [*, shape]."""
        flat = self.weight.flatten(1)
        out = z @ flat if z.is_floating_point() else functional.embedding(z, flat)
        return out.view(*out.shape[:-1], *self.shape)


class Condition(nn.Module, ABC):
    """Features and z to features."""

    @abstractmethod
    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Condition.

        Args:
            h: [*, ..., H]; the axes of z come first, all rows below one z get the same.
            z: [*, Z], or Long [*] for a one-hot z.

        Returns:
            The shape of h.
        """


@final
class Shift(Condition):
    """Adds B z: for the linear layer that it follows the same as concatenating z to its inputs.

    Args:
        features: H.
        z: Z.

    Example:
        >>> Shift(2, 3)(torch.ones(1, 2), torch.ones(1, 3)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, features: int, z: int) -> None:
        super().__init__()
        self.shift = Generator(z, (features,))

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        return (group(h, z) + self.shift(z).unsqueeze(-2)).reshape(h.shape)


@final
class Scale(Condition):
    """Multiplies by 1 + A z: diag(1 + A z) W for the linear layer W that it follows.

    Args:
        features: H.
        z: Z.

    Example:
        >>> Scale(2, 3)(torch.ones(1, 2), torch.ones(1, 3)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, features: int, z: int) -> None:
        super().__init__()
        self.scale = Generator(z, (features,))

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        return (group(h, z) * (1 + self.scale(z)).unsqueeze(-2)).reshape(h.shape)


@final
class FiLM(Condition):
    """Feature-wise linear modulation: (1 + A z) h + B z (Perez et al. 2018, equations 1 and 2).

    Args:
        features: H.
        z: Z.

    Example:
        >>> FiLM(2, 3)(torch.ones(1, 2), torch.ones(1, 3)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, features: int, z: int) -> None:
        super().__init__()
        self.scale = Generator(z, (features,))
        self.shift = Generator(z, (features,))

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        scale, shift = (1 + self.scale(z)).unsqueeze(-2), self.shift(z).unsqueeze(-2)
        return torch.addcmul(shift, group(h, z), scale).reshape(h.shape)


@final
class FeatureGate(Condition):
    """Multiplies by twice a sigmoid of A z, so between 0 and 2 (the gates of PEPNet; Chang et al. 2023).

    Deviation: the gate reads z only, not the row.

    Args:
        features: H.
        z: Z.

    Example:
        >>> FeatureGate(2, 3)(torch.ones(1, 2), torch.ones(1, 3)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, features: int, z: int) -> None:
        super().__init__()
        self.gate = Generator(z, (features,))

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        return (group(h, z) * (2 * torch.sigmoid(self.gate(z))).unsqueeze(-2)).reshape(h.shape)


@final
class ConditionalNorm(Condition):
    """Layer normalisation whose scale and shift come from z; a plain layer normalisation at the start.

    Args:
        features: H.
        z: Z.

    Example:
        >>> ConditionalNorm(2, 3)(torch.tensor([[1.0, 3.0]]), torch.ones(1, 3)).round().tolist()
        [[-1.0, 1.0]]
    """

    def __init__(self, features: int, z: int) -> None:
        super().__init__()
        self.film = FiLM(features, z)

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        return self.film(functional.layer_norm(h, h.shape[-1:]), z)


@final
class LowRank(Condition):
    """Adds B(z) A(z) h of low rank: with a one-hot z, an adapter for each task (as LoRA, Hu et al. 2021, on features).

    Args:
        features: H.
        z: Z.
        rank: of the change.

    Example:
        >>> LowRank(2, 3, rank=1)(torch.ones(1, 2), torch.ones(1, 3)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, features: int, z: int, *, rank: int = 4) -> None:
        super().__init__()
        self.down = Generator(z, (features, rank), zero=False)
        self.up = Generator(z, (rank, features))

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        return h + (group(h, z) @ self.down(z) @ self.up(z)).reshape(h.shape)


@final
class Hypernetwork(Condition):
    """Adds W(z) h + b(z) with all of W and b from z: with a one-hot z, a layer for each task.

    Args:
        features: H.
        z: Z.

    Example:
        >>> Hypernetwork(2, 3)(torch.ones(1, 2), torch.ones(1, 3)).tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, features: int, z: int) -> None:
        super().__init__()
        self.matrix = Generator(z, (features, features))
        self.shift = Generator(z, (features,))

    def forward(self, h: Tensor, z: Tensor) -> Tensor:
        """Shapes as in `Condition.forward`."""
        return h + (group(h, z) @ self.matrix(z).mT + self.shift(z).unsqueeze(-2)).reshape(h.shape)

"""Alignment of the principal components of the gradients."""

from typing import ClassVar, final

import torch
from torch import Tensor

from sharewise._core import Weighting
from sharewise.gradients._correlation import correlate, finish


@final
class AlignedMTL(Weighting):
    """Weights `sqrt(s) G^(-1/2) 1`: the sum of gradients made orthogonal and of equal length.

    Components under the rounding error of the Gramian are left out, so that rank-deficient ones are exact. On an
    accelerator the eigendecomposition of torch looks at the device once per call.

    Deviations: the weights before alignment are ones, in the paper a preference with sum 1.

    Args:
        scale: s, the length that all components get: the smallest eigenvalue ("min", as in the paper), the lower
            "median" or the mean ("rmse", as in the official code) of those that count.

    Raises:
        ValueError: another word.

    Example:
        >>> AlignedMTL()(torch.diag(torch.tensor([1.0, 4.0])), torch.tensor([True, True]))
        tensor([1.0000, 0.5000])
    """

    reference: ClassVar[str] = "Senushkin et al. 2023, CVPR"
    passes: ClassVar[str] = "1 forward, K task gradients"
    homogeneous: ClassVar[bool] = True

    def __init__(self, scale: str = "min") -> None:
        super().__init__()
        if scale not in _SCALES:
            raise ValueError(f"`scale` must be one of {', '.join(_SCALES)}, got `scale={scale!r}`.")
        self.scale = scale

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        """Gramian [*, K, K] and present Bool [*, K] to weights [*, K]."""
        parts = correlate(gramian, present)
        shares = parts.norms / parts.norms.amax(-1, keepdim=True).clamp(min=1e-300)
        values, vectors = torch.linalg.eigh(parts.cosines * shares.unsqueeze(-1) * shares.unsqueeze(-2))
        counts = values > values.amax(-1, keepdim=True) * values.shape[-1] * parts.noise
        length = _SCALES[self.scale](values, counts).unsqueeze(-1)
        factor = torch.where(counts, (length / values).clamp(min=0.0).sqrt(), 0.0)
        ones = present.double().unsqueeze(-1)
        weights = (vectors @ (factor.unsqueeze(-1) * (vectors.mT @ ones))).squeeze(-1)
        return finish(weights, gramian, present, parts.valid)


def _least(values: Tensor, counts: Tensor) -> Tensor:
    return values.masked_fill(~counts, torch.inf).amin(-1).nan_to_num(posinf=0.0)


def _median(values: Tensor, counts: Tensor) -> Tensor:
    # eigenvalues ascend, so those that count are the last ones
    number = counts.sum(-1, keepdim=True)
    place = values.shape[-1] - number + (number - 1).clamp(min=0) // 2
    return values.gather(-1, place.clamp(max=values.shape[-1] - 1)).squeeze(-1)


def _average(values: Tensor, counts: Tensor) -> Tensor:
    return values.masked_fill(~counts, 0.0).sum(-1) / counts.sum(-1).clamp(min=1)


_SCALES = {"min": _least, "median": _median, "rmse": _average}

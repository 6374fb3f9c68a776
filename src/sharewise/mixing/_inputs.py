"""Inputs given as tensors: their form, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from sharewise._core import InputError, Tree
from sharewise.mixing._targets import TargetEncoder
from sharewise.tasks import Task


@final
@dataclass(frozen=True)
class TensorEncoder:
    """Gives inputs on as they are if they have the form of those of training, and predictions back in their units.

    Args:
        targets: what was fitted for the targets.
        forms: path in the inputs -> shape of one row.

    Example:
        >>> encoder = TensorEncoder(TargetEncoder((), {}, {}), {"": (2,)})
        >>> encoder.encode(torch.zeros(5, 3))
        Traceback (most recent call last):
        sharewise._core._errors.InputError: inputs must have rows of the form {'': (2,)}, got {'': (3,)}.
    """

    targets: TargetEncoder
    forms: dict[str, tuple[int, ...]]

    def encode(self, inputs: Tree) -> Tree:
        """The inputs themselves.

        Raises:
            InputError: their form is not that of training, or a number is not finite.
        """
        if forms(inputs) != self.forms:
            raise InputError(f"inputs must have rows of the form {self.forms}, got {forms(inputs)}.")
        check_inputs(inputs, next(tensors_in(inputs))[1].shape[0])
        return inputs

    def decode(self, predictions: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Predictions in the units of the data."""
        return self.targets.decode(predictions)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """A description that JSON can hold, and tensors."""
        description, tensors = self.targets.state()
        return description | {"inputs": {path: list(form) for path, form in self.forms.items()}}, tensors

    @classmethod
    def from_state(
        cls, tasks: Sequence[Task], description: Mapping[str, Any], tensors: Mapping[str, Tensor]
    ) -> "TensorEncoder":
        """The encoder that gave this state."""
        forms = {path: tuple(form) for path, form in description["inputs"].items()}
        return cls(TargetEncoder.from_state(tasks, description, tensors), forms)


def forms(inputs: Tree) -> dict[str, tuple[int, ...]]:
    """Path of each tensor in the inputs -> shape of one row."""
    return {path: tuple(tensor.shape[1:]) for path, tensor in tensors_in(inputs)}


def check_inputs(inputs: Tree, rows: int) -> None:
    """Refuse inputs that are not finite, or not one for each row.

    Raises:
        InputError: a number is NaN or infinite.
        ValueError: a tensor has another number of rows.
    """
    for path, tensor in tensors_in(inputs):
        name = f"inputs{path}"
        if tensor.shape[0] != rows:
            raise ValueError(f"`{name}` must have {rows} rows, as many as the targets, got {tensor.shape[0]}.")
        sparse = tensor.layout is torch.sparse_csr
        values = tensor.values() if sparse else tensor
        bad = ~values.isfinite()
        if bad.any():
            place = bad.nonzero()[0]
            row = int(torch.searchsorted(tensor.crow_indices(), place, right=True)) - 1 if sparse else int(place[0])
            raise InputError(
                f"`{name}` must be finite, got {values[tuple(place)].item()} in row {row}; fill or drop it."
            )


def check_weight(weight: Tensor | None) -> None:
    """Refuse row weights that are negative or not finite.

    Raises:
        InputError: the first such weight.
    """
    if weight is None:
        return
    bad = ~((weight >= 0) & weight.isfinite())
    if bad.any():
        row = int(bad.nonzero()[0])
        raise InputError(f"weights must be finite and not negative, got {weight[row].item()} in row {row}.")


def leaves(tree: Tree) -> Iterator[tuple[str, Tensor]]:
    """Dense tensors of a tree with their paths, in order; a CSR matrix as its three parts."""
    for path, tensor in tensors_in(tree):
        if tensor.layout is torch.sparse_csr:
            yield f"{path}.starts", tensor.crow_indices()
            yield f"{path}.columns", tensor.col_indices()
            yield f"{path}.values", tensor.values()
        else:
            yield path, tensor


def tensors_in(tree: Tree, path: str = "") -> Iterator[tuple[str, Tensor]]:
    """Tensors of a tree with their paths, in order."""
    if isinstance(tree, Tensor):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from tensors_in(value, f"{path}.{key}")
    elif isinstance(tree, tuple | list):
        for place, value in enumerate(tree):
            yield from tensors_in(value, f"{path}.{place}")

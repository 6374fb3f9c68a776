"""Mixing: data of several tasks, divided into roles, prepared, and mixed into batches."""

from importlib import import_module
from typing import TYPE_CHECKING

from sharewise.mixing._dataset import Dataset, Encoder, Prepared
from sharewise.mixing._inputs import TensorEncoder
from sharewise.mixing._mixture import Mixture, Mixtures
from sharewise.mixing._plans import equal, given, proportional, temperature
from sharewise.mixing._splits import FRACTIONS, column_split, group_split, random_split, time_split
from sharewise.mixing._targets import TargetEncoder
from sharewise.mixing._tensors import Tensors

if TYPE_CHECKING:
    from sharewise.mixing._arrays import from_arrays
    from sharewise.mixing._digits import digits, multidigits

# Read when first asked for: they need pandas, SciPy or scikit-learn, and samplers and splits must not.
_LAZY = {
    "from_arrays": "_arrays",
    "digits": "_digits",
    "multidigits": "_digits",
}

__all__ = [
    "Mixture",
    "Mixtures",
    "equal",
    "proportional",
    "temperature",
    "given",
    "FRACTIONS",
    "random_split",
    "group_split",
    "time_split",
    "column_split",
    "Dataset",
    "Prepared",
    "Encoder",
    "TargetEncoder",
    "TensorEncoder",
    "Tensors",
    "from_arrays",
    "digits",
    "multidigits",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module `sharewise.mixing` has no attribute `{name}`")
    return getattr(import_module(f"sharewise.mixing.{_LAZY[name]}"), name)

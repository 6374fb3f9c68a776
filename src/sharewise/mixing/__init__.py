"""Mixing: data of several tasks, divided into roles, prepared, and mixed into batches."""

from importlib import import_module
from typing import TYPE_CHECKING

from sharewise.mixing._dataset import Dataset, Encoder, Prepared
from sharewise.mixing._folds import fold_split
from sharewise.mixing._inputs import TensorEncoder
from sharewise.mixing._made import ScaledError, planted
from sharewise.mixing._mixture import Mixture, Mixtures, by_task
from sharewise.mixing._plans import equal, given, proportional, temperature
from sharewise.mixing._seeds import seeded
from sharewise.mixing._splits import FRACTIONS, column_split, group_split, random_split, time_split
from sharewise.mixing._targets import TargetEncoder
from sharewise.mixing._tensors import Tensors

if TYPE_CHECKING:
    from sharewise.mixing._arrays import from_arrays
    from sharewise.mixing._clusters import around_centres, in_subspaces, planted_groups
    from sharewise.mixing._columns import Columns
    from sharewise.mixing._digits import digits, multidigits
    from sharewise.mixing._encoder import TableEncoder
    from sharewise.mixing._features import Feature, FeatureEncoder
    from sharewise.mixing._findings import Finding
    from sharewise.mixing._kinds import infer_kind
    from sharewise.mixing._labelled import Choice
    from sharewise.mixing._read import read_table
    from sharewise.mixing._table import Table

# Read when first asked for: they need pandas, SciPy or scikit-learn, and samplers and splits must not.
_LAZY = {
    "read_table": "_read",
    "Table": "_table",
    "Columns": "_columns",
    "Choice": "_labelled",
    "infer_kind": "_kinds",
    "TableEncoder": "_encoder",
    "Feature": "_features",
    "FeatureEncoder": "_features",
    "Finding": "_findings",
    "from_arrays": "_arrays",
    "around_centres": "_clusters",
    "in_subspaces": "_clusters",
    "planted_groups": "_clusters",
    "digits": "_digits",
    "multidigits": "_digits",
}

__all__ = [
    "Mixture",
    "Mixtures",
    "by_task",
    "equal",
    "proportional",
    "temperature",
    "given",
    "FRACTIONS",
    "random_split",
    "group_split",
    "fold_split",
    "seeded",
    "time_split",
    "column_split",
    "Dataset",
    "Prepared",
    "Encoder",
    "TargetEncoder",
    "TensorEncoder",
    "Tensors",
    "from_arrays",
    "read_table",
    "Table",
    "Columns",
    "Choice",
    "infer_kind",
    "TableEncoder",
    "Feature",
    "FeatureEncoder",
    "Finding",
    "digits",
    "multidigits",
    "planted",
    "ScaledError",
    "around_centres",
    "in_subspaces",
    "planted_groups",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module `sharewise.mixing` has no attribute `{name}`")
    return getattr(import_module(f"sharewise.mixing.{_LAZY[name]}"), name)

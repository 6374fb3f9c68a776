"""Types that every room speaks: batches, losses, splits, records and the shapes of methods."""

from sharewise._core._batch import Batch, Tree, map_tree, take_rows
from sharewise._core._errors import InputError
from sharewise._core._losses import Losses
from sharewise._core._methods import Aggregator, Objective, Weighting
from sharewise._core._noise import uniform
from sharewise._core._record import Record
from sharewise._core._split import ROLES, Role, Split

__all__ = [
    "Batch",
    "Tree",
    "map_tree",
    "take_rows",
    "Losses",
    "Split",
    "Role",
    "ROLES",
    "Record",
    "Objective",
    "Weighting",
    "Aggregator",
    "InputError",
    "uniform",
]

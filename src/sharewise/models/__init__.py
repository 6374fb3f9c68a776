"""Networks for several tasks: what is shared, and what belongs to one task.

Every model is called as `model(inputs, task=None, row=None)` and returns outputs by kind of task.
"""

from sharewise.models._conv import ConvTrunk
from sharewise.models._heads import Heads
from sharewise.models._mlp import MLP, Residual
from sharewise.models._multitask import Independent, MultiTask
from sharewise.models._numeric import Periodic, PiecewiseLinear
from sharewise.models._stacked import Stacked, stack
from sharewise.models._table import TableTrunk

__all__ = [
    "MultiTask",
    "Independent",
    "Heads",
    "Stacked",
    "stack",
    "MLP",
    "Residual",
    "ConvTrunk",
    "TableTrunk",
    "PiecewiseLinear",
    "Periodic",
]

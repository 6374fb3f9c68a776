"""Networks for several tasks: what is shared, and what belongs to one task.

Every model is called as `model(inputs, task=None, row=None)` and returns outputs by kind of task. Two ideas cover most
of the literature: experts with a router (`Experts`), and features conditioned on a description of the task
(`Conditioned`).
"""

from sharewise.models._branched import branched
from sharewise.models._condition import (
    Condition,
    ConditionalNorm,
    FeatureGate,
    FiLM,
    Hypernetwork,
    LowRank,
    Scale,
    Shift,
)
from sharewise.models._conditioned import Conditioned, Mixture
from sharewise.models._conv import ConvTrunk
from sharewise.models._cost import Cost, cost, count_operations, count_parameters, solve_width
from sharewise.models._dselect import DSelectK, choice_penalty
from sharewise.models._experts import Experts
from sharewise.models._factorised_stack import FactorisedStack
from sharewise.models._fixed import CrossStitch, Own, Polytropon, SharedBottom, Sluice
from sharewise.models._forms import (
    adatt,
    cgc,
    conditioned,
    cross_stitch,
    described,
    dselect,
    factorised,
    independent,
    mmoe,
    one_gate,
    ple,
    polytropon,
    shared_bottom,
    sluice,
    stem,
)
from sharewise.models._grouped import Grouped, grouped, join_groups
from sharewise.models._heads import Heads
from sharewise.models._health import Use, copy_distances, expert_use, health, sharing_records
from sharewise.models._level import Level
from sharewise.models._life import Model, add_task, export_task, remove_task
from sharewise.models._mlp import MLP, Residual
from sharewise.models._multitask import Independent, MultiTask
from sharewise.models._numeric import Periodic, PiecewiseLinear
from sharewise.models._penalties import (
    Ramp,
    laplacian,
    nuclear,
    nuclear_unfolded,
    overlap_penalty,
    soften,
    subspace_overlap,
    to_mean,
)
from sharewise.models._pretrained import freeze, parameter_groups
from sharewise.models._route import route
from sharewise.models._router import Router
from sharewise.models._routers import CGC, AdaTT, Described, MMoE, OneGate, own_and_shared
from sharewise.models._shared_heads import SharedHeads
from sharewise.models._slices import TaskSlices
from sharewise.models._stacked import Stacked, stack
from sharewise.models._stacked_linear import Factorised, StackedLinear
from sharewise.models._stitched import Stitched
from sharewise.models._table import TableEmbedding, TableTrunk

__all__ = [
    # models
    "MultiTask",
    "Independent",
    "Grouped",
    "Experts",
    "Conditioned",
    "Stitched",
    "Model",
    # heads
    "Heads",
    "SharedHeads",
    # trunks
    "MLP",
    "Residual",
    "ConvTrunk",
    "TableTrunk",
    "TableEmbedding",
    "PiecewiseLinear",
    "Periodic",
    # copies on a leading axis
    "Stacked",
    "stack",
    "StackedLinear",
    "Factorised",
    "FactorisedStack",
    # experts and routers
    "route",
    "Router",
    "Level",
    "SharedBottom",
    "Own",
    "OneGate",
    "MMoE",
    "CGC",
    "own_and_shared",
    "DSelectK",
    "AdaTT",
    "Described",
    "CrossStitch",
    "Sluice",
    "Polytropon",
    # forms of sharing, ready made
    "independent",
    "factorised",
    "grouped",
    "conditioned",
    "shared_bottom",
    "branched",
    "one_gate",
    "mmoe",
    "described",
    "cgc",
    "ple",
    "adatt",
    "stem",
    "dselect",
    "polytropon",
    "cross_stitch",
    "sluice",
    # conditioning
    "Condition",
    "Shift",
    "Scale",
    "FiLM",
    "FeatureGate",
    "ConditionalNorm",
    "LowRank",
    "Hypernetwork",
    "Mixture",
    # soft sharing
    "to_mean",
    "laplacian",
    "nuclear",
    "nuclear_unfolded",
    "subspace_overlap",
    "overlap_penalty",
    "soften",
    "choice_penalty",
    "Ramp",
    # budget, life, health, pretrained trunks
    "Cost",
    "cost",
    "count_parameters",
    "count_operations",
    "solve_width",
    "add_task",
    "remove_task",
    "join_groups",
    "export_task",
    "TaskSlices",
    "Use",
    "expert_use",
    "health",
    "copy_distances",
    "sharing_records",
    "freeze",
    "parameter_groups",
]

"""Grouping: which tasks to train together. Affinities propose groups, searches find the best, retraining confirms."""

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._blend import blend
from sharewise.grouping._choice import Choice, Rules, choose_contender
from sharewise.grouping._confirm import skills_of
from sharewise.grouping._contenders import ALONE, RANDOM, TOGETHER, Contender
from sharewise.grouping._cosine import gradient_cosine
from sharewise.grouping._cover import Candidate, best_networks
from sharewise.grouping._direct import leave_one_out, mean_error, pairs, random_groups, random_subsets, table
from sharewise.grouping._explore import Estimate, explore, method_names
from sharewise.grouping._gains import Gains
from sharewise.grouping._group import GROUPING, group
from sharewise.grouping._grouping import Grouping, Standing
from sharewise.grouping._linearised import linearised, linearised_gains
from sharewise.grouping._lookahead import LookaheadProbe, lookahead, lookahead_affinity
from sharewise.grouping._pairs import Served, pair_networks, pair_partition
from sharewise.grouping._partition import Group, Partition, best_partition
from sharewise.grouping._place import Option, Placement, place_task
from sharewise.grouping._plan import check_grouping
from sharewise.grouping._propose import centred, predicted, propose
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.grouping._recommended import Effort, anchored, estimate_gains, model_gains
from sharewise.grouping._similarity import cka, representation_similarity
from sharewise.grouping._subsets import SubsetLosses, all_but, all_subsets, losses_of, subset_plan, train_subsets
from sharewise.grouping._surrogate import Surrogate, fit_surrogate
from sharewise.grouping._work import Work

__all__ = [
    "Affinity",
    "Gains",
    "estimate_gains",
    "Effort",
    "blend",
    "model_gains",
    "anchored",
    "pairs",
    "leave_one_out",
    "random_subsets",
    "lookahead_affinity",
    "lookahead",
    "LookaheadProbe",
    "linearised",
    "linearised_gains",
    "gradient_cosine",
    "representation_similarity",
    "cka",
    "fit_surrogate",
    "Surrogate",
    "SubsetLosses",
    "train_subsets",
    "subset_plan",
    "losses_of",
    "all_subsets",
    "all_but",
    "random_groups",
    "mean_error",
    "table",
    "best_partition",
    "pair_partition",
    "pair_networks",
    "best_networks",
    "Candidate",
    "Served",
    "Group",
    "Partition",
    "group",
    "check_grouping",
    "Grouping",
    "GroupingProtocol",
    "GROUPING",
    "Standing",
    "Contender",
    "TOGETHER",
    "ALONE",
    "RANDOM",
    "explore",
    "Estimate",
    "method_names",
    "place_task",
    "Placement",
    "Option",
    "propose",
    "centred",
    "predicted",
    "Choice",
    "Rules",
    "choose_contender",
    "skills_of",
    "Work",
]

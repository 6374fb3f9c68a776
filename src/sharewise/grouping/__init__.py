"""Grouping: which tasks to train together. Affinities propose groups, and searches find the best of them."""

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._cosine import gradient_cosine
from sharewise.grouping._cover import Candidate, best_networks
from sharewise.grouping._direct import leave_one_out, mean_error, pairs, random_groups, random_subsets, table
from sharewise.grouping._gains import Gains
from sharewise.grouping._linearised import linearised, linearised_gains
from sharewise.grouping._lookahead import LookaheadProbe, lookahead, lookahead_affinity
from sharewise.grouping._pairs import Served, pair_networks, pair_partition
from sharewise.grouping._partition import Group, Partition, best_partition
from sharewise.grouping._recommended import Effort, anchored, blend, estimate_gains
from sharewise.grouping._similarity import cka, representation_similarity
from sharewise.grouping._subsets import SubsetLosses, all_but, all_subsets, losses_of, subset_plan, train_subsets
from sharewise.grouping._surrogate import Surrogate, fit_surrogate

__all__ = [
    "Affinity",
    "Gains",
    "estimate_gains",
    "Effort",
    "blend",
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
]

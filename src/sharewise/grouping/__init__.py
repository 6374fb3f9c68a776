"""Grouping: which tasks to train together. Affinities propose groups, searches find the best, retraining confirms."""

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._choice import Choice, Rules, choose_contender
from sharewise.grouping._contenders import ALONE, RANDOM, TOGETHER, Contender
from sharewise.grouping._cover import Candidate, best_networks
from sharewise.grouping._group import GROUPING, group
from sharewise.grouping._grouping import Grouping, Standing
from sharewise.grouping._pairs import Served, pair_networks, pair_partition
from sharewise.grouping._partition import Group, Partition, best_partition
from sharewise.grouping._plan import check_grouping
from sharewise.grouping._propose import centred, predicted, propose
from sharewise.grouping._protocol import GroupingProtocol

__all__ = [
    "Affinity",
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
    "propose",
    "centred",
    "predicted",
    "Choice",
    "Rules",
    "choose_contender",
]

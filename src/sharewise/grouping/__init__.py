"""Grouping: which tasks to train together. Affinities propose groups, and searches find the best of them."""

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._cover import Candidate, best_networks
from sharewise.grouping._pairs import Served, pair_networks, pair_partition
from sharewise.grouping._partition import Group, Partition, best_partition

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
]

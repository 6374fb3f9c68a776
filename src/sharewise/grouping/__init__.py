"""Grouping: which tasks to train together. So far: the exact search over partitions with known scores."""

from sharewise.grouping._partition import Group, Partition, best_partition

__all__ = ["best_partition", "Group", "Partition"]

"""Objectives: the losses of the tasks to one scalar."""

from sharewise.objectives._fixed import Mean, Sum, Weighted
from sharewise.objectives._minmax import MinMax

__all__ = ["Sum", "Mean", "Weighted", "MinMax"]

"""Diagnosis: why sharing hurts or helps. So far: on which rows the harm sits."""

from sharewise.diagnosis._gaps import Gaps, split_gap

__all__ = ["Gaps", "split_gap"]

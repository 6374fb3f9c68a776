"""Scikit-learn estimators: a table or array with several targets to one fitted object."""

from sharewise.estimators._estimator import MultiTaskEstimator

__all__ = ["MultiTaskEstimator"]

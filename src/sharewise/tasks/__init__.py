"""Tasks: kinds, losses per row, metrics, predictions, and relations between tasks."""

from sharewise.tasks._classification import (
    accuracy,
    auroc,
    auroc_macro,
    average_precision,
    average_precision_macro,
    balanced_accuracy,
    brier,
    f1,
    f1_macro,
    log_loss,
)
from sharewise.tasks._criterion import Criterion
from sharewise.tasks._custom import Custom
from sharewise.tasks._floor import constant_losses, constant_scores, constants, skill
from sharewise.tasks._kind import Kind
from sharewise.tasks._kinds import Binary, Count, Multiclass, Multilabel, Regression
from sharewise.tasks._labels import Labels, labels
from sharewise.tasks._means import d2, mae, r2, rmse
from sharewise.tasks._metric import Metric
from sharewise.tasks._order import InformationTransfer, calibration
from sharewise.tasks._predictions import evaluate, predictions
from sharewise.tasks._relations import Complement, Product, Relation, Relations, Within, conjunction, restrict
from sharewise.tasks._task import Task, kind_index

__all__ = [
    "Task",
    "Kind",
    "Regression",
    "Binary",
    "Multiclass",
    "Multilabel",
    "Count",
    "Custom",
    "kind_index",
    "Labels",
    "labels",
    "Criterion",
    "predictions",
    "evaluate",
    "constants",
    "constant_losses",
    "constant_scores",
    "skill",
    "conjunction",
    "Relation",
    "Product",
    "Complement",
    "Relations",
    "Within",
    "restrict",
    "calibration",
    "InformationTransfer",
    "Metric",
    "r2",
    "rmse",
    "mae",
    "d2",
    "auroc",
    "average_precision",
    "log_loss",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "brier",
    "auroc_macro",
    "average_precision_macro",
    "f1_macro",
]

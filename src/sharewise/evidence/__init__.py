"""Evidence: intervals of paired differences, verdicts, measures, and reference models that users have."""

from sharewise.evidence._adjust import benjamini_hochberg, holm
from sharewise.evidence._bootstrap import bca_interval
from sharewise.evidence._choice import Contrasts, choose, choose_one, margin
from sharewise.evidence._control import Decomposition, shuffle_control
from sharewise.evidence._holdout import holdout_interval, pseudo_values
from sharewise.evidence._importance import Importance, importances
from sharewise.evidence._interval import Interval, resampled_interval, t_interval
from sharewise.evidence._measures import delta_m, gain, mean_rank
from sharewise.evidence._paired import paired_interval, shared_rows
from sharewise.evidence._pooled import pooled_trees
from sharewise.evidence._problems import Arrays, Predictions
from sharewise.evidence._ranking import Ranking, friedman, wilcoxon_holm
from sharewise.evidence._recovered import recovered
from sharewise.evidence._references import Reference, reference_records
from sharewise.evidence._replicates import replicates_needed
from sharewise.evidence._ridge import ridge
from sharewise.evidence._scores import FinalScores, Runs, SelectScores
from sharewise.evidence._tables import table_arrays
from sharewise.evidence._trees import chained_trees, trees
from sharewise.evidence._verdict import Verdict, Word, p_outside, p_zero, verdicts

__all__ = [
    "Interval",
    "t_interval",
    "resampled_interval",
    "paired_interval",
    "shared_rows",
    "holdout_interval",
    "pseudo_values",
    "bca_interval",
    "Runs",
    "SelectScores",
    "FinalScores",
    "choose",
    "choose_one",
    "margin",
    "Contrasts",
    "Word",
    "Verdict",
    "verdicts",
    "p_zero",
    "p_outside",
    "benjamini_hochberg",
    "holm",
    "gain",
    "delta_m",
    "mean_rank",
    "Ranking",
    "friedman",
    "wilcoxon_holm",
    "replicates_needed",
    "recovered",
    "Decomposition",
    "shuffle_control",
    "Arrays",
    "table_arrays",
    "Importance",
    "importances",
    "Predictions",
    "Reference",
    "reference_records",
    "trees",
    "pooled_trees",
    "chained_trees",
    "ridge",
]

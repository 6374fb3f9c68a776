"""The parts of a summary: effects, treatments, and what the pictures are drawn from."""

import math
from dataclasses import dataclass, field
from typing import TypeAlias, final

from sharewise.evidence import Word

Table: TypeAlias = tuple[tuple[float, ...], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A mean paired difference on test rows, positive where it is better; unknown is NaN.

    Args:
        estimate: the mean over replicates.
        low: lower end of its interval.
        high: upper end.
        verdict: what interval and margin say together.
    """

    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    verdict: Word = "UNDETERMINED"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentSummary:
    """What a study found about one treatment, over all tasks.

    Args:
        name: such as `alone`, `together`, `weighted`.
        what: in words.
        networks: how many serve all tasks.
        parameters: of all of them.
        trained: networks trained for it in the whole study.
        seconds: they took, on one thread each.
        memory: most memory that a process training them held, in MiB.
        gain: mean over the tasks of the difference to alone, each as a share of the way from the constant predictor to
            a perfect score; its verdict has the study's margin, a share of that way, too.
        delta_m: mean over the tasks of the relative difference to alone (Maninis et al. 2019); its verdict is unused.
        rank: mean rank over the tasks among the treatments, 1 the best.
    """

    name: str
    what: str
    networks: int
    parameters: int
    trained: int
    seconds: float
    memory: float = math.nan
    gain: Effect = field(default_factory=Effect)
    delta_m: Effect = field(default_factory=Effect)
    rank: float = math.nan


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Which task helps which, measured by retraining on select rows. Rows: who is helped; columns: by whom.

    All numbers are shares of the way from the constant predictor to a perfect score; the diagonals are NaN.

    Args:
        tasks: names, in the order of rows and columns.
        pairs: score of the row's task trained with the column's task alone, less its score trained alone.
        pairs_se: standard errors over the replicates.
        without: score of the row's task with all tasks, less its score with all but the column's task.
        without_se: standard errors over the replicates.
    """

    tasks: tuple[str, ...]
    pairs: Table
    pairs_se: Table
    without: Table
    without_se: Table


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Mean scores of one setting of a joint treatment on select rows: a point of the trade-off between tasks.

    Args:
        treatment: its name; `alone` stands for the tuned networks of single tasks.
        setting: which of its settings; -1 for alone.
        scores: task -> share of the way from the constant predictor to a perfect score.
    """

    treatment: str
    setting: int
    scores: dict[str, float]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Test rows of the first replicate with like predictions: for calibration and residuals.

    Args:
        predicted: mean prediction: a probability, or a number in the task's unit.
        observed: mean of what was observed: a share, or a number in the task's unit.
        low: of probabilities, the lower end of the 95 % interval of that share; of numbers, the 10 % quantile observed.
        high: upper end, or the 90 % quantile.
        count: rows.
    """

    predicted: float
    observed: float
    low: float
    high: float
    count: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A training behind the scores.

    Args:
        number: its place in the plan, as in the column `run` of the records.
        file: name of its file in the folder `runs`.
        treatment: of the study.
        trained: names of the tasks, or `all`.
        replicate: counted from 0.
        learning_rate: of the setting that tuning chose.
        weight_decay: likewise.
        steps: done.
        best_step: of the kept state.
        seconds: they took.
    """

    number: int
    file: str
    treatment: str
    trained: str
    replicate: int
    learning_rate: float
    weight_decay: float
    steps: int
    best_step: int
    seconds: float

"""What a finished study knows: the numbers and words from which its report is written."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias, final

from pydantic import TypeAdapter

from sharewise._core import InputError
from sharewise.evidence import Word
from sharewise.study._parts import Bin, Effect, Point, RunSummary, Table, Transfer, TreatmentSummary

Arm: TypeAlias = str
_Json: TypeAlias = Any  # what json reads and writes, and tuples
FORMAT = 2
ENDLESS = "no number"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """What a study found about one task. Scores are on test rows, in the task's primary metric; unknown is NaN.

    Args:
        name: the task.
        kind: its kind in words, such as `binary`.
        metric: name of its primary metric, the score.
        higher_is_better: direction of the score.
        floor: score of the best constant predictor.
        alone: mean score over replicates of the network trained on this task alone.
        together: mean score of the network trained on all tasks.
        difference: mean paired difference, signed so that positive means: together is better.
        low: lower end of the interval of `difference`.
        high: its upper end.
        margin: differences smaller than this do not matter.
        verdict: what the interval and the margin say together.
        chosen: the treatment from which the chosen model takes this task, decided on the select rows.
        references: score of each model outside the study, by name.
        together_best_checkpoint: score of together if each task could stop at its own best step.
        labels: number of labels in each data role.
        missing: share of rows without a label of this task, 0 to 1.
        scores: score of every replicate, by arm, in the same order of replicates.
        extra: mean of the further metrics, by arm and metric.
        needed: replicates expected to decide an undetermined verdict; infinite where only more rows can.
        effects: differences of further treatments to alone, by treatment; and under `information` the difference of
            together to shuffled: what the other tasks' labels tell.
        runs: numbers of the runs behind `scores`, by arm, in the same order.
        bins: predictions against observations, by arm.

    Example:
        >>> task = TaskSummary(name="age", kind="regression", metric="r2", higher_is_better=True, floor=0.0, alone=0.61,
        ...     together=0.64, difference=0.03, low=0.01, high=0.05, margin=0.01, verdict="HELPS", chosen="together")
        >>> task.needed
        nan
    """

    name: str
    kind: str
    metric: str
    higher_is_better: bool
    floor: float
    alone: float
    together: float
    difference: float
    low: float
    high: float
    margin: float
    verdict: Word
    chosen: Arm
    references: dict[str, float] = field(default_factory=dict)
    together_best_checkpoint: float = math.nan
    labels: dict[str, int] = field(default_factory=dict)
    missing: float = math.nan
    scores: dict[str, tuple[float, ...]] = field(default_factory=dict)
    extra: dict[str, dict[str, float]] = field(default_factory=dict)
    needed: float = math.nan
    effects: dict[str, Effect] = field(default_factory=dict)
    runs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    bins: dict[str, tuple[Bin, ...]] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a finished study knows, without its records.

    Args:
        name: the data set.
        tasks: one entry per task, in the order of the study.
        replicates: number of paired replicates.
        covers: what the intervals speak of, as the end of the sentence "The intervals cover ...".
        level: coverage of the intervals, 0 to 1.
        protocol: how it was measured, label -> text (budget of tuning, splits, optimiser, ...).
        findings: what reading the columns brought up: `column`, `what`, `detail`, `severity`.
        timing: seconds by part of the study; `total` is the whole.
        rows: number of rows in each data role.
        command: the command that repeats the study.
        versions: of the software, by name.
        mixing: rows seen per task or source in one joint training.
        model: the chosen model, in words.
        notes: limitations the reader must know.
        fingerprint: of the data.
        treatments: one entry per treatment, `alone` first.
        transfer: which task helps which, or None where it was not measured.
        points: settings of the joint treatments, as points of the trade-off between tasks.
        overlap: [K][K], share of the labelled rows of the row's task that have a label of the column's task too.
        runs: the runs behind the scores.
        left_out: what a stated budget of time left out.

    Example:
        >>> summary = Summary(name="adult", tasks=(), replicates=5, covers="this split's models")
        >>> Summary.from_json(summary.to_json()) == summary
        True
    """

    name: str
    tasks: tuple[TaskSummary, ...]
    replicates: int
    covers: str
    level: float = 0.95
    protocol: dict[str, str] = field(default_factory=dict)
    findings: tuple[dict[str, str], ...] = ()
    timing: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    mixing: dict[str, int] = field(default_factory=dict)
    model: str = ""
    notes: tuple[str, ...] = ()
    fingerprint: str = ""
    treatments: tuple[TreatmentSummary, ...] = ()
    transfer: Transfer | None = None
    points: tuple[Point, ...] = ()
    overlap: Table = ()
    runs: tuple[RunSummary, ...] = ()
    left_out: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The summary as strict JSON; numbers that are not finite become null."""
        fields = without_nan(asdict(self))
        for task, row in zip(self.tasks, fields["tasks"], strict=True):
            row["needed"] = ENDLESS if task.needed == math.inf else row["needed"]
        return json.dumps({"format": FORMAT, **fields}, indent=1, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> "Summary":
        """Read what `to_json` wrote; null becomes NaN.

        Raises:
            InputError: the text is no summary, or one of another format.
        """
        try:
            fields = _with_nan(json.loads(text))
            version = fields.pop("format")
        except (json.JSONDecodeError, AttributeError, KeyError) as error:
            raise InputError("this is no summary of a study; give the `summary.json` that a study wrote") from error
        if version != FORMAT:
            raise InputError(f"the summary has format {version}, this version reads {FORMAT}; run the study again")
        for task in fields["tasks"]:
            task["needed"] = math.inf if task["needed"] == ENDLESS else task["needed"]
        if not isinstance(fields["transfer"], dict):
            fields["transfer"] = None
        return TypeAdapter(Summary).validate_python(fields)


def without_nan(value: _Json) -> _Json:
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _with_nan(value: _Json) -> _Json:
    if isinstance(value, dict):
        return {key: _with_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_with_nan(item) for item in value)
    return math.nan if value is None else value

"""What a diagnosis found, in plain numbers and words."""

from dataclasses import dataclass, field
from typing import Any, Literal, final

from sharewise.diagnosis._benefits import Benefits
from sharewise.diagnosis._conditions import Conditions
from sharewise.diagnosis._gaps import Gaps
from sharewise.diagnosis._intervention import SEPARATED, Cause
from sharewise.evidence import Interval

ENOUGH, SURE = 0.5, 0.25  # share recovered that a remedy must have, and the lower end of its interval


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What an intervention recovers of what a task loses together.

    Losses are in units of the constant predictor's.

    Args:
        intervention: its name.
        causes: that it speaks for: one, or two where two interventions were combined.
        what: in words, after "with".
        rows: on which it is judged: the training rows where the loss sits there already, else the select rows.
        share: of the loss that it removes, with its interval; 1 is all.
        before: mean loss together minus alone on these rows, as it is.
        after: the same with the intervention.
        select: share removed on the select rows.
        test: share removed on the test rows; it decides nothing.
        moved: how much of what it removes other tasks pay for, as a share of it.
        enough: it is accepted as a remedy: it removes more than half, surely more than a quarter, and no more than half
            of that is paid for by other tasks.
        run: the joint training that it stands for, as a row of a plan; empty where no single training does it.
    """

    intervention: str
    causes: tuple[Cause, ...]
    what: str
    rows: Literal["train", "select"]
    share: Interval
    before: float
    after: float
    select: Interval
    test: Interval
    moved: float = 0.0
    enough: bool = False
    run: dict[str, Any] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDiagnosis:
    """What was found about one task.

    Args:
        name: the task.
        alone: mean loss alone on the select rows, in units of the constant predictor's.
        together: mean loss together.
        harm: loss together minus alone on the select rows; positive is worse together.
        test: the same on the test rows; it decides nothing.
        gaps: where the harm sits.
        hurt: whether the harm is surely there, and at least the margin.
        recoveries: what each intervention recovers: those that are enough first, cheapest first, then the others by
            their share. Empty where the task is not hurt.
        matched: loss together minus that of networks alone with as many parameters in all, on the select rows.
        hints: cheap signals in words. They decide nothing.
    """

    name: str
    alone: float
    together: float
    harm: Interval
    test: Interval
    gaps: Gaps
    hurt: bool
    recoveries: tuple[Recovery, ...] = ()
    matched: Interval | None = None
    hints: tuple[str, ...] = ()

    @property
    def causes(self) -> tuple[tuple[Cause, ...], ...]:
        """Established causes, cheapest remedy first; empty: the task is not hurt, or no experiment can tell.

        Sharing less removes any harm. It speaks for contradiction only where everything else is surely not enough.
        """
        found = dict.fromkeys(each.causes for each in self.recoveries if each.enough)
        others = tuple(causes for causes in found if causes != (SEPARATED,))
        ruled_out = all(each.share.high < ENOUGH for each in self.recoveries if each.causes != (SEPARATED,))
        return others or (tuple(found) if ruled_out else ())

    @property
    def remedy(self) -> Recovery | None:
        """Of what removes the first cause, the intervention that recovers most on the select rows.

        None where the task is not hurt, nothing is enough, or no single training does it.
        """
        able = [each for each in self.recoveries if each.enough and each.run and each.causes in self.causes[:1]]
        return max(able, key=lambda each: each.select.estimate, default=None)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A finished diagnosis.

    Args:
        name: of the data set.
        tasks: one entry for each task.
        replicates: paired repetitions.
        covers: what the intervals speak of, as the end of the sentence "The intervals cover ...".
        level: probability of claiming harm where there is none.
        margin: smallest harm that matters.
        interventions: names of all that were tried, cheapest first.
        rows: number of rows in each data role.
        seconds: spent on training, on one thread each.
        command: that repeats it.
        notes: what the reader must know.
        conditions: of successful sharing, looked at before training is spent; None: not looked at.
        benefits: of sharing, each a number with an interval; None: not measured.
    """

    name: str
    tasks: tuple[TaskDiagnosis, ...]
    replicates: int
    covers: str
    level: float
    margin: float
    interventions: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    command: str = ""
    notes: tuple[str, ...] = ()
    conditions: Conditions | None = None
    benefits: Benefits | None = None

    @property
    def hurt(self) -> tuple[TaskDiagnosis, ...]:
        """The tasks that are worse together."""
        return tuple(task for task in self.tasks if task.hurt)

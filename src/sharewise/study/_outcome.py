"""Everything that a study found, before it is put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, final

from sharewise.evidence import FinalScores, Verdict
from sharewise.mixing import Dataset
from sharewise.runs import Finished, Run
from sharewise.study._analysis import Decision
from sharewise.study._parts import Point, Transfer
from sharewise.study._protocol import Protocol
from sharewise.study._treatments import Treatment

Results: TypeAlias = Sequence[tuple[Run, Finished]]
References: TypeAlias = Sequence[tuple[str, int, Finished]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that a study found, before it is put into words.

    Args:
        dataset: what was studied.
        protocol: how.
        treatments: the arms.
        results: all runs, in the order of the plan.
        best: tuned runs.
        references: names, replicates and finished outside models.
        decision: made on the select rows.
        final: scores on test rows.
        verdicts: read off the test rows, by task.
        transfer: which task helps which.
        points: settings of joint treatments, as points of the trade-off between tasks.
        command: what repeats the study.
        seconds: spent, by part.
        left_out: what a budget of time left out.
        reasons: form of networks -> why they could not be trained as one tensor program.
    """

    dataset: Dataset
    protocol: Protocol
    treatments: Sequence[Treatment]
    results: Results
    best: Results
    references: References
    decision: Decision
    final: FinalScores
    verdicts: Mapping[str, Verdict]
    transfer: Transfer | None
    points: tuple[Point, ...]
    command: str
    seconds: Mapping[str, float]
    left_out: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[int, int]:
        """Identity of a finished run -> its number: its place in the plan; outside models come after."""
        everything = [*(finished for _, finished in self.results), *(finished for _, _, finished in self.references)]
        return {id(finished): place for place, finished in enumerate(everything)}

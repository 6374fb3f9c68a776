"""What a grouping found, as plain numbers that can be stored."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, final

import numpy as np

from sharewise.evidence import Interval, Verdict
from sharewise.grouping._affinity import Affinity
from sharewise.grouping._contenders import ALONE, TOGETHER, Contender

Numbers: TypeAlias = tuple[float, ...]


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """One contender, retrained.

    Args:
        contender: its networks.
        width: of their trunks.
        parameters: of all of them at inference.
        skill: mean over tasks and replicates on test rows: 1 is perfect, 0 a constant prediction.
        skills: of each task, in the order of the grouping's tasks.
        select: mean skill on the select rows less that of the better one of together and alone; None for that one.
        promised: gain of each task against alone that the affinities predict, as a share of the loss; nan: none.
        gains: the same, confirmed on test rows: estimate, low and high end.
        seconds: that its trainings took, on one thread.
    """

    contender: Contender
    width: int
    parameters: int
    skill: float
    skills: Numbers
    select: Interval | None
    promised: Numbers
    gains: tuple[tuple[float, float, float], ...]
    seconds: float


@final
@dataclass(frozen=True, slots=True)
class Grouping:
    """A finished grouping: what was estimated, what was retrained, and what won.

    Args:
        name: of the data.
        tasks: K names, in the order of the data.
        affinity: the estimates that proposed.
        standings: every contender that was retrained.
        chosen: name of the recommended one, chosen on select rows.
        baseline: the better one of together and alone on select rows.
        verdicts: other contender (or "random", the mean of them) -> verdict on the chosen one's gain over it in mean
            skill, on test rows.
        against: what the chosen contender is compared with task by task: the baseline, or the other simple one.
        tasks_verdicts: task -> verdict on the chosen contender against that one, on test rows.
        equal: "parameters" or "networks".
        left_out: contender -> why it could not be retrained.
        replicates: of the confirmation.
        trials: settings tried for each network.
        margin: smallest difference that matters, in skill.
        level: probability of a false claim.
        covers: what the intervals speak of.
        rows: role -> number of rows in the first replicate.
        seconds: part -> seconds on one thread.
        command: that repeats it.
    """

    name: str
    tasks: tuple[str, ...]
    affinity: Affinity
    standings: tuple[Standing, ...]
    chosen: str
    baseline: str
    verdicts: Mapping[str, Verdict]
    against: str
    tasks_verdicts: Mapping[str, Verdict]
    equal: str
    left_out: Mapping[str, str]
    replicates: int
    trials: int
    margin: float
    level: float
    covers: str
    rows: Mapping[str, int]
    seconds: Mapping[str, float]
    command: str = ""

    def standing(self, name: str) -> Standing:
        """A contender by its name."""
        return next(each for each in self.standings if each.contender.name == name)

    @property
    def recommended(self) -> Contender:
        """The networks to train."""
        return self.standing(self.chosen).contender

    def answer(self) -> str:
        """The recommendation in one sentence."""
        if self.chosen == TOGETHER:
            return f"No groups: train all {len(self.tasks)} tasks together."
        if self.chosen == ALONE:
            return f"No groups: train each of the {len(self.tasks)} tasks alone."
        groups = [" + ".join(sorted(each.serves)) for each in self.recommended.networks]
        many = f"Train {len(groups)} groups"
        return f"{many}: {'; '.join(groups)}." if len(self.tasks) <= 20 else f"{many} of tasks."

    def to_json(self) -> str:
        """Everything as text."""
        row = asdict(self) | {
            "affinity": asdict(self.affinity)
            | {name: getattr(self.affinity, name).tolist() for name in ("values", "errors")},
            "standings": [asdict(each) | {"contender": each.contender.describe()} for each in self.standings],
        }
        return json.dumps(row, indent=1)

    @staticmethod
    def from_json(text: str) -> "Grouping":
        """What `to_json` wrote."""
        row = json.loads(text)
        found = row["affinity"]
        tables = {name: np.array(found[name], dtype=np.float64) for name in ("values", "errors")}
        affinity = Affinity(**(found | tables | {"tasks": tuple(found["tasks"])}))
        verdicts = {part: _verdicts(row[part]) for part in ("verdicts", "tasks_verdicts")}
        standings = tuple(_standing(each) for each in row["standings"])
        return Grouping(
            **(row | verdicts | {"affinity": affinity, "standings": standings, "tasks": tuple(row["tasks"])})
        )


def _verdicts(rows: Mapping[str, dict[str, Any]]) -> dict[str, Verdict]:
    return {name: Verdict(**(each | {"interval": Interval(**each["interval"])})) for name, each in rows.items()}


def _standing(row: dict[str, Any]) -> Standing:
    parts = {
        "contender": Contender.from_description(row["contender"]),
        "select": None if row["select"] is None else Interval(**row["select"]),
        "skills": tuple(row["skills"]),
        "promised": tuple(row["promised"]),
        "gains": tuple((low, middle, high) for low, middle, high in row["gains"]),
    }
    return Standing(**(row | parts))

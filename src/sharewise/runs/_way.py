"""The way to run a plan: how many runs in a tensor program, how many processes, and how long it will take."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias, final

from sharewise.runs._run import Run

STARTUP = 4.0  # seconds until worker processes run: they import torch and get the data

Rows: TypeAlias = tuple[Run, ...]


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """How runs of one form are performed, and what one of them takes on one thread, in seconds.

    Args:
        population: runs in one tensor program at most; 1: one by one.
        step: of a run's optimisation step.
        evaluation: of a run's evaluation on its validation rows.
        around: of what a run needs once, before its first step and after its last.
        reason: why these runs cannot be stacked; empty: they can.

    Example:
        >>> pace = Pace(population=12, step=0.001, evaluation=0.002, around=0.01)
        >>> round(pace.seconds(Run("alone", ("a",), 0)), 6)
        1.09
    """

    population: int
    step: float
    evaluation: float
    around: float
    reason: str = ""

    def seconds(self, run: Run) -> float:
        """Of a run that does not stop early."""
        recipe = run.recipe
        evaluations = -(-recipe.steps // recipe.evaluate_every)
        return recipe.steps * self.step + evaluations * self.evaluation + self.around


@final
@dataclass(frozen=True, slots=True)
class Way:
    """The way to run a plan, measured before its first step and written down, so that it stays the same.

    Args:
        workers: processes of one thread.
        device: where networks are trained.
        paces: form of a run, see `form` -> how such runs are performed.
        prepare: seconds that the rows of a replicate take to prepare.

    Example:
        >>> run = Run("alone", ("a",), 0)
        >>> way = Way(2, "cpu", {form(run): Pace(12, 0.001, 0.002, 0.01)})
        >>> Way.from_description(way.describe()) == way
        True
    """

    workers: int
    device: str = "cpu"
    paces: Mapping[str, Pace] = field(default_factory=dict)
    prepare: float = 0.0

    def describe(self) -> dict[str, Any]:
        """The way as plain numbers and texts."""
        return asdict(self)

    @staticmethod
    def from_description(row: Mapping[str, Any]) -> "Way":
        """The way that `describe` described."""
        return Way(**{**row, "paces": {name: Pace(**pace) for name, pace in row["paces"].items()}})

    def reasons(self) -> dict[str, str]:
        """Why runs go one by one: form -> reason, for those that cannot be stacked."""
        return {name: pace.reason for name, pace in self.paces.items() if pace.reason}

    def seconds(self, plan: Sequence[Run]) -> float:
        """What the plan takes at most, that is if no run stops early: half of it is common.

        Args:
            plan: any runs of known forms, such as those that are left.
        """
        replicates = len({run.replicate for run in plan})
        parts = [sum(self.paces[form(run)].seconds(run) for run in part) for part in divide(plan, self)]
        return spread(parts, self.workers) + replicates * self.prepare


def spread(parts: Sequence[float], workers: int) -> float:
    """Seconds that parts take on some workers: their share of the work, and the longest wait for the last of them.

    Args:
        parts: seconds of each.
        workers: processes.

    Example:
        >>> spread([1.0] * 10, 1), spread([1.0] * 10, 2)
        (10.0, 9.5)
    """
    if workers == 1 or len(parts) < 2:
        return float(sum(parts))
    return STARTUP + sum(parts) / workers + (1 - 1 / workers) * max(parts)


def form(run: Run) -> str:
    """What decides how long a step takes, as far as the run tells: method, sharing, network and batch size.

    Example:
        >>> form(Run("alone", ("a",), 0))
        'Sum, hard, width 96, blocks 2, dropout 0.0, batch 128'
    """
    network = ", ".join(f"{name} {value}" for name, value in asdict(run.network).items())
    trunk = "" if run.trunk_rate == 1 else f", trunk rate {run.trunk_rate:g}"
    return f"{run.method}, {run.sharing}, {network}{trunk}, batch {run.recipe.batch_size}"


def divide(plan: Sequence[Run], way: Way) -> list[Rows]:
    """Parts of a plan that are performed at once: runs of one replicate, form and number of steps.

    It depends on the plan and the way alone, so that a study that is continued is divided in the same way; more
    replicates or settings add parts, and change none but the last, incomplete one of a form and replicate.

    Args:
        plan: runs of forms that the way knows.
        way: how many of each form go together.

    Example:
        >>> plan = [Run("alone", ("a",), replicate) for replicate in (0, 0, 0, 1)]
        >>> [len(part) for part in divide(plan, Way(1, "cpu", {form(plan[0]): Pace(2, 0.1, 0.1, 0.1)}))]
        [2, 1, 1]
    """
    replicates: dict[int, dict[tuple[object, ...], list[Run]]] = {}
    for run in plan:
        alike = replicates.setdefault(run.replicate, {})
        alike.setdefault((form(run), run.recipe.steps, run.recipe.evaluate_every), []).append(run)
    parts: list[Rows] = []
    for own in (rows for alike in replicates.values() for rows in alike.values()):
        size = way.paces[form(own[0])].population
        parts += [tuple(own[first : first + size]) for first in range(0, len(own), size)]
    return parts

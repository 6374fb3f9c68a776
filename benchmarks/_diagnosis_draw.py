"""One draw of made data with a planted cause, diagnosed: small networks, all replicates in one tensor program."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sharewise.diagnosis import Cause, Diagnosis, Setup, base_plan, examine
from sharewise.mixing import Tensors, planted
from sharewise.runs import Finished, Network, Perform, PerformTogether, Results, Run, Store

COMPANY = 64  # networks in one tensor program
GRID = tuple((rate, decay) for rate in (0.005, 0.01, 0.02, 0.04) for decay in (0.01, 0.3))
TUNED_ON = 900_000  # added to the number of a scenario: the seed of the data on which it is tuned


@dataclass(frozen=True)
class Scenario:
    """Made data, the network that is diagnosed on it, and the truth.

    Args:
        name: of the scenario.
        causes: that are planted; none: no harm is planted.
        data: arguments of `planted`.
        width: of the trunk's one hidden layer.
        sharing: form of sharing.
    """

    name: str
    causes: tuple[Cause, ...]
    data: dict[str, Any]
    width: int
    sharing: str = "hard"


@dataclass(frozen=True)
class Numbers:
    """How much is done.

    Args:
        replicates: in each diagnosis.
        steps: of each training at most.
    """

    replicates: int = 10
    steps: int = 300


def setup_of(scenario: Scenario, numbers: Numbers, settings: Sequence[tuple[float, float]]) -> Setup:
    """The baseline of a scenario."""
    return Setup(
        replicates=numbers.replicates,
        trials=len(settings),
        settings=tuple(settings),
        network=Network(scenario.width, 1),
        sharing=scenario.sharing,
        batch_size=32,
        steps=numbers.steps,
    )


def together(perform: Perform, plan: Sequence[Run], folder: Path) -> Results:
    """Perform a plan, networks of one form in one tensor program whatever their replicates."""
    forms: dict[str, list[Run]] = {}
    for run in plan:
        forms.setdefault(repr((run.method, run.sharing, run.network, run.recipe.steps)), []).append(run)
    parts = [tuple(runs[at : at + COMPANY]) for runs in forms.values() for at in range(0, len(runs), COMPANY)]
    performer = PerformTogether(perform, Store(folder))
    found: dict[int, Finished] = {}
    for part in parts:
        performer(part)
        found |= {id(run): performer.store.get(key) for run, key in zip(part, performer.keys(part), strict=True)}
    return [(run, found[id(run)]) for run in plan]


def diagnosed(data: Tensors, setup: Setup) -> Diagnosis:
    """The diagnosis of one draw; its runs are not kept."""
    perform = Perform(data)
    with tempfile.TemporaryDirectory() as folder:

        def train(what: str, plan: Sequence[Run]) -> Results:  # noqa: ARG001  # no progress is shown
            return together(perform, [replace(run, probe=False, keep=False) for run in plan], Path(folder))

        return examine(perform, setup, train)


def tune(scenario: Scenario, numbers: Numbers, seed: int) -> tuple[float, float]:
    """The setting with the best mean validation skill, together and alone, on a data set of its own."""
    setup = setup_of(scenario, replace(numbers, replicates=min(4, numbers.replicates)), GRID)
    perform = Perform(planted(seed, **scenario.data))
    names = [task.name for task in perform.dataset.tasks]
    plan = [replace(run, probe=False, keep=False) for run in base_plan(names, setup, lambda _: 1000)]
    skills = dict.fromkeys(range(len(GRID)), 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for run, finished in together(perform, plan, Path(folder)):
            skills[run.trial] += finished.info.get("best_skill", -1.0) * len(run.tasks)
    return GRID[max(skills, key=lambda trial: skills[trial])]

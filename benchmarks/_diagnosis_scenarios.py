"""Planted causes, and what performs their draws, here or in another process."""

from dataclasses import dataclass
from typing import Any

from benchmarks._diagnosis_draw import TUNED_ON, Numbers, Scenario, diagnosed, setup_of, tune
from sharewise.diagnosis import Diagnosis
from sharewise.mixing import planted
from sharewise.runs import Finished, code_fingerprint, digest, one_thread

SCENARIOS = (
    Scenario("too small", ("too small a network",), {"tasks": 4}, 8),
    Scenario("scales apart", ("optimisation",), {"tasks": 3, "scale": 1e4}, 24),
    Scenario("contradictory", ("contradictory tasks",), {"tasks": 2, "opposite": True}, 16, "full"),
    Scenario("1000 to 1", ("unbalanced data",), {"tasks": 2, "ratio": 1000}, 16),
    Scenario("overfitting", ("overfitting",), {"tasks": 5, "noisy": 1, "units": 3}, 48),
    Scenario("too small, scales apart", ("too small a network", "optimisation"), {"tasks": 4, "scale": 1e4}, 8),
    Scenario(
        "1000 to 1, scales apart",
        ("unbalanced data", "optimisation"),
        {"tasks": 2, "ratio": 1000, "scale": 1e4},
        16,
    ),
    Scenario("none, three tasks", (), {"tasks": 3}, 64),
    Scenario("none, two tasks", (), {"tasks": 2}, 48),
    Scenario("none, scales a factor of 2 apart", (), {"tasks": 3, "scale": 2.0}, 64),
)


@dataclass(frozen=True)
class PerformDraw:
    """Performs draws: (number of the scenario, seed of the data, setting) to a finished diagnosis."""

    numbers: Numbers

    def key(self, row: tuple[int, int, tuple[float, float]]) -> str:
        scenario = SCENARIOS[row[0]]
        return digest([repr(scenario), row[1:], repr(self.numbers), code_fingerprint()])

    def __call__(self, row: tuple[int, int, tuple[float, float]]) -> Finished:
        scenario = SCENARIOS[row[0]]
        with one_thread():
            found = diagnosed(planted(row[1], **scenario.data), setup_of(scenario, self.numbers, [row[2]]))
        return Finished(info=described(found))


@dataclass(frozen=True)
class PerformTuning:
    """Tunes a scenario, given by its number."""

    numbers: Numbers

    def key(self, place: int) -> str:
        return digest(["tuned", repr(SCENARIOS[place]), repr(self.numbers), code_fingerprint()])

    def __call__(self, place: int) -> Finished:
        with one_thread():
            rate, decay = tune(SCENARIOS[place], self.numbers, TUNED_ON + place)
        return Finished(info={"setting": [rate, decay]})


def described(found: Diagnosis) -> dict[str, Any]:
    """What the page needs of a diagnosis: the tasks by their harm."""
    tasks = [
        {
            "name": task.name,
            "harm": task.harm.estimate,
            "low": task.harm.low,
            "hurt": task.hurt,
            "causes": [list(causes) for causes in task.causes],
            "recoveries": [[each.intervention, round(each.share.estimate, 3), each.enough] for each in task.recoveries],
        }
        for task in sorted(found.tasks, key=lambda task: -task.harm.estimate)
    ]
    return {"tasks": tasks, "seconds": found.seconds}

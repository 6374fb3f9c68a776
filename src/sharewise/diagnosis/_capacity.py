"""The third condition of sharing: is the network large enough for all tasks?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from sharewise.diagnosis._arms import Floats, numbers
from sharewise.diagnosis._common import Reading
from sharewise.diagnosis._setup import Setup
from sharewise.evidence import Interval, paired_interval
from sharewise.runs import Bench, Results, Run

FACTORS = (1, 2, 4)
SHORT = 400  # steps
MARGIN = 0.01  # of skill, below which a gain does not matter


@final
@dataclass(frozen=True, slots=True)
class Capacity:
    """What wider networks of all tasks gain in short trainings.

    Args:
        width: of the network that is asked about.
        steps: of the trainings.
        gains: times as wide -> gain of the mean skill of all tasks on select rows.
    """

    width: int
    steps: int
    gains: Mapping[int, Interval]

    @property
    def reading(self) -> Reading:
        """Whether no wider network gains more than the margin."""
        if any(gain.low > 0 and gain.estimate > MARGIN for gain in self.gains.values()):
            return "not met"
        return "met" if all(gain.high < MARGIN for gain in self.gains.values()) else "open"

    @property
    def sentence(self) -> str:
        """What was found, and what to do."""
        factor = max(self.gains, key=lambda each: self.gains[each].estimate)
        gain = self.gains[factor]
        numbers = f"{gain.estimate:+.3f} of skill ({gain.low:+.3f} to {gain.high:+.3f})"
        if self.reading == "not met":
            return f"{factor} times as wide gains {numbers}: take width {factor * self.width}, not {self.width}."
        if self.reading == "met":
            return f"Width {self.width} is enough: {factor} times as wide, the most of those tried, changes {numbers}."
        return f"Whether width {self.width} is enough is open: {factor} times as wide changes {numbers}."


def measure_capacity(bench: Bench, setup: Setup, *, factors: Sequence[int] = FACTORS) -> Capacity:
    """Whether wider networks of all tasks still gain, in short trainings with one setting (condition 3).

    Cost: for each replicate one training of up to 400 steps for each width.

    Args:
        bench: performs the runs.
        setup: replicates, and the network that is asked about.
        factors: times as wide; the first is 1.
    """
    names = tuple(task.name for task in bench.perform.dataset.tasks)
    plan = [_run(bench, setup, names, factor, replicate) for replicate in range(setup.replicates) for factor in factors]
    results = bench.train("wider networks", plan)
    skills = {factor: _skill(names, results, factor * setup.network.width) for factor in factors}
    interval = paired_interval(bench.perform.dataset, "select")
    gains = {factor: interval(skills[factor] - skills[factors[0]]) for factor in factors[1:]}
    return Capacity(setup.network.width, plan[0].recipe.steps, gains)


def _run(bench: Bench, setup: Setup, names: tuple[str, ...], factor: int, replicate: int) -> Run:
    short = replace(setup, steps=min(setup.steps or SHORT, SHORT))
    made = short.recipe(bench.rows(replicate), 0, replicate)
    network = replace(setup.network, width=factor * setup.network.width)
    return Run(
        "width",
        names,
        replicate,
        network=network,
        sharing=setup.sharing,
        sharing_options=setup.sharing_options,
        recipe=made,
        plan=setup.plan,
        rates=setup.rates,
    )


def _skill(names: Sequence[str], results: Results, width: int) -> Floats:
    """Mean skill of all tasks on select rows: [R]."""
    own = [(run, found) for run, found in results if run.network.width == width]
    return np.mean([numbers(own, "skill", name, "select") for name in names], axis=0)

"""The three conditions of sharing, looked at before training is spent."""

from dataclasses import dataclass
from typing import final

from sharewise.diagnosis._amounts import Amounts, label_amounts
from sharewise.diagnosis._capacity import Capacity, measure_capacity
from sharewise.diagnosis._common import InCommon, Reading, features_in_common
from sharewise.diagnosis._setup import Setup
from sharewise.runs import Bench, Run


@final
@dataclass(frozen=True, slots=True)
class Conditions:
    """Whether what sharing needs is there.

    Args:
        features: do the tasks have features in common?
        amounts: are their data of similar size?
        capacity: is the network large enough? None: not measured.
    """

    features: InCommon
    amounts: Amounts
    capacity: Capacity | None

    def rows(self) -> tuple[tuple[str, Reading, str], ...]:
        """Question, reading and sentence of each condition."""
        found: list[tuple[str, Reading, str]] = [
            ("Features in common", self.features.reading, self.features.sentence),
            ("Similar sizes of data", self.amounts.reading, self.amounts.sentence),
        ]
        if self.capacity is not None:
            found.append(("A network large enough", self.capacity.reading, self.capacity.sentence))
        return tuple(found)


def check_conditions(bench: Bench, setup: Setup, *, capacity: bool = True) -> Conditions:
    """Look at the three conditions: boosted trees, counts, and short trainings of wider networks.

    Args:
        bench: performs the trainings.
        setup: the network, mixing plan and steps that are planned; replicates of the short trainings.
        capacity: train wider networks.
    """
    dataset = bench.perform.dataset
    names = tuple(task.name for task in dataset.tasks)
    run = Run("together", names, 0, recipe=setup.recipe(bench.rows(0), 0, 0), plan=setup.plan, rates=setup.rates)
    wide = measure_capacity(bench, setup) if capacity else None
    return Conditions(features_in_common(dataset), label_amounts(dataset, run), wide)

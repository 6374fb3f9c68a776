"""The five benefits of training together, each a number with an interval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from sharewise.diagnosis._arms import Arms
from sharewise.diagnosis._attention import Attention, measure_attention
from sharewise.diagnosis._fewshot import FewShot, measure_few_shot
from sharewise.diagnosis._hint_tasks import Hints, measure_hints
from sharewise.diagnosis._noise import Regularisation, measure_regularisation
from sharewise.diagnosis._worth import Worth, measure_worth
from sharewise.runs import Bench

MOST_TASKS = 4
"""Tasks for which benefits are measured by default: those with the fewest labels, which have most to gain."""

Benefit: TypeAlias = Worth | Attention | Hints | FewShot | Regularisation


@final
@dataclass(frozen=True, slots=True)
class Benefits:
    """What training together gives some tasks.

    Args:
        tasks: that were looked at.
        total: how many there are.
        worth: implicit data augmentation.
        attention: attention focusing.
        hints: eavesdropping and hints.
        few_shot: representation bias.
        regularisation: the fit to noise, and the gap to new rows.
    """

    tasks: tuple[str, ...]
    total: int
    worth: tuple[Worth, ...] = ()
    attention: tuple[Attention, ...] = ()
    hints: tuple[Hints, ...] = ()
    few_shot: tuple[FewShot, ...] = ()
    regularisation: tuple[Regularisation, ...] = ()

    def parts(self) -> tuple[tuple[str, tuple[Benefit, ...]], ...]:
        """Name and results of each benefit that was measured, in the order of the literature (Caruana 1997)."""
        found: list[tuple[str, tuple[Benefit, ...]]] = [
            ("Implicit data augmentation", self.worth),
            ("Attention focusing", self.attention),
            ("Hints", self.hints),
            ("Representation bias", self.few_shot),
            ("Regularisation", self.regularisation),
        ]
        return tuple(part for part in found if part[1])


def choose_tasks(bench: Bench, *, most: int = MOST_TASKS) -> tuple[str, ...]:
    """Tasks for which benefits are measured: those with the fewest training labels, in the order of the data.

    Args:
        bench: with the data.
        most: how many.
    """
    dataset = bench.perform.dataset
    counts = {name: own["train"] for name, own in dataset.label_counts(dataset.split(0)).items()}
    few = sorted(counts, key=lambda name: counts[name])[:most]
    return tuple(task.name for task in dataset.tasks if task.name in few)


def measure_benefits(
    bench: Bench,
    arms: Arms,
    *,
    tasks: Sequence[str] | None = None,
    hints: bool = True,
    only: bool = False,
    control: bool = True,
) -> Benefits:
    """Measure the five benefits for some tasks.

    Cost: for each task and replicate, with the control, 15 trainings for the worth of the others in labels, 3 for
    attention, 11 for few-shot learning, 3 for regularisation, and 4 for each candidate of a hint. For each replicate
    6 more, the single sources of few-shot learning.

    Args:
        bench: of the arms.
        arms: tuned, with each of these tasks alone.
        tasks: names, or None: `choose_tasks`.
        hints: try hints.
        only: measure nothing but hints.
        control: measure with the other tasks' labels shuffled too.
    """
    chosen = choose_tasks(bench) if tasks is None else tuple(tasks)
    told = measure_hints(bench, arms, chosen) if hints else ()
    found = Benefits(chosen, len(bench.perform.dataset.tasks), hints=told)
    if only:
        return found
    return replace(
        found,
        worth=measure_worth(bench, arms, chosen, control=control),
        attention=measure_attention(bench, arms, chosen, control=control),
        few_shot=measure_few_shot(bench, arms, chosen),
        regularisation=measure_regularisation(bench, arms, chosen, control=control),
    )

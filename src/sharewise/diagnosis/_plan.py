"""The runs of a diagnosis: the baseline, and what an intervention makes of it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sharewise.diagnosis._intervention import Intervention
from sharewise.diagnosis._setup import Setup
from sharewise.runs import Perform, Run

ALONE, TOGETHER = "alone", "together"
MATCHED = "alone, equal parameters"


def base_plan(tasks: Sequence[str], setup: Setup, rows: Callable[[int], int]) -> tuple[Run, ...]:
    """All tasks together, and each alone, with every setting in every replicate.

    Args:
        tasks: names.
        setup: the baseline.
        rows: replicate -> number of its training rows.

    Example:
        >>> [run.treatment for run in base_plan(["a", "b"], Setup(replicates=2, trials=1), lambda replicate: 100)]
        ['together', 'alone', 'alone', 'together', 'alone', 'alone']
    """
    parts = [(TOGETHER, tuple(tasks)), *((ALONE, (name,)) for name in tasks)]
    return tuple(
        Run(
            treatment,
            names,
            replicate,
            trial,
            sharing=setup.sharing,
            sharing_options=setup.sharing_options,
            network=setup.network,
            recipe=setup.recipe(size, trial, replicate),
            plan=setup.plan,
            rates=setup.rates,
            probe=replicate == 0 and treatment == TOGETHER,
            keep=replicate == 0,
        )
        for replicate in range(setup.replicates)
        for size in [rows(replicate)]
        for treatment, names in parts
        for trial in range(setup.trials)
    )


def arm_alone(intervention: Intervention) -> str:
    """The treatment of networks trained alone that an intervention's joint ones are compared with."""
    return f"{intervention.name}, alone" if intervention.both else ALONE


def changed_plan(base: Sequence[Run], intervention: Intervention, hurt: Collection[str]) -> tuple[Run, ...]:
    """The baseline with an intervention applied to both arms; alone only where it means something there.

    Args:
        base: rows of the baseline.
        intervention: the change.
        hurt: tasks whose networks alone are trained with the change too.
    """
    rows = []
    for run in base:
        plain = replace(run, probe=False, keep=False)
        if run.treatment == TOGETHER:
            rows.append(intervention.change(replace(plain, treatment=intervention.name)))
        elif run.treatment == ALONE and intervention.both and run.tasks[0] in hurt:
            rows.append(intervention.change(replace(plain, treatment=arm_alone(intervention))))
    return tuple(rows)


def matched_plan(base: Sequence[Run], perform: Perform, hurt: Collection[str]) -> tuple[Run, ...]:
    """Networks alone so narrow that all of them have as many parameters as the joint one: a control of capacity.

    Args:
        base: rows of the baseline.
        perform: counts parameters.
        hurt: tasks that are trained.

    Raises:
        InputError: no width comes near.
    """
    joint = next(run for run in base if run.treatment == TOGETHER)
    width = perform.matched(replace(joint, sharing="none", sharing_options={}), joint).network.width
    return tuple(
        replace(run, treatment=MATCHED, network=replace(run.network, width=width), probe=False, keep=False)
        for run in base
        if run.treatment == ALONE and run.tasks[0] in hurt
    )

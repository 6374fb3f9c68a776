"""The runs of a study, frozen before the first of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sharewise._core import InputError
from sharewise.diagnosis import begun_diagnosis
from sharewise.mixing import Dataset
from sharewise.runs import PlanFile, Run, Way
from sharewise.study._budget import Budget
from sharewise.study._protocol import Protocol
from sharewise.study._treatments import Treatment
from sharewise.training import Recipe, whole_file

PLAN = PlanFile("plan.json", "a study", ("fingerprint", "tasks", "runs"))
SETTINGS = "study.yaml"  # in the folder of a study
PROBED = 20  # tasks, up to which gradients are measured over time


def make_plan(
    dataset: Dataset,
    protocol: Protocol,
    treatments: Sequence[Treatment],
    *,
    replicates: Sequence[int] | None = None,
    tasks: Sequence[str] | None = None,
    rows: Callable[[int], int] | None = None,
) -> tuple[Run, ...]:
    """Every treatment with every setting in every replicate; like runs stand next to each other.

    All arms have the same splits, initial numbers, settings and largest number of steps. A replicate is an application
    of the whole procedure, tuning included: none of its choices looks at another replicate.

    Args:
        dataset: its tasks, and how many rows train.
        protocol: the numbers.
        treatments: the arms.
        replicates: which; by default all.
        tasks: those that are judged: others get no networks of their own; by default all.
        rows: replicate -> number of its training rows, where that is known already.
    """
    count = rows or (lambda replicate: len(dataset.split(replicate).train))
    names = tuple(task.name for task in dataset.tasks)
    judged = set(names if tasks is None else tasks)
    return tuple(
        _run(protocol, each, parts, recipe=protocol.recipe(size, trial, replicate), place=(replicate, trial))
        for replicate in (range(protocol.replicates) if replicates is None else replicates)
        for size in [count(replicate)]
        for each in treatments
        for trial in range(protocol.trials)
        for parts in each.networks(names)
        if judged & (set(parts[0]) - set(parts[1]))
    )


def _run(
    protocol: Protocol,
    treatment: Treatment,
    parts: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    recipe: Recipe,
    place: tuple[int, int],
) -> Run:
    replicate, trial = place
    trained, shuffled = parts
    first = replicate == 0 and not shuffled
    return Run(
        treatment.name,
        trained,
        replicate,
        trial,
        method=treatment.method,
        options=treatment.options[trial] if treatment.options else {},
        sharing=treatment.sharing[trial].key if treatment.sharing else "hard",
        sharing_options=dict(treatment.sharing[trial].options) if treatment.sharing else {},
        network=treatment.network or protocol.network,
        recipe=recipe,
        plan=protocol.plan,
        rates=protocol.rates,
        trunk_rate=protocol.trunk_rate,
        probe=first and treatment.joint and len(trained) <= PROBED,
        keep=first,
        shuffled=shuffled,
    )


def check_study(folder: Path, dataset: Dataset) -> None:
    """Refuse data that cannot be studied, and a folder that must not be written to. Nothing is written here.

    Args:
        folder: of the study; it need not exist.
        dataset: that is to be studied.

    Raises:
        InputError: there are fewer than two tasks, or the folder holds another study, a diagnosis of other data, or
            files that are no study's.
    """
    if len(dataset.tasks) < 2:
        raise InputError(f"a study compares tasks and needs two of them, got {len(dataset.tasks)}; name more tasks")
    found = PLAN.read(folder)
    if found is not None:
        if found["fingerprint"] != dataset.fingerprint or found["tasks"] != _names(dataset):
            raise InputError(
                f"`{folder}` holds another study (tasks {', '.join(found['tasks'][:5])}); choose another folder with "
                "`--out`, or delete this one"
            )
    elif (
        begun_diagnosis(folder, dataset) is None
        and folder.exists()
        and any(SETTINGS not in entry.name for entry in folder.iterdir())
    ):
        raise InputError(f"`{folder}` is not empty and holds no study; choose another folder with `--out`")


def written_budget(folder: Path, protocol: Protocol) -> Budget | None:
    """What the plan in a folder was cut down to for the same stated time; None: there is no such plan.

    Args:
        folder: of the study.
        protocol: what is asked for.
    """
    row = (PLAN.read(folder) or {}).get("budget")
    return None if row is None or row["seconds"] != protocol.budget else Budget.continued(row, protocol)


def freeze_plan(folder: Path, plan: Sequence[Run], dataset: Dataset, way: Way, *, budget: Budget | None = None) -> None:
    """Write the plan before its first run; a folder may be continued with the same data, and with no other.

    Args:
        folder: of the study; made if absent.
        plan: the runs.
        dataset: that is studied.
        way: to run it.
        budget: what it was cut down to for a stated time.

    Raises:
        InputError: as `check_study`.
    """
    check_study(folder, dataset)
    more: dict[str, Any] = {} if budget is None else {"budget": budget.describe()}
    PLAN.write(folder, dataset, way, tasks=_names(dataset), **more, runs=[run.describe() for run in plan])


def _names(dataset: Dataset) -> list[str]:
    return sorted(task.name for task in dataset.tasks)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")

"""The runs of a study, frozen before the first of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from sharewise._core import InputError
from sharewise.mixing import Dataset
from sharewise.runs import Run, whole_file
from sharewise.study._protocol import Protocol

ALONE: Literal["alone"] = "alone"
TOGETHER: Literal["together"] = "together"


def make_plan(dataset: Dataset, protocol: Protocol) -> tuple[Run, ...]:
    """Every task alone and all together, with every setting, in every replicate.

    Both arms have the same splits, initial numbers, settings and largest number of steps. A replicate is an application
    of the whole procedure, tuning included: none of its choices looks at another replicate.

    Args:
        dataset: its tasks, and how many rows train.
        protocol: the numbers.
    """
    names = tuple(task.name for task in dataset.tasks)
    arms = [(TOGETHER, names), *((ALONE, (name,)) for name in names)]
    rows = [len(dataset.split(replicate).train) for replicate in range(protocol.replicates)]
    return tuple(
        Run(
            treatment,
            tasks,
            replicate,
            trial,
            network=protocol.network,
            recipe=protocol.recipe(rows[replicate], trial, replicate),
            plan=protocol.plan,
            rates=protocol.rates,
            probe=treatment == TOGETHER and replicate == 0 and len(names) <= 20,
            keep=replicate == 0,
        )
        for replicate in range(protocol.replicates)
        for trial in range(protocol.trials)
        for treatment, tasks in (arms if len(names) > 1 else arms[1:])
    )


def freeze_plan(path: Path, plan: Sequence[Run], fingerprint: str) -> None:
    """Write the plan before its first run; a folder may be continued with the same data, and with no other.

    Args:
        path: `plan.json` in the study's folder.
        plan: the runs.
        fingerprint: of the data.

    Raises:
        InputError: the folder holds a study of other data or tasks, or files that are no study's.
    """
    folder = path.parent
    if path.exists():
        found = _read(path)
        tasks = sorted({name for run in plan for name in run.tasks})
        if found["fingerprint"] != fingerprint or found["tasks"] != tasks:
            raise InputError(
                f"`{folder}` holds another study (tasks {', '.join(found['tasks'][:5])}); choose another folder with "
                "`--out`, or delete this one"
            )
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(f"`{folder}` is not empty and holds no study; choose another folder with `--out`")
    folder.mkdir(parents=True, exist_ok=True)
    tasks = sorted({name for run in plan for name in run.tasks})
    text = {"fingerprint": fingerprint, "tasks": tasks, "runs": [run.describe() for run in plan]}
    write_text(path, json.dumps(text, indent=1))


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"fingerprint", "tasks", "runs"} <= found.keys():
        raise InputError(f"`{path}` is no plan of a study; choose another folder with `--out`")
    return found

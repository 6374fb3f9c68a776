"""What a grouping was begun with, written down before its first run, so that it can be continued."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sharewise._core import InputError
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.mixing import Dataset
from sharewise.runs import PlanFile, Run, Way

PLAN = PlanFile("grouping_plan.json", "a grouping")


def check_grouping(folder: Path, dataset: Dataset) -> None:
    """Refuse data without three tasks, and a folder that must not be written to. Nothing is written here.

    Args:
        folder: of the grouping; it need not exist.
        dataset: whose tasks are to be grouped.

    Raises:
        InputError: fewer than three tasks, or the folder holds something else.
    """
    if len(dataset.tasks) < 3:
        raise InputError(
            f"groups are chosen among three tasks or more, got {len(dataset.tasks)}; for two `sharewise study` says "
            "whether to train them together"
        )
    found = PLAN.read(folder)
    if found is not None:
        if found["fingerprint"] != dataset.fingerprint:
            raise InputError(f"`{folder}` holds a grouping of other data; choose another folder with `--out`")
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(f"`{folder}` is not empty and holds no grouping; choose another folder with `--out`")


def freeze_plan(
    folder: Path, dataset: Dataset, protocol: GroupingProtocol, *, runs: Sequence[Run] = (), way: Way | None = None
) -> None:
    """Write what is to be run, whole or not at all.

    Args:
        folder: of the grouping; made if absent.
        dataset: its data.
        protocol: the numbers.
        runs: so far.
        way: to run them.
    """
    PLAN.write(folder, dataset, way, protocol=asdict(protocol), runs=[run.describe() for run in runs])

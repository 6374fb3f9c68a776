"""What a grouping was begun with, written down before its first run, so that it can be continued."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sharewise._core import InputError
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.mixing import Dataset
from sharewise.runs import Run, Way
from sharewise.training import whole_file

PLAN = "grouping_plan.json"


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
    path = folder / PLAN
    if path.exists():
        found = _read(path)
        if found["fingerprint"] != dataset.fingerprint:
            raise InputError(f"`{folder}` holds a grouping of other data; choose another folder with `--out`")
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(f"`{folder}` is not empty and holds no grouping; choose another folder with `--out`")


def written_way(folder: Path) -> Way | None:
    """The way to run that the plan in a folder was begun with; None: there is none yet."""
    path = folder / PLAN
    way = _read(path).get("way") if path.exists() else None
    return None if way is None else Way.from_description(way)


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
    folder.mkdir(parents=True, exist_ok=True)
    text: dict[str, Any] = {"fingerprint": dataset.fingerprint, "protocol": asdict(protocol)}
    text |= {"way": None if way is None else way.describe(), "runs": [run.describe() for run in runs]}
    with whole_file(folder / PLAN) as draft:
        draft.write_text(json.dumps(text, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"fingerprint", "way"} <= found.keys():
        raise InputError(f"`{path}` is no plan of a grouping; choose another folder with `--out`")
    return found

"""The folder of a diagnosis: its plan file, which lets a continued command repeat nothing."""

import json
from pathlib import Path
from typing import Any

from sharewise._core import InputError
from sharewise.mixing import Dataset
from sharewise.runs import Way
from sharewise.training import whole_file

DIAGNOSIS_PLAN = "diagnosis_plan.json"


def written_way(folder: Path, dataset: Dataset) -> Way | None:
    """The way to run that a diagnosis in this folder was begun with; None: there is none yet.

    Args:
        folder: of the diagnosis.
        dataset: that is diagnosed.

    Raises:
        InputError: the folder holds a diagnosis of other data, or the file is none of a diagnosis.
    """
    path = folder / DIAGNOSIS_PLAN
    if not path.exists():
        return None
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"fingerprint", "way"} <= found.keys():
        raise InputError(f"`{path}` is no plan of a diagnosis; choose another folder with `--out`")
    if found["fingerprint"] != dataset.fingerprint:
        raise InputError(f"`{folder}` holds a diagnosis of other data; choose another folder with `--out`")
    return Way.from_description(found["way"])


def write_way(folder: Path, dataset: Dataset, way: Way) -> None:
    """Write the plan file, whole or not at all.

    Args:
        folder: of the diagnosis; made if absent.
        dataset: that is diagnosed.
        way: in which its runs are performed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"fingerprint": dataset.fingerprint, "way": way.describe()}, indent=1)
    with whole_file(folder / DIAGNOSIS_PLAN) as draft:
        draft.write_text(text, encoding="utf-8")

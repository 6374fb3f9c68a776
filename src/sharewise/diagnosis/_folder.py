"""The folder of a diagnosis."""

from pathlib import Path

from sharewise._core import InputError
from sharewise.mixing import Dataset
from sharewise.runs import PlanFile, Way

PLAN = PlanFile("diagnosis_plan.json", "a diagnosis")


def begun_diagnosis(folder: Path, dataset: Dataset) -> Way | None:
    """The way to run that a diagnosis in this folder was begun with; None: there is none yet.

    Args:
        folder: of the diagnosis.
        dataset: that is diagnosed.

    Raises:
        InputError: the folder holds a diagnosis of other data, or the file is none of a diagnosis.
    """
    found = PLAN.read(folder)
    if found is not None and found["fingerprint"] != dataset.fingerprint:
        raise InputError(f"`{folder}` holds a diagnosis of other data; choose another folder with `--out`")
    return PLAN.way(folder)

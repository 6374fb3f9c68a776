"""A diagnosis beside a study: from the same choices, in the same folder, with a report."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sharewise._core import InputError
from sharewise.diagnosis import Begun, Diagnosis, Setup, Wanted, diagnose
from sharewise.runs import Perform, Progress, Sharing
from sharewise.study._diagnosis_report import write_diagnosis
from sharewise.study._plan import PLAN, check_study, make_plan, write_text
from sharewise.study._protocol import Protocol
from sharewise.study._summary import without_nan
from sharewise.study._treatments import treatments_of

REPORT, NUMBERS = "diagnosis.html", "diagnosis.json"


def diagnosis(
    perform: Perform,
    out: Path | str,
    *,
    protocol: Protocol | None = None,
    sharing: Sharing | None = None,
    wanted: Wanted | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Find out by experiment why tasks are worse together, and write a report of it.

    In the folder of a study with the same protocol the study's runs are the baseline, and are not repeated. Writes
    `diagnosis.html` and `diagnosis.json` into the folder; finished runs are kept in `runs`.

    Args:
        perform: performs runs on the data set, which has at least two tasks.
        out: folder, of a study or new.
        protocol: the numbers of the baseline; replicates and trials hold for each intervention.
        sharing: form of sharing that is diagnosed, if not one hard-shared trunk.
        wanted: what is looked at, and the command that repeats it; None: conditions and causes.
        workers: processes, or None: as many as cores.
        progress: told how far it is.

    Raises:
        InputError: fewer than two tasks or replicates, or the folder holds other data.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import planted
        >>> from sharewise.runs import Network
        >>> quick = Protocol(replicates=2, trials=1, steps=20, network=Network(8, 1))
        >>> folder = Path(tempfile.mkdtemp())
        >>> diagnosis(Perform(planted(tasks=2)), folder, protocol=quick, workers=1).replicates
        2
        >>> sorted(path.name for path in folder.iterdir())
        ['diagnosis.html', 'diagnosis.json', 'diagnosis_plan.json', 'runs']
    """
    numbers, form, folder = protocol or Protocol(replicates=10), sharing or Sharing(), Path(out)
    dataset = perform.dataset
    if numbers.replicates < 2:
        raise InputError("a diagnosis needs at least two replicates for its intervals, got one; ten are better")
    check_study(folder, dataset)
    begun, way = None, PLAN.way(folder)
    if way is not None and form.key == "hard":
        begun = Begun(plan=make_plan(dataset, numbers, treatments_of(numbers, perform)), way=way)
    found = diagnose(
        perform,
        folder,
        setup=setup_of(numbers, form),
        begun=begun,
        wanted=wanted,
        workers=workers,
        progress=progress,
    )
    write_diagnosis(found, folder / REPORT)
    write_text(folder / NUMBERS, json.dumps(without_nan(_plain(asdict(found))), indent=1, ensure_ascii=False))
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401  # what JSON holds
    """Arrays as lists."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def setup_of(protocol: Protocol, sharing: Sharing) -> Setup:
    """The baseline and effort of a diagnosis from the numbers of a study."""
    return Setup(
        replicates=protocol.replicates,
        trials=protocol.trials,
        network=protocol.network,
        sharing=sharing.key,
        sharing_options=dict(sharing.options),
        batch_size=protocol.batch_size,
        steps=protocol.steps,
        plan=protocol.plan,
        rates=protocol.rates,
        margin=protocol.margin,
        level=protocol.level,
        seed=protocol.seed,
    )

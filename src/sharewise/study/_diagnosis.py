"""A diagnosis beside a study: from the same choices, in the same folder, with a report."""

import json
from dataclasses import asdict
from pathlib import Path

from sharewise.diagnosis import Begun, Diagnosis, Setup, diagnose
from sharewise.runs import Perform, Progress, Sharing
from sharewise.study._diagnosis_report import write_diagnosis
from sharewise.study._plan import make_plan, write_text, written_way
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
    workers: int | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> Diagnosis:
    """Find out by experiment why tasks are worse together, and write a report of it.

    In the folder of a study with the same protocol the study's runs are the baseline, and are not repeated. Writes
    `diagnosis.html` and `diagnosis.json` into the folder; finished runs are kept in `runs`.

    Args:
        perform: performs runs on the data set, which has at least two tasks.
        out: folder, of a study or new.
        protocol: the numbers of the baseline; replicates and trials hold for each intervention.
        sharing: form of sharing that is diagnosed, if not one hard-shared trunk.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
        command: that repeats it, for the report.

    Raises:
        InputError: fewer than two tasks, or the folder holds other data.

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
    wanted, form, folder = protocol or Protocol(replicates=10), sharing or Sharing(), Path(out)
    dataset = perform.dataset
    begun, way = None, written_way(folder)
    if way is not None and form.key == "hard":
        begun = Begun(plan=make_plan(dataset, wanted, treatments_of(wanted, perform)), way=way)
    found = diagnose(
        perform,
        folder,
        setup=setup_of(wanted, form),
        begun=begun,
        workers=workers,
        progress=progress,
        command=command,
    )
    write_diagnosis(found, folder / REPORT)
    write_text(folder / NUMBERS, json.dumps(without_nan(asdict(found)), indent=1, ensure_ascii=False))
    return found


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

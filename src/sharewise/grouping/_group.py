"""From data to recommended groups: estimates propose, retraining confirms."""

import time
from dataclasses import replace
from pathlib import Path

from sharewise.grouping._conclude import conclude
from sharewise.grouping._explore import find_method
from sharewise.grouping._grouping import Grouping
from sharewise.grouping._plan import check_grouping
from sharewise.grouping._propose import propose
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.grouping._sizes import fitting
from sharewise.grouping._trained import grouped_model
from sharewise.grouping._work import Work
from sharewise.mixing import Dataset
from sharewise.runs import MakeTrunk, Perform, Progress, choose_device
from sharewise.training import whole_file

GROUPING = "grouping.json"


def group(
    dataset: Dataset,
    folder: Path | str,
    *,
    protocol: GroupingProtocol | None = None,
    trunk: MakeTrunk | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> Grouping:
    """Choose which tasks to train together, and train them.

    What tasks do for each other is estimated (`explore`), which proposes groups (`propose`). Then all contenders are
    retrained with paired replicates and tuned with as many trials for each network, at equal parameters at inference:
    the proposed groups, all tasks together, each alone, random partitions. Groups are recommended if they are surely
    better on the select rows than the better one of together and alone (`choose_contender`); verdicts are read off the
    test rows.
    Settings are chosen on the valid rows; the estimates come from replicates of their own.

    An interrupted grouping continues: finished trainings are never repeated. Writes into `folder`: `grouping.json`,
    `grouping_plan.json`, `model/` (the recommended networks as one model) and `runs/`.

    Args:
        dataset: rows and at least three tasks.
        folder: of the grouping; a folder of the same data is continued.
        protocol: the numbers.
        trunk: makes a trunk of one's own; then networks are of equal size instead of equally many parameters.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
        command: what repeats it, for the report.

    Raises:
        InputError: fewer than three tasks, no such estimator, or the folder holds something else.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import planted_groups
        >>> from sharewise.runs import Network
        >>> data = planted_groups([["a", "b"], ["c", "d"]], rows=200)
        >>> quick = GroupingProtocol(
        ...     replicates=2, short_replicates=2, trials=1, randoms=1, steps=20, network=Network(8, 1)
        ... )
        >>> found = group(data, Path(tempfile.mkdtemp()) / "made", protocol=quick, workers=1)
        >>> [each.contender.name for each in found.standings][:2]
        ['together', 'alone']
    """
    wanted, folder, started = protocol or GroupingProtocol(), Path(folder), time.perf_counter()
    check_grouping(folder, dataset)
    find_method(wanted.method, len(dataset.tasks))
    perform = Perform(dataset, trunk, device=choose_device(wanted.device))
    work = Work(folder, perform, wanted, workers=workers, progress=progress)
    estimate = work.explore()
    contenders, left_out = fitting(propose(estimate, wanted), work.sizes)
    best = work.confirm(contenders)
    found = conclude(work, contenders, best, estimate)
    seconds = {"total": time.perf_counter() - started}
    found = replace(found, left_out=left_out, command=command, seconds=seconds)
    grouped_model(found.recommended, best, work.sizes, perform).save(folder / "model")
    with whole_file(folder / GROUPING) as draft:
        draft.write_text(found.to_json(), encoding="utf-8")
    return found

"""The diagnosis of a data set in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from sharewise.diagnosis._examine import examine
from sharewise.diagnosis._folder import write_way, written_way
from sharewise.diagnosis._result import Diagnosis
from sharewise.diagnosis._setup import Setup
from sharewise.runs import Bench, Perform, Progress, Results, Run, Way


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Runs that a diagnosis begins from: those of a study in the same folder, which are not repeated.

    Args:
        plan: rows, the baseline among them.
        way: in which they were performed.
    """

    plan: Sequence[Run] = ()
    way: Way | None = None


def diagnose(
    perform: Perform,
    out: Path | str,
    *,
    setup: Setup | None = None,
    begun: Begun | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    command: str = "",
) -> Diagnosis:
    """Find out by experiment why tasks are worse together than alone.

    Every task is trained alone and all together. For the tasks that are hurt, the training is changed in one way after
    the other, in both arms and with the same budget of tuning, and the share of the harm that goes away is measured: a
    cause is established by its remedy (`Recovery`). Decisions are made on training and select rows; test rows are only
    reported. Finished runs are never repeated.

    Args:
        perform: performs runs on the data set.
        out: folder; `runs` in it keeps what is finished.
        setup: the baseline and the effort.
        begun: runs of a study to begin from.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
        command: that repeats it.

    Raises:
        InputError: fewer than two tasks, the folder holds a diagnosis of other data, or networks cannot be trained.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import planted
        >>> from sharewise.runs import Network
        >>> quick = Setup(replicates=2, trials=1, network=Network(8, 1), steps=20)
        >>> found = diagnose(Perform(planted(tasks=2)), Path(tempfile.mkdtemp()), setup=quick, workers=1)
        >>> [task.name for task in found.tasks]
        ['task 0', 'task 1']
    """
    folder, dataset, start = Path(out), perform.dataset, begun or Begun()
    way = written_way(folder, dataset) or start.way
    bench = Bench(folder / "runs", perform, workers=workers, progress=progress, way=way)

    def train(what: str, plan: Sequence[Run]) -> Results:
        bench.measure(plan)
        write_way(folder, dataset, bench.way)
        return bench.train(what, plan)

    return examine(perform, setup or Setup(), train, base=start.plan, command=command)

"""A short measurement chooses the way to run a plan."""

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import torch

from sharewise.runs._machine import Peak, cores, free_memory
from sharewise.runs._perform import Perform
from sharewise.runs._pool import one_thread
from sharewise.runs._run import Run
from sharewise.runs._way import Pace, Way, form, spread
from sharewise.training import Fit, Training, can_join, capacity, durations, populations

LARGEST = {"cpu": 64, "cuda": 1024}  # models in a population: beyond, nothing is gained
WORSE = 1.5  # a size this much slower for each run than the best one ends the search; machines are noisy
SHARE = 0.02  # of the work that is measured, at most

Options: TypeAlias = list[Pace]


def choose_way(
    plan: Sequence[Run],
    perform: Perform,
    *,
    workers: int | None = None,
    memory: int | None = None,
    seconds: float = 1.5,
    written: Way | None = None,
) -> Way:
    """Choose the way to run a plan: populations of which size, one by one, and in how many processes.

    A few steps of some runs of each form are timed on copies, alone and together, on one thread. Populations are no
    larger than memory allows, and only as large as keeps all processes busy to the end. On an accelerator there is one
    process, and populations are as large as memory allows. What was written before stays, so that a plan that is
    continued gives the same numbers; only the number of processes, which changes none, is chosen anew.

    Cost: `seconds` or a fiftieth of the work, whichever is less, but a few steps and one measurement of each form; and
    the preparation of one replicate.

    Args:
        plan: runs.
        perform: builds them.
        workers: processes at most, or None: as many as this process has cores.
        memory: bytes that all processes may take, or None: half of what is free.
        seconds: for all measurements.
        written: an earlier choice for this plan, or a part of it.

    Example:
        >>> from sharewise.mixing import digits
        >>> data = digits()
        >>> plan = [Run("alone", (task.name,), 0) for task in data.tasks]
        >>> choose_way(plan, Perform(data), workers=1, seconds=0.1).workers
        1
    """
    kind = torch.device(perform.device).type
    limit = (workers or cores()) if kind == "cpu" else 1
    room = (memory or free_memory(perform.device) // 2) // limit
    kept = written if written is not None and written.device == perform.device else Way(limit, perform.device)
    if not plan:
        return kept
    forms: dict[str, list[Run]] = {}
    for run in plan:
        forms.setdefault(form(run), []).append(run)
    prepare = kept.prepare
    options: dict[str, Options] = {name: [kept.paces[name]] for name in forms if name in kept.paces}
    with one_thread():
        for name, rows in forms.items():
            if name not in options:
                started = time.perf_counter()
                perform.prepared(rows[0].replicate)
                prepare = max(prepare, time.perf_counter() - started)
                options[name] = _measure(rows, perform, room, seconds / len(forms))
    if kind != "cpu":
        options = {name: paces[-1:] for name, paces in options.items()}
    best = fastest(forms, options, limit)
    return Way(best.workers, perform.device, {**kept.paces, **best.paces}, prepare)


def fastest(forms: Mapping[str, Sequence[Run]], options: Mapping[str, Options], limit: int) -> Way:
    """The number of processes and the size of populations that end first, by `spread`.

    Small parts keep all processes busy to the end, large ones need less work: for each length that a part may have, the
    least work is taken.

    Args:
        forms: form -> its runs.
        options: form -> what was measured of it, one or more sizes of population.
        limit: processes at most.
    """
    lengths = sorted({max(_parts(pace, forms[name])) for name, paces in options.items() for pace in paces})
    found = []
    for longest in lengths:
        chosen = {name: _least(paces, forms[name], longest) for name, paces in options.items()}
        parts = [part for name, pace in chosen.items() for part in _parts(pace, forms[name])]
        found += [(spread(parts, workers), workers, chosen) for workers in range(1, limit + 1)]
    _, workers, paces = min(found, key=lambda each: each[:2])
    return Way(workers, paces=paces)


def sizes(runs: int, most: int) -> list[int]:
    """Sizes of population to try, from one up: equal parts of the runs of a replicate.

    Args:
        runs: in a replicate.
        most: that fit.

    Example:
        >>> sizes(24, 64), sizes(100, 64), sizes(5, 1)
        ([1, 3, 6, 12, 24], [1, 6, 12, 25, 50], [1])
    """
    parts = -(-runs // max(1, most))
    found = {max(1, runs // (parts * 2**halved)) for halved in range(4)}
    return sorted({1, *found, -(-runs // parts)} & set(range(1, most + 1)) | {1})


def _measure(rows: Sequence[Run], perform: Perform, memory: int, seconds: float) -> Options:
    """Paces of the runs of one form, in populations of several sizes."""
    kind = torch.device(perform.device).type
    started = time.perf_counter()
    first = perform.training(rows[0])
    made = time.perf_counter() - started
    reason = can_join([first]) or ""
    own = [run for run in rows if run.replicate == rows[0].replicate]
    most = 1 if reason else min(len(own), LARGEST.get(kind, LARGEST["cuda"]), capacity(first, memory))
    trainings = [first, *(perform.training(run) for run in own[1:most])]
    group = next(group for group in populations(trainings) if 0 in group)
    like = [trainings[place] for place in group]
    tried = _worth(like, sizes(len(own), len(like)) if kind == "cpu" else sorted({1, len(like)}))
    around = made + _finish_seconds(rows[0], perform, first)
    alone = durations([like[:1]], seconds=0.0)[0]
    work = len(rows) * Pace(1, alone.step, alone.evaluation, around).seconds(rows[0])
    found = durations([like[:size] for size in tried], seconds=min(seconds, SHARE * work))
    return [
        Pace(size, each.step / size, each.evaluation / size, around, reason)
        for size, each in zip(tried, found, strict=True)
    ]


def _worth(like: Sequence[Training], tried: Sequence[int]) -> list[int]:
    """Sizes, ascending, up to where larger ones are clearly worse: these are not worth a long look."""
    kept, best = [], math.inf
    for size in tried:
        each = durations([like[:size]], seconds=0.0)[0].step / size
        if each > WORSE * best:
            break
        kept.append(size)
        best = min(best, each)
    return kept


def _finish_seconds(run: Run, perform: Perform, training: Training) -> float:
    """What the measurements at the end of a run take; nobody sees the numbers."""
    started = time.perf_counter()
    nothing = Fit(0, 0, 0.0, (), torch.zeros(1, dtype=torch.long), {})
    perform.finish(run, training, nothing, seconds=0.0, peak=Peak(perform.device))
    return time.perf_counter() - started


def _parts(pace: Pace, runs: Sequence[Run]) -> list[float]:
    """Seconds of the parts of runs of one form."""
    each, parts = pace.seconds(runs[0]), []
    for count in Counter(run.replicate for run in runs).values():
        whole, rest = divmod(count, pace.population)
        parts += [pace.population * each] * whole + [rest * each] * (rest > 0)
    return parts


def _least(paces: Sequence[Pace], runs: Sequence[Run], longest: float) -> Pace:
    """The pace with the least work among those whose parts are short enough, or else with the shortest parts."""
    fitting = [pace for pace in paces if max(_parts(pace, runs)) <= longest]
    if not fitting:
        return min(paces, key=lambda pace: max(_parts(pace, runs)))
    return min(fitting, key=lambda pace: pace.seconds(runs[0]))

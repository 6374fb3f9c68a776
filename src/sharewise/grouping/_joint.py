"""Joint runs that are measured while or after they train, each kept like any finished run."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sharewise.runs import Bench, Finished, Run, code_fingerprint, digest, execute

JOINT = "joint"


def joint_runs(like: Run, replicates: Sequence[int]) -> list[Run]:
    """The run of all tasks together in each replicate.

    Args:
        like: its first replicate's seed is that of its recipe.
        replicates: each has a split, a seed and an order of rows of its own.
    """
    return [
        replace(
            like,
            treatment=JOINT,
            replicate=each,
            recipe=replace(like.recipe, seed=like.recipe.seed + each),
            probe=False,
        )
        for each in replicates
    ]


def measure(bench: Bench, work: Callable[[Run], Finished], what: str, plan: Sequence[Run]) -> list[Finished]:
    """Perform what a run is measured by, one run after the other, where it is not stored yet.

    Args:
        bench: its store and its number of processes.
        work: trains a run and measures; picklable.
        what: says in the key what is measured, with all its options.
        plan: runs.
    """
    keys = [digest([what, bench.perform.key(run), code_fingerprint("grouping")]) for run in plan]
    bench.progress.start(what, len(plan))
    execute(list(zip(keys, plan, strict=True)), work, bench.store, workers=bench.workers, done=bench.progress.advance)
    return [bench.store.get(key) for key in keys]

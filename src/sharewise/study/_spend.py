"""What a study is expected to take, and what of it fits a stated time."""

import time
from dataclasses import replace

from sharewise.runs import Finished, Run
from sharewise.study._bench import StudyBench
from sharewise.study._budget import EARLY, Budget, fit_budget
from sharewise.study._plan import make_plan, written_budget
from sharewise.study._protocol import Protocol
from sharewise.study._transfer import transfer_plan, wants_transfer
from sharewise.study._treatments import ALONE, TOGETHER, Treatment, treatments_of

TAIL = 10.0  # seconds for summary, report and model


def plan_budget(bench: StudyBench, protocol: Protocol, started: float) -> Budget:
    """What of a study fits its stated time: measured on the first replicate, or as an earlier call wrote it down.

    Args:
        bench: where it is performed.
        protocol: what is wanted.
        started: when the study began, in `time.perf_counter`.
    """
    if protocol.budget is None:
        return Budget(0.0, protocol)
    written = written_budget(bench.folder, protocol)
    if written is not None:
        return written
    treatments = treatments_of(protocol, bench.perform)
    bench.freeze(())  # the folder is this study's from now on
    outside = 0.0
    if protocol.references:
        before = time.perf_counter()
        bench.fit(range(1))
        outside = time.perf_counter() - before
    bench.runs.measure(_first(bench, protocol, treatments))

    def cost(each: Protocol) -> float:
        main = EARLY * bench.runs.way.seconds(_first(bench, each, treatments)) + _transfer(bench, each, treatments)
        return each.replicates * (main + each.references * outside) + TAIL

    found = fit_budget(protocol, protocol.budget - (time.perf_counter() - started), cost)
    for text in found.left_out.values():
        bench.progress.say(f"to fit {protocol.budget:.0f} s: {text}")
    later = found.protocol.references * outside + _transfer(bench, found.protocol, treatments)
    return replace(found, seconds=protocol.budget, reserve=TAIL, outside=later)


def _first(bench: StudyBench, protocol: Protocol, treatments: tuple[Treatment, ...]) -> tuple[Run, ...]:
    """The runs of the first replicate."""
    kept = {TOGETHER, ALONE, *protocol.treatments}
    arms = [each for each in treatments if each.name in kept or each.sharing]
    return make_plan(bench.perform.dataset, protocol, arms, replicates=range(1), rows=bench.runs.rows)


def _transfer(bench: StudyBench, protocol: Protocol, treatments: tuple[Treatment, ...]) -> float:
    """Expected seconds of the runs of one replicate that measure transfer."""
    dataset = bench.perform.dataset
    if not wants_transfer(len(dataset.tasks), protocol):
        return 0.0
    joint = [run for run in _first(bench, protocol, treatments) if (run.treatment, run.trial) == (TOGETHER, 0)]
    plan = transfer_plan([(run, Finished()) for run in joint], dataset)
    return EARLY * bench.runs.way.seconds(plan)

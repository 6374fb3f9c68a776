"""The experiments of a diagnosis: the baseline, interventions where a task is hurt, and what they tell."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias, final

from sharewise._core import InputError
from sharewise.diagnosis._gaps import split_gap
from sharewise.diagnosis._harm import harm, hurt_tasks, mean_loss, sits_on
from sharewise.diagnosis._hints import hints_of
from sharewise.diagnosis._intervention import Intervention, both, interventions
from sharewise.diagnosis._losses import Losses, gap, losses_of
from sharewise.diagnosis._plan import ALONE, MATCHED, TOGETHER, base_plan, changed_plan, matched_plan
from sharewise.diagnosis._recover import Arms, ordered, ranked, recovery, worth_combining
from sharewise.diagnosis._result import Diagnosis, Recovery, TaskDiagnosis
from sharewise.diagnosis._setup import Setup
from sharewise.evidence import paired_interval, recovered, shared_rows
from sharewise.runs import Finished, Perform, Results, Run, best_trials

Train: TypeAlias = Callable[[str, Sequence[Run]], Results]


def examine(
    perform: Perform,
    setup: Setup,
    train: Train,
    *,
    base: Sequence[Run] = (),
    command: str = "",
    causes: bool = True,
) -> Diagnosis:
    """Diagnose: train the baseline, and the interventions where a task is hurt.

    Without a task that is hurt, nothing but the baseline is trained. Cost otherwise: a baseline again for each of about
    fifteen interventions, of which those that mean nothing to a task alone need the joint network only.

    Args:
        perform: builds networks on the data set.
        setup: the baseline and the setup.
        train: performs a plan (`Bench.train`); told what it is for.
        base: a plan that holds the baseline among other rows, such as a study's; empty: the setup's own.
        command: that repeats it.
        causes: train interventions where a task is hurt; False: find out only whether one is.

    Raises:
        InputError: fewer than two tasks, or networks that no setting could train.
    """
    return _Examination(perform, setup, train).run(base, command, causes)


@final
class _Examination:
    """The moving parts of `examine`: what was trained so far."""

    def __init__(self, perform: Perform, setup: Setup, train: Train) -> None:
        self.perform, self.setup, self.train = perform, setup, train
        self.dataset = perform.dataset
        self.names = tuple(task.name for task in self.dataset.tasks)
        if len(self.names) < 2:
            raise InputError(f"a diagnosis compares tasks and needs two of them, got {len(self.names)}")
        self.all: Results = []
        self.best: Results = []
        split = self.dataset.split(0)
        self.sizes = split.sizes
        self.share = partial(recovered, share=shared_rows(self.dataset, "select"))
        self.interval = paired_interval(self.dataset, "select")

    def run(self, base: Sequence[Run], command: str, causes: bool) -> Diagnosis:
        """All experiments, in order."""
        plan = tuple(base) or base_plan(self.names, self.setup, self._rows)
        self._perform("baseline", plan)
        _check_trained(self.best)
        rows = tuple(run for run in plan if run.treatment in (ALONE, TOGETHER))
        losses = losses_of(self.best)
        hurt = hurt_tasks(losses, self.names, self.setup, self.interval)
        tried: tuple[Intervention, ...] = ()
        found: dict[str, tuple[Recovery, ...]] = {}
        if hurt and causes:
            fixed = self.perform.trunk is not None
            tried = interventions(self.dataset, self.setup, fixed=fixed)
            losses = self._intervene(rows, tried, hurt)
            found = {name: self._recoveries(name, tried, losses) for name in hurt}
            found |= self._combine(rows, tried, found)
            losses = losses_of(self.best)
        tasks = tuple(self._task(name, losses, hurt, found.get(name, ())) for name in self.names)
        return self._diagnosis(tasks, tried, command)

    def _rows(self, replicate: int) -> int:
        return len(self.dataset.split(replicate).train)

    def _perform(self, what: str, plan: Sequence[Run]) -> None:
        results = self.train(what, plan)
        kept = [pair for pair in results if what != "baseline" or pair[0].treatment in (ALONE, TOGETHER)]
        self.all += kept
        self.best += best_trials(kept)

    def _intervene(self, rows: Sequence[Run], tried: Sequence[Intervention], hurt: Sequence[str]) -> Losses:
        plan = [run for each in tried if each.trains for run in changed_plan(rows, each, hurt)]
        self._perform("interventions", [*plan, *self._matched(rows, hurt)])
        return losses_of(self.best)

    def _matched(self, rows: Sequence[Run], hurt: Sequence[str]) -> Sequence[Run]:
        """The control of capacity, where widths can be matched: not where inputs alone cost more."""
        if self.setup.sharing != "hard":
            return ()
        try:
            return matched_plan(rows, self.perform, hurt)
        except InputError:
            return ()

    def _arms(self, losses: Losses) -> Arms:
        runs = {name: _chosen(self.best, name) for name in {run.treatment for run, _ in self.best}}
        return Arms(losses, self.names, self.interval, self.share, runs)

    def _recoveries(self, name: str, tried: Sequence[Intervention], losses: Losses) -> tuple[Recovery, ...]:
        arms = self._arms(losses)
        order = ordered(tried, sits_on(losses, name, self.interval))
        found = [recovery(name, each, (each.cause,), arms) for each in order]
        return tuple(each for each in found if each is not None)

    def _combine(
        self, rows: Sequence[Run], tried: Sequence[Intervention], found: dict[str, tuple[Recovery, ...]]
    ) -> dict[str, tuple[Recovery, ...]]:
        """Two interventions at once where none is enough."""
        by_name = {each.name: each for each in tried}
        made: dict[str, tuple[Intervention, tuple[Recovery, ...]]] = {}
        for name, each in found.items():
            pair = worth_combining(each)
            if pair is not None:
                first, second = sorted(pair, key=lambda one: list(by_name).index(one.intervention))
                made[name] = both(by_name[first.intervention], by_name[second.intervention]), (first, second)
        for one in {one.name: one for one, _ in made.values()}.values():
            hurt = [name for name, (other, _) in made.items() if other.name == one.name]
            self._perform(one.name, changed_plan(rows, one, hurt))
        losses = losses_of(self.best)
        for name, (one, parts) in made.items():
            causes = tuple(cause for part in parts for cause in part.causes)
            more = recovery(name, one, causes, self._arms(losses))
            if more is not None:
                found[name] = (*found[name], more)
        return {name: ranked(each) for name, each in found.items()}

    def _task(self, name: str, losses: Losses, hurt: Sequence[str], found: tuple[Recovery, ...]) -> TaskDiagnosis:
        arms = {
            arm: {"train": losses[arm, name, "train"], "new": losses[arm, name, "select"]} for arm in (ALONE, TOGETHER)
        }
        matched = gap(losses, name, "select", alone=MATCHED) if name in hurt else None
        return TaskDiagnosis(
            name=name,
            alone=mean_loss(losses, ALONE, name, "select"),
            together=mean_loss(losses, TOGETHER, name, "select"),
            harm=self.interval(harm(losses, name, "select")),
            test=paired_interval(self.dataset)(harm(losses, name, "test")),
            gaps=split_gap(arms[ALONE], arms[TOGETHER], interval=self.interval),
            hurt=name in hurt,
            recoveries=found,
            matched=None if matched is None else self.interval(matched),
            hints=hints_of(name, self.dataset, self.best) if name in hurt else (),
        )

    def _diagnosis(self, tasks: Sequence[TaskDiagnosis], tried: Sequence[Intervention], command: str) -> Diagnosis:
        return Diagnosis(
            name=self.dataset.name,
            tasks=tuple(tasks),
            replicates=len({run.replicate for run, _ in self.best}),
            covers=tasks[0].harm.covers,
            level=self.setup.level,
            margin=self.setup.margin,
            interventions=tuple(each.name for each in tried),
            rows=dict(self.sizes),
            seconds=float(sum(finished.info.get("seconds", 0.0) for _, finished in self.all)),
            command=command,
        )


def _chosen(best: Iterable[tuple[Run, Finished]], treatment: str) -> dict[str, Any]:
    """The joint training of a treatment with the setting that most replicates chose, as a row of a plan."""
    joint = [run for run, _ in best if run.treatment == treatment and len(run.tasks) > 1]
    if not joint:
        return {}
    trial = Counter(run.trial for run in joint).most_common(1)[0][0]
    return next(run for run in joint if run.trial == trial).describe()


def _check_trained(best: Iterable[tuple[Run, Finished]]) -> None:
    """Every network of the baseline must have one setting that could be trained."""
    for run, finished in best:
        if "failed" in finished.info:
            raise InputError(
                f"no setting could train {' and '.join(run.tasks[:3])} ({run.treatment}, replicate {run.replicate}): "
                f"{finished.info['failed']}"
            )

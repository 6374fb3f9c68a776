"""What the select rows choose and the test rows say, in this order."""

from collections.abc import Sequence

import numpy as np

from sharewise.evidence import paired_interval
from sharewise.grouping._choice import (
    Choice,
    Rules,
    choose_contender,
    judge_contenders,
    judge_tasks,
    known_tasks,
    mean_skill,
)
from sharewise.grouping._confirm import Floats, Skills, skills_of
from sharewise.grouping._contenders import ALONE, TOGETHER, Contender
from sharewise.grouping._explore import Estimate
from sharewise.grouping._grouping import Grouping, Standing
from sharewise.grouping._propose import predicted
from sharewise.grouping._work import Work
from sharewise.runs import Results


def conclude(work: Work, contenders: Sequence[Contender], best: Results, estimate: Estimate) -> Grouping:
    """The grouping that retraining found.

    Args:
        work: its runs.
        contenders: that were retrained.
        best: their tuned runs.
        estimate: that proposed them.
    """
    protocol, dataset, order = work.protocol, work.dataset, work.order
    select, test = (skills_of(contenders, best, work.sizes, order=order, role=role) for role in ("select", "test"))
    choice = _choose(work, contenders, select)
    rules = Rules(paired_interval(dataset, "test"), protocol.margin, protocol.level)
    means = _means(test)
    verdicts = judge_contenders(means, choice.chosen, rules)
    against = _against(choice, test)
    standings = [
        _standing(work, each, best, test=test, skill=float(means[each.name].mean()), choice=choice, estimate=estimate)
        for each in contenders
    ]
    return Grouping(
        name=dataset.name,
        tasks=order,
        affinity=estimate.affinity,
        standings=tuple(standings),
        chosen=choice.chosen,
        baseline=choice.baseline,
        verdicts=verdicts,
        against=against,
        tasks_verdicts=judge_tasks(test[choice.chosen], test[against], order, rules),
        equal="parameters" if work.sizes.equal else "networks",
        left_out={},
        replicates=protocol.replicates,
        trials=protocol.trials,
        margin=protocol.margin,
        level=protocol.level,
        covers=next(iter(verdicts.values())).interval.covers,
        rows=dict(dataset.split(0).sizes),
        seconds={},
    )


def _choose(work: Work, contenders: Sequence[Contender], select: Skills) -> Choice:
    """By the select rows; groups may not be more than were asked for."""
    most = work.protocol.groups or len(work.order)
    allowed = {each.name for each in contenders if len(each.networks) <= most}
    simple = [name for name in (TOGETHER, ALONE) if name in allowed]
    means = {name: values for name, values in _means(select).items() if name in allowed}
    rules = Rules(paired_interval(work.dataset, "select"), work.protocol.margin, work.protocol.level)
    return choose_contender(means, simple, rules)


def _means(tables: Skills) -> dict[str, Floats]:
    """Mean skill over the tasks whose skill is always known, in each replicate."""
    known = known_tasks(tables)
    return {name: mean_skill(table, known) for name, table in tables.items()}


def _against(choice: Choice, test: Skills) -> str:
    """What the chosen contender is compared with task by task: the simple one, or the other simple one."""
    if choice.chosen != choice.baseline:
        return choice.baseline
    other = ALONE if choice.baseline == TOGETHER else TOGETHER
    return other if other in test else next(name for name in test if name != choice.chosen)


def _standing(
    work: Work,
    contender: Contender,
    best: Results,
    *,
    test: Skills,
    skill: float,
    choice: Choice,
    estimate: Estimate,
) -> Standing:
    many, table = len(contender.networks), test[contender.name]
    width, promised = work.sizes.width(many), predicted(estimate, contender)
    members = {network.members for network in contender.networks}
    own = [finished for run, finished in best if run.network.width == width and frozenset(run.tasks) in members]
    return Standing(
        contender=contender,
        width=width,
        parameters=work.sizes.parameters(many, width),
        skill=skill,
        skills=tuple(table.mean(axis=0).tolist()),
        select=choice.differences.get(contender.name),
        promised=tuple(promised[name] for name in work.order),
        gains=_gains(work, table, test.get(ALONE)),
        seconds=sum(float(finished.info.get("seconds", 0.0)) for finished in own),
    )


def _gains(work: Work, table: Floats, alone: Floats | None) -> tuple[tuple[float, float, float], ...]:
    """Of each task against training alone, as a share of the loss: estimate and both ends."""
    if alone is None:
        return ((float("nan"),) * 3,) * len(work.order)
    measure = paired_interval(work.dataset, "test")
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = 1 - (1 - table) / (1 - alone)
    shares[~np.isfinite(shares)] = np.nan
    found = [measure(column) for column in shares.T]
    return tuple((each.estimate, each.low, each.high) for each in found)

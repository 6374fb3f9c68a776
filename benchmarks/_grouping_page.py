"""The page of the comparison of affinities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks._grouping_data import SEEN

AGAIN = "the truth again, on select rows"
HEAD = """# Affinities compared

Made by `python -m benchmarks.grouping --data FOLDER --write`. For each set all subsets of its tasks were trained in
{replicates} paired replicates and valued on test rows: gain of a task in a group = loss alone minus loss in the group,
as a share of the loss alone. Estimates come from other replicates and from select rows, {draws} times each; means over
these, with the least and the largest. The truth's trainings are short themselves. Those of *recommended*, as
`sharewise group` has it, take {length:.0%} of their steps in 8 replicates, beside 6 anchors of full length; *pairs,
shorter* take as many; all others are of full length.

- *pooled*: rank correlation of estimated and true gains over all pairs of task and group of two or more. *within*: mean
  over tasks of the correlation over its groups. The ceiling is the square root of the truth's own reliability (halves
  of its replicates, Spearman and Brown); the null knows only each task's mean gain. An affinity's gain of a group is
  the mean of its affinities within (random subsets: the sum).
- *way*: of the proposed partition from the mean of all partitions (0) to the best one (1), which is chosen on one half
  of the replicates and valued on the other. *given*: the same if the search may use at most as many networks as the
  best partition has. Methods without a sign (*) propose all together or all alone unless that number is given.
- *against simple*: mean gain minus that of all together or all alone, whichever is better by the truth itself, in
  hundredths of the loss alone; in brackets how many of the {draws} proposals are significantly worse (t over paired
  replicates, 5 %, not adjusted).
- *cost*: in joint trainings of full length; all subsets once take 31 to 127 of them, the truth {replicates} times that.
- *the truth again*: all subsets in as many replicates as the truth has, once more. It costs ten times what an estimate
  may, and shows what noise leaves to be found.

The recommended estimate was chosen on {seen}, which are no test of it. On the others an
earlier one was looked at, which is why it has anchors, and why a group must beat the better one of all together and all
alone. What is new since then was not chosen on them; but that the table of aims is about the anchored variant, and not
about that of full length, was decided after both had been seen. Estimates of a method share replicates with those of
others where they train the same.
"""
SIGNLESS = ("lookahead", "gradient cosine", "representations", "linearisation")


@dataclass(frozen=True)
class Estimated:
    """One estimator on one set; lists have an entry for each draw.

    Args:
        method: its name.
        pooled: rank correlation with the truth.
        within: mean rank correlation within tasks.
        way: of its partition from random to best.
        way_given: the same with the number of groups given.
        against_simple: gain beyond the better of all together and all alone.
        worse: how many draws are significantly worse than that.
        cost: in joint trainings.
    """

    method: str
    pooled: list[float]
    within: list[float]
    way: list[float]
    way_given: list[float]
    against_simple: list[float]
    worse: int
    cost: float


@dataclass(frozen=True)
class Measured:
    """The truth of one set and all estimates.

    Args:
        name: of the set.
        tasks: K names.
        rows: of the table.
        steps: of a training.
        ceiling: pooled and within, the square roots of the truth's reliability.
        null: pooled correlation of the tasks' mean gains.
        best: partition.
        worth: mean gain of the best partition, of the mean of all, of all together and of all alone.
        error: standard error of the best partition's gain beyond the mean of all.
        oracle_cost: trainings that all subsets take once.
        estimates: of all methods.
    """

    name: str
    tasks: tuple[str, ...]
    rows: int
    steps: int
    ceiling: dict[str, float]
    null: float
    best: list[list[str]]
    worth: dict[str, float]
    error: float
    oracle_cost: float
    estimates: list[Estimated]


def page(found: Sequence[Measured], replicates: int, draws: int, length: float) -> str:
    """What of the aims is reached, and all sets."""
    head = HEAD.format(replicates=replicates, draws=draws, length=length, seen=", ".join(SEEN))
    lines = [head, *_aims(found, replicates), ""]
    for each in found:
        lines += _set(each)
    return "\n".join(lines)


def _set(each: Measured) -> list[str]:
    best = ", ".join(" + ".join(group) for group in each.best)
    worth = ", ".join(f"{name} {100 * value:+.1f} %" for name, value in each.worth.items())
    lines = [
        f"## {each.name}",
        "",
        f"{each.rows:,} rows, {len(each.tasks)} tasks, {each.steps} steps. Best partition: {best}.",
        f"Mean gains: {worth}. {_resolved(each)}",
        f"Ceilings: pooled {each.ceiling['pooled']:.2f}, within {each.ceiling['within']:.2f}. Null: pooled "
        f"{each.null:.2f}, within 0.",
        "",
        "| estimate | pooled | within | way | given | against simple | cost |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*lines, *(_row(row) for row in each.estimates), ""]


def _resolved(each: Measured) -> str:
    """Whether there is a way to go at all."""
    gap = each.worth["best"] - each.worth["random"]
    told = f"From random to best: {100 * gap:+.1f} %, standard error {100 * each.error:.1f}"
    return f"{told}." if _told_apart(each) else f"{told}: not resolved, so ways on this set mean nothing."


def _told_apart(each: Measured) -> bool:
    return each.worth["best"] - each.worth["random"] > 2 * each.error


def _row(row: Estimated) -> str:
    name = f"{row.method}*" if row.method in SIGNLESS else row.method
    gap = f"{100 * float(np.mean(row.against_simple)):+.1f} ({row.worse})"
    cells = [name, *(_range(each) for each in (row.pooled, row.within, row.way, row.way_given)), gap]
    return "| " + " | ".join([*cells, f"{row.cost:.0f}"]) + " |"


def _range(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.2f}"
    return mean if len(values) < 2 else f"{mean} ({min(values):.2f} to {max(values):.2f})"


def _aims(found: Sequence[Measured], replicates: int) -> list[str]:
    """The recommended estimate beside the aims, in numbers."""
    lines = [
        "## Aims of the recommended estimate",
        "",
        "Aims: a correlation of .8 of the ceiling, .90 of the way, a tenth of the truth's cost, never significantly",
        "worse than the simple choice. Sets in brackets: the estimate was chosen on them.",
        "",
        "| set | within / aim | the truth again | pooled / aim | way | cost, of the truth | significantly worse |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in found:
        rows = {row.method: row for row in each.estimates}
        row, again = rows["recommended"], rows.get(AGAIN)
        within, pooled = (
            f"{np.mean(values):.2f} / {0.8 * each.ceiling[name]:.2f}"
            for name, values in (("within", row.within), ("pooled", row.pooled))
        )
        cells = [
            f"({each.name})" if each.name in SEEN else each.name,
            within,
            f"{np.mean(again.within):.2f}" if again else "",
            pooled,
            f"{np.mean(row.way):.2f}" if _told_apart(each) else "not resolved",
            f"{row.cost / each.oracle_cost / replicates:.0%}",
            f"{row.worse} of {len(row.way)}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines

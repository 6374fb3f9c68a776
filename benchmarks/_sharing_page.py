"""The page of the comparison of sharing forms."""

from collections.abc import Sequence
from dataclasses import dataclass

from sharewise.evidence import Interval

HEAD = """# Forms of sharing compared

Made by `python -m benchmarks.sharing --data FOLDER --write`. {replicates} replicates a table, {trials} settings of
learning rate, decay and, where a form has one, strength in each, at most {steps:,} steps. All forms have about as
many parameters as hard sharing (their width is solved for that) and the same settings; in each replicate the setting
is chosen on the valid rows. *score* is the mean over tasks of AUROC (binary) or R² (regression) on test rows.
Differences are paired by replicate; intervals are at 95 %, one by one. **Bold** are those that exclude no difference
after adjustment over the nine comparisons with a baseline (Holm, 5 %). *better* and *worse* name the tasks whose own
interval, not adjusted, lies above or below zero against separate networks (`none`). *s*: seconds of a network in its
population, beside whatever else the machine did, so no measure of what a form costs.

Equal parameters favour what shares: separate networks are narrow. A difference here is one of these sizes, settings and
steps, and of no others; published numbers of these tables use other rows and are not comparable.
"""


@dataclass(frozen=True)
class Compared:
    """One form on one table.

    Args:
        table: its name.
        form: of sharing.
        width: that makes it as large as hard sharing.
        parameters: of one network.
        score: mean over tasks and replicates of the tasks' first metric on test rows.
        against: baseline -> difference of that score, with its interval; absent for the baseline itself.
        adjusted: baseline -> p value of no difference, adjusted over the forms (Holm).
        better: baseline -> tasks whose own interval lies above zero.
        worse: baseline -> tasks whose own interval lies below zero.
        seconds: spent on one network, all settings' mean.
    """

    table: str
    form: str
    width: int
    parameters: int
    score: float
    against: dict[str, Interval]
    adjusted: dict[str, float]
    better: dict[str, list[str]]
    worse: dict[str, list[str]]
    seconds: float


def page(found: Sequence[Compared], replicates: int, trials: int, steps: int) -> str:
    """All tables, and what can be read off them."""
    lines = [HEAD.format(replicates=replicates, trials=trials, steps=steps)]
    for name in dict.fromkeys(each.table for each in found):
        lines += _table([each for each in found if each.table == name])
    return "\n".join(lines)


def _table(rows: Sequence[Compared]) -> list[str]:
    some = next(iter(rows[0].against.values()))
    lines = [
        f"## {rows[0].table}",
        "",
        f"Intervals cover {some.covers}.",
        "",
        "| form | width | parameters | score | against hard sharing | against separate networks | better | worse | s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_row(each) for each in sorted(rows, key=lambda each: -each.score)]
    return [*lines, "", *_reading(rows), ""]


def _row(each: Compared) -> str:
    cells = [each.form, str(each.width), f"{each.parameters:,}", f"{each.score:.4f}"]
    cells += [_difference(each.against.get(base), each.adjusted.get(base, 1.0)) for base in ("hard", "none")]
    cells += [", ".join(side.get("none", [])) for side in (each.better, each.worse)]
    return "| " + " | ".join([*cells, f"{each.seconds:.1f}"]) + " |"


def _difference(found: Interval | None, adjusted: float) -> str:
    if found is None:
        return ""
    text = f"{found.estimate:+.4f} ({found.low:+.4f} to {found.high:+.4f})"
    return f"**{text}**" if adjusted <= 0.05 else text


def _reading(rows: Sequence[Compared]) -> list[str]:
    """One sentence for each baseline, from the adjusted comparisons."""
    lines = []
    for base, what in (("none", "separate networks"), ("hard", "hard sharing")):
        sure = [each for each in rows if each.adjusted.get(base, 1.0) <= 0.05]
        above = [each.form for each in sure if each.against[base].estimate > 0]
        below = [each.form for each in sure if each.against[base].estimate < 0]
        parts = [
            f"above {what}: {', '.join(above) or 'none for sure'}",
            f"below: {', '.join(below) or 'none for sure'}",
        ]
        lines.append(f"- {'; '.join(parts)}.")
    return lines

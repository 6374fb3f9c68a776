"""The report: one HTML file that answers first, shows the evidence after, and needs nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from sharewise._core import ROLES
from sharewise.study import _sentences
from sharewise.study._charts_curves import chosen_records, learning_curves, skill_curve
from sharewise.study._charts_gains import forest, gain, histogram
from sharewise.study._charts_gradients import cosines, mean_cosines, norms
from sharewise.study._charts_references import standing
from sharewise.study._numbers import count, decimals, duration, number
from sharewise.study._plan import write_text
from sharewise.study._summary import Summary, TaskSummary

READABLE = 24
"""Up to so many tasks each has a row of its own on the first screen; beyond, the ends are shown and the rest folded."""
_ENDS = 8
_CURVES = 12
_LISTED = 1000


def write_report(summary: Summary, records: pd.DataFrame, path: Path | str) -> Path:
    """Write the report of a finished study as one self-contained HTML file, whole or not at all.

    Args:
        summary: what the study found.
        records: tidy records with columns run, treatment, replicate, trial, chosen, role, task, other, name, step,
            value; an empty frame leaves out the pictures over time.
        path: of the file; an existing one is replaced.

    Returns:
        The path.

    Raises:
        ValueError: the summary has no tasks.

    Example:
        >>> import tempfile
        >>> from dataclasses import replace
        >>> task = TaskSummary(name="age", kind="regression", metric="r2", higher_is_better=True, floor=0.0, alone=0.6,
        ...     together=0.7, difference=0.1, low=0.05, high=0.15, margin=0.01, verdict="HELPS", chosen="together")
        >>> tasks = (task, replace(task, name="job"))
        >>> summary = Summary(name="adult", tasks=tasks, replicates=5, covers="this split's models")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     text = write_report(summary, pd.DataFrame(), Path(folder) / "report.html").read_text(encoding="utf-8")
        >>> "Train both tasks together." in text
        True
    """
    if not summary.tasks:
        raise ValueError("`summary` needs tasks, got none; a report is written of a finished study.")
    text = _template().render(_context(summary, chosen_records(records)))
    write_text(Path(path), text)
    return Path(path)


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sharewise.study", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(number=number, count=count, duration=duration, decimals=decimals, sum_values=_total)
    environment.globals.update(forest=forest, standing=standing, best_reference=_sentences.best_reference)
    return environment.get_template("report.html")


def _total(counts: dict[str, int]) -> int:
    return sum(counts.values())


def _context(summary: Summary, records: pd.DataFrame) -> dict[str, Any]:
    ranked = sorted(summary.tasks, key=gain, reverse=True)
    many = len(ranked) > READABLE
    shown = [*ranked[:_ENDS], *ranked[-_ENDS:]] if many else ranked
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    return {
        "summary": summary,
        "style": Markup(style),  # ours, not the user's
        "roles": ROLES,
        "headline": _sentences.headline(summary),
        "certainty": _sentences.certainty(summary),
        "advice": _sentences.advice(summary),
        "meaning": _sentences.MEANING,
        "tally": {word: len(_sentences.having(summary.tasks, word)) for word in _sentences.MEANING},
        "ranked": ranked[:_LISTED],
        "shown": shown,
        "many": many,
        "histogram": Markup(histogram(ranked)) if many else "",
        **_over_time(records, ranked),
    }


def _over_time(records: pd.DataFrame, ranked: Sequence[TaskSummary]) -> dict[str, Any]:
    names = [task.name for task in ranked]
    half = _CURVES // 2
    drawn = names if len(names) <= _CURVES else names[:half] + names[-half:]
    curves = {task: Markup(svg) for task, svg in learning_curves(records, drawn).items()}
    norm, separate = norms(records, names)
    few = names if len(names) <= _CURVES else []
    return {
        "curves": curves,
        "skill": Markup(skill_curve(records)) if len(names) > _CURVES else "",
        "norms": Markup(norm),
        "norm_names": names if separate else [],
        "probed": records.loc[records["name"].isin(["gradient_norm", "gradient_cosine"]), "replicate"].nunique(),
        "cosines": Markup(cosines(records)),
        "pairs": mean_cosines(records, few),
        "pair_names": few,
    }

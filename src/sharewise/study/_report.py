"""The report: one HTML file that answers first, shows the evidence after, and needs nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from sharewise._core import ROLES
from sharewise.study import _sentences
from sharewise.study._advice import advice
from sharewise.study._backing import backing
from sharewise.study._charts_curves import chosen_records
from sharewise.study._charts_fit import calibration_error, is_number
from sharewise.study._charts_gains import forest, gain
from sharewise.study._charts_health import charts
from sharewise.study._charts_references import standing
from sharewise.study._charts_treatments import columns_of, gain_cells, mean_gains
from sharewise.study._choices import at_stake, credit, score_of, structure_of
from sharewise.study._effects import INFORMATION
from sharewise.study._next import next_run
from sharewise.study._pages import pages, style
from sharewise.study._pictures import pictures
from sharewise.study._plan import write_text
from sharewise.study._summary import Summary, TaskSummary

READABLE = 24
"""Up to so many tasks each has a row of its own on the first screen; beyond, the ends are shown and the rest folded."""
_ENDS = 8
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
    health = charts(records, [task.name for task in summary.tasks])
    context = _context(summary, chosen_records(records))
    text = _template().render(context, health={name: Markup(svg) for name, svg in health.items()})
    write_text(Path(path), text)
    return Path(path)


def _template() -> jinja2.Template:
    environment = pages()
    environment.filters.update(sum_values=_total)
    environment.globals.update(
        forest=forest,
        standing=standing,
        best_reference=_sentences.best_reference,
        score_of=score_of,
        at_stake=at_stake,
        numeric=is_number,
        calibration_error=calibration_error,
    )
    return environment.get_template("report.html")


def _total(counts: dict[str, int]) -> int:
    return sum(counts.values())


def _context(summary: Summary, records: pd.DataFrame) -> dict[str, Any]:
    ranked = sorted(summary.tasks, key=gain, reverse=True)
    many = len(ranked) > READABLE
    shown = [*ranked[:_ENDS], *ranked[-_ENDS:]] if many else ranked
    return {
        "summary": summary,
        "style": Markup(style()),  # ours, not the user's
        "roles": ROLES,
        "tally": {word: len(_sentences.having(summary.tasks, word)) for word in _sentences.MEANING},
        "meaning": _sentences.MEANING,
        "ranked": ranked[:_LISTED],
        "shown": shown,
        "many": many,
        "backing": backing(summary, shown),
        "extra": any(task.extra for task in shown),
        **_words(summary),
        **_treatments(summary, shown),
        **pictures(summary, records, ranked=ranked, shown=shown),
    }


def _words(summary: Summary) -> dict[str, Any]:
    first, *sure = _sentences.certainty(summary)
    credited = _sentences.credited(summary)
    return {
        "headline": _sentences.headline(summary),
        "certainty": first,
        "answer": {
            "On average": _sentences.on_average(summary),
            "If a choice is wrong": _sentences.if_wrong(summary),
            "Owed to the other tasks": " ".join(sentence for sentence in credited if sentence != _sentences.STRUCTURE),
            "How sure": " ".join(sure),
        },
        "credited": credited,
        "next": next_run(summary),
        "advice": advice(summary),
    }


def _treatments(summary: Summary, shown: Sequence[TaskSummary]) -> dict[str, Any]:
    helped = [task for task in _sentences.having(shown, "HELPS") if credit(task)]
    return {
        "gains": mean_gains(summary.treatments),
        "columns": columns_of(shown),
        "cells": gain_cells(shown),
        "ways": bool(summary.treatments) or any(task.effects for task in summary.tasks),
        "control": any(credit(task) for task in summary.tasks),
        "credits": [(task, structure_of(task), task.effects[INFORMATION]) for task in helped],
    }

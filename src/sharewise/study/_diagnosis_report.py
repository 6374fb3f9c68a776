"""The report of a diagnosis: one HTML file that needs nothing else."""

from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from sharewise.diagnosis import Benefits, Diagnosis, FewShot, TaskDiagnosis, Worth
from sharewise.evidence import Interval
from sharewise.study._causes import REMEDIES, cause_of, diagnosis_headline, hint_commands, next_command, verdict
from sharewise.study._charts_benefits import few_shot_chart, legend_of, worth_chart
from sharewise.study._charts_gains import Axis
from sharewise.study._pages import pages, style
from sharewise.study._plan import write_text

CHIPS = {"met": "helps", "not met": "hurts", "open": "undetermined"}
ENDS = (-0.5, 1.25)  # of the axis of shares recovered


def write_diagnosis(diagnosis: Diagnosis, path: Path | str) -> Path:
    """Write the report of a diagnosis, whole or not at all.

    Args:
        diagnosis: what was found.
        path: of the file; an existing one is replaced.

    Returns:
        The path.
    """
    environment = pages()
    environment.filters.update(ticked=ticked)
    environment.globals.update(cause_of=cause_of, verdict=verdict, row_of=row_of)
    text = environment.get_template("report_diagnosis.html").render(_context(diagnosis))
    write_text(Path(path), text)
    return Path(path)


def _context(diagnosis: Diagnosis) -> dict[str, Any]:
    text, command = next_command(diagnosis)
    return {
        "diagnosis": diagnosis,
        "style": Markup(style()),  # ours, not the user's
        "headline": diagnosis_headline(diagnosis),
        "next": {"text": text, "command": command},
        "hinted": hint_commands(diagnosis),
        "ranked": sorted(diagnosis.tasks, key=_harm),
        "axis": Axis(*ENDS),
        "remedies": REMEDIES,
        "chips": CHIPS,
        **_benefits(diagnosis.benefits),
    }


def _benefits(benefits: Benefits | None) -> dict[str, Any]:
    """Charts and legends of the benefits that have curves."""
    parts = dict(benefits.parts()) if benefits else {}
    charts: dict[str, dict[str, Markup]] = {}
    legends = {}
    for name, results in parts.items():
        for place, each in enumerate(results):
            if isinstance(each, Worth | FewShot):
                svg = worth_chart(each, place) if isinstance(each, Worth) else few_shot_chart(each, place)
                charts.setdefault(name, {})[each.task] = Markup(svg)
                legends[name] = legend_of(each.curves)
    return {"charts": charts, "legends": legends}


def ticked(text: str) -> Markup:
    """A sentence with the names between backticks as code, all of it escaped.

    Example:
        >>> ticked("`a<b` is worse")
        Markup('<code>a&lt;b</code> is worse')
    """
    parts = text.split("`")
    marks = (f"<code>{escape(part)}</code>" if place % 2 else str(escape(part)) for place, part in enumerate(parts))
    return Markup("".join(marks))  # each part is escaped


def _harm(task: TaskDiagnosis) -> float:
    return -task.harm.estimate


def row_of(interval: Interval) -> dict[str, Any]:
    """A share recovered as places on the axis, in percent of its width.

    Example:
        >>> row_of(Interval(0.375, 0.25, 9.0, 0.1, 9.0, 10, "seeds"))["point"]
        50.0
    """
    axis = Axis(*ENDS)
    return {
        "point": axis.place(interval.estimate),
        "low": axis.place(interval.low),
        "high": axis.place(interval.high),
        "none": axis.place(0.0),
        "half": axis.place(0.5),
        "whole": axis.place(1.0),
    }

"""The report of a grouping: one HTML file that answers first and shows the evidence after."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from markupsafe import Markup

from sharewise.grouping import ALONE, RANDOM, TOGETHER, Grouping, Standing
from sharewise.runs import versions
from sharewise.study import _grouping_words as words
from sharewise.study._charts_transfer import matrix
from sharewise.study._charts_tree import tree
from sharewise.study._pages import pages, style
from sharewise.training import whole_file

SHOWN = 60  # tasks with a row of their own


@final
@dataclass(frozen=True, slots=True)
class Gained:
    """One task in one network: what was promised and what was confirmed, as shares of the loss alone."""

    task: str
    network: int
    promised: float
    gain: float
    low: float
    high: float


def write_grouping_report(found: Grouping, path: Path | str) -> Path:
    """Write the report of a finished grouping as one self-contained HTML file, whole or not at all.

    Args:
        found: what it found.
        path: of the file; an existing one is replaced.

    Returns:
        The path.
    """
    text = pages().get_template("report_grouping.html").render(_context(found))
    with whole_file(Path(path)) as draft:
        draft.write_text(text, encoding="utf-8")
    return Path(path)


def _context(found: Grouping) -> dict[str, Any]:
    grown = tree(found.affinity)
    order = grown.leaves if grown else found.tasks
    places = [found.tasks.index(name) for name in order]
    values, errors = (table[np.ix_(places, places)] for table in (found.affinity.values, found.affinity.errors))
    shown = _compared(found)
    return {
        "found": found,
        "style": Markup(style()),  # ours, not the user's
        "headline": found.answer(),
        "sure": words.sure_sentence(found),
        "choice": words.choice_sentence(found),
        "equal": words.equal_sentence(found),
        "by_task": words.tasks_sentence(found),
        "title_of": words.title_of,
        "tree": grown,
        "matrix_of": matrix(order, _rows(values), _rows(errors)),
        "shown": shown,
        "gained": gained(found, shown) if shown else (),
        "most": SHOWN,
        "promises": any(np.isfinite(each.promised).any() for each in found.standings),
        "versions": versions(),
    }


def _rows(table: Any) -> tuple[tuple[float, ...], ...]:  # noqa: ANN401  # an array
    return tuple(tuple(row) for row in table.tolist())


def _compared(found: Grouping) -> Standing | None:
    """The groups whose promise is held against what they gave: the chosen ones, else the best proposed ones."""
    grouped = [
        each
        for each in found.standings
        if each.contender.name not in (TOGETHER, ALONE) and not each.contender.name.startswith(RANDOM)
    ]
    own = [each for each in grouped if each.contender.name == found.chosen]
    return next(iter(own or sorted(grouped, key=lambda each: -each.skill)), None)


def gained(found: Grouping, standing: Standing) -> Sequence[Gained]:
    """Promise and confirmation of each task under a contender, network by network.

    Args:
        found: the grouping.
        standing: of one of its contenders.
    """
    rows = []
    for place, network in enumerate(standing.contender.networks):
        for name in sorted(network.serves):
            at = found.tasks.index(name)
            rows.append(Gained(name, place + 1, standing.promised[at], *standing.gains[at]))
    return rows

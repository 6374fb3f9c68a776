"""Which columns of a table become features."""

from collections.abc import Sequence

from pandas import DataFrame

from sharewise._core import InputError
from sharewise.mixing._cells import check_columns, form_of
from sharewise.mixing._columns import Columns
from sharewise.mixing._features import CATEGORIES
from sharewise.mixing._findings import Finding
from sharewise.mixing._labelled import Target
from sharewise.mixing._leaks import leaks, twins
from sharewise.mixing._notices import check_spelling, odd, useless


def choose_features(
    frame: DataFrame, targets: Sequence[Target], columns: Columns, features: Sequence[str] | None
) -> tuple[list[str], list[Finding]]:
    """Names of the features, and what was noticed about them."""
    candidates = _candidates(frame, targets, columns, features)
    wanted = {*columns.keep, *(features or ())}
    for each in candidates:
        if each not in columns.categorical:
            check_spelling(frame[each])
    dropped = {name: finding for name in candidates if (finding := useless(frame, name)) is not None}
    findings = {name: finding for name, finding in dropped.items() if _drops(finding, name in wanted)}
    names = [name for name in candidates if name not in findings]
    given_away = [finding for finding in leaks(frame, names, targets) if finding.column not in columns.keep]
    names = [name for name in names if name not in {finding.column for finding in given_away}]
    if not names:
        raise InputError(
            f"No feature is left of {len(candidates)} columns: "
            f"{'; '.join(map(str, [*findings.values(), *given_away])) or 'all are targets or excluded'}"
        )
    noticed = [finding for name in names if (finding := odd(frame[name], CATEGORIES)) is not None]
    return names, [*findings.values(), *given_away, *noticed, *twins(frame, names)]


def _drops(finding: Finding, wanted: bool) -> bool:
    return finding.what != "identifier" or not wanted


def _candidates(
    frame: DataFrame, targets: Sequence[Target], columns: Columns, features: Sequence[str] | None
) -> list[str]:
    labels = {column: target.task.name for target in targets for column in target.columns}
    if features is not None:
        check_columns(frame, features, what="given as feature")
    for name in (*(features or ()), *columns.keep):
        if name in labels:
            raise InputError(f"Column `{name}` cannot be a feature: it is the target of task `{labels[name]}`.")
    if features is not None:
        return [name for name in dict.fromkeys((*features, *columns.keep)) if name not in columns.exclude]
    taken = {*columns.parts, *_plain_time(frame, columns)} - {*columns.keep}
    return [name for name in frame.columns if name not in {*labels, *taken, *columns.exclude}]


def _plain_time(frame: DataFrame, columns: Columns) -> list[str]:
    """The time column unless it holds dates: a number that only grows says nothing about later rows."""
    return [columns.time] if columns.time and form_of(frame[columns.time]) != "date" else []

"""Features that give a target away, and features that repeat each other."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from sharewise.mixing._cells import Floats, Longs, date_cells, form_of, number_cells
from sharewise.mixing._findings import Finding
from sharewise.mixing._labelled import Target

_LEAK = 0.999
_TWIN = 0.9999
_SCREEN = 0.98  # ranks of all rows differ a little from those of the rows two columns have in common
_ROWS = 20_000  # rows looked at
_SCREENED = 2_000  # rows on which all pairs of features are compared
_COMMON = 20  # fewer rows in common tell nothing
_OFTEN = 20  # rows that each value of a feature has on average; of rarer ones some have one label by chance


def leaks(frame: DataFrame, names: Sequence[str], targets: Sequence[Target]) -> list[Finding]:
    """Features that say a target: by a rank correlation above 0.999, or by a few values with one label each.

    Looked at are also text of two values and, where values are missing, whether they are.

    Args:
        frame: all rows.
        names: the features.
        targets: the targets.
    """
    rows = _rows(len(frame))
    labels = [(target.task.name, column[rows]) for target in targets for column in _each(target)]
    features = [part for name in names for part in _views(frame[name].iloc[rows])]
    found = _ranked_alike(features, labels) | _named_alike(frame.iloc[rows], names, labels)
    advice = "dropped: `keep` it if it is known when predictions are made"
    return [Finding(name, "leak", f"{how} task `{task}`; {advice}.") for name, (how, task) in found.items()]


def _rows(count: int, most: int = _ROWS) -> Longs:
    return np.arange(0, count, max(1, count // most))


def _each(target: Target) -> Iterable[Floats]:
    return target.values.T if target.values.ndim == 2 else [target.values]


def _views(values: Series) -> list[tuple[str, str, Floats]]:
    """What can be ranked of a column: (column, how, numbers)."""
    name, form = str(values.name), form_of(values)
    views = []
    if form == "date":
        dates = date_cells(values)
        views.append((name, "follows", np.where(np.isnat(dates), np.nan, dates.astype(np.float64))))
    elif form != "text":
        views.append((name, "follows", number_cells(values)))
    elif values.nunique() == 2:
        codes = pd.factorize(values)[0]
        views.append((name, "follows", np.where(codes < 0, np.nan, codes)))
    if values.isna().any():
        views.append((name, "is missing exactly as said by", values.isna().to_numpy(np.float64)))
    return views


def _ranked_alike(
    features: Sequence[tuple[str, str, Floats]], labels: Sequence[tuple[str, Floats]]
) -> dict[str, tuple[str, str]]:
    if not features:
        return {}
    screen = _correlations(_ranks([values for *_, values in features]), _ranks([values for _, values in labels]))
    found: dict[str, tuple[str, str]] = {}
    for place, label in np.argwhere(np.abs(screen) > _SCREEN):
        (name, how, values), (task, target) = features[place], labels[label]
        if abs(_rank_correlation(values, target)) > _LEAK:
            found.setdefault(name, (how, task))
    return found


def _ranks(columns: Sequence[Floats]) -> Floats:
    return DataFrame(np.stack(columns, 1)).rank().to_numpy()


def _correlations(x: Floats, y: Floats) -> Floats:
    """Pearson's over the rows two columns have in common: [n, D], [n, K] with NaN to [D, K]; 0 where undefined."""
    x, has_x = _centred(x)
    y, has_y = _centred(y)
    count = np.maximum(has_x.T @ has_y, 1)
    sum_x, sum_y = x.T @ has_y, has_x.T @ y
    spread = ((x**2).T @ has_y - sum_x**2 / count) * (has_x.T @ y**2 - sum_y**2 / count)
    product = x.T @ y - sum_x * sum_y / count
    return np.where(spread > 1e-9, product / np.sqrt(np.maximum(spread, 1e-9)), 0.0)


def _centred(x: Floats) -> tuple[Floats, Floats]:
    """Columns without their means, 0 where missing; and 1 where not."""
    has = (~np.isnan(x)).astype(np.float64)
    mean = np.nansum(x, 0) / np.maximum(has.sum(0), 1)
    return np.nan_to_num(x - mean), has


def _rank_correlation(x: Floats, y: Floats) -> float:
    both = ~np.isnan(x) & ~np.isnan(y)
    if both.sum() < _COMMON:
        return 0.0
    ranks = _ranks([x[both], y[both]])
    return float(_correlations(ranks[:, :1], ranks[:, 1:])[0, 0])


def _named_alike(
    frame: DataFrame, names: Sequence[str], labels: Sequence[tuple[str, Floats]]
) -> dict[str, tuple[str, str]]:
    """Features of some values each of which has one label only."""
    codes = {name: pd.factorize(frame[name])[0] for name in names}
    few = {name: code for name, code in codes.items() if 2 < code.max() + 1 <= len(frame) / _OFTEN}
    classes = [(task, target) for task, target in labels if 2 <= _count(target) <= len(frame) / _OFTEN]
    found: dict[str, tuple[str, str]] = {}
    for name, code in few.items():
        for task, target in classes:
            if _decides(code, target):
                found.setdefault(name, ("alone decides", task))
    return found


def _count(target: Floats) -> int:
    return len(np.unique(target[~np.isnan(target)]))


def _decides(code: Longs, target: Floats) -> bool:
    both = (code >= 0) & ~np.isnan(target)
    if both.sum() < _COMMON:
        return False
    head = both.nonzero()[0][:200]  # most features show two labels of one value within these
    return _has_one_label(code[head], target[head]) and _has_one_label(code[both], target[both])


def _has_one_label(code: Longs, target: Floats) -> bool:
    """Whether no value goes with two labels."""
    pairs = pd.factorize(target)[0] * (int(code.max()) + 1) + code
    return len(np.unique(pairs)) == len(np.unique(code))


def twins(frame: DataFrame, names: Sequence[str]) -> list[Finding]:
    """Features that repeat an earlier one: its values under other names, or a rank correlation above 0.9999."""
    rows = frame.iloc[_rows(len(frame))]
    same: dict[str, str] = {}
    first: dict[bytes, str] = {}
    for name in names:
        codes = pd.factorize(rows[name])[0]
        other = first.setdefault(codes.tobytes(), name)
        if other != name and codes.max() + 1 <= len(rows) / 2:
            same[name] = other
    same = _numeric_twins(rows, [name for name in names if name not in same]) | same
    return [
        Finding(name, "duplicate", f"tells the same as `{other}`; `exclude` one.", "note")
        for name, other in same.items()
    ]


def _numeric_twins(rows: DataFrame, names: Sequence[str]) -> dict[str, str]:
    columns = {name: number_cells(rows[name]) for name in names if form_of(rows[name]) in ("number", "boolean")}
    if len(columns) < 2:
        return {}
    some = _rows(len(rows), _SCREENED)
    ranks = _ranks([column[some] for column in columns.values()])
    numeric = list(columns)
    found: dict[str, str] = {}
    for later, earlier in np.argwhere(np.tril(np.abs(_correlations(ranks, ranks)) > _SCREEN, -1)):
        name, other = numeric[later], numeric[earlier]
        if name not in found and abs(_rank_correlation(columns[name], columns[other])) > _TWIN:
            found[name] = other
    return found

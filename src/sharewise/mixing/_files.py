"""Several tables, each with the rows of one task."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame

from sharewise._core import InputError
from sharewise.mixing._cells import Longs, check_columns, form_of, suggest, text_cells
from sharewise.mixing._columns import Columns
from sharewise.mixing._findings import Finding
from sharewise.mixing._labelled import Choice

_SAME = 0.05  # share of a table's rows that occur in another, from which they are taken for the same entities


def owned(frame: DataFrame, by: str) -> tuple[list[str], Longs]:
    """The tasks that the values of a column are, in order, and each row's.

    Raises:
        InputError: a cell is empty, or all have one value.
    """
    empty = np.flatnonzero(frame[by].isna())
    if len(empty):
        raise InputError(
            f"Column `{by}` says whose row it is but is empty in row {empty[0] + 1}; fill it or drop the row."
        )
    codes, distinct = pd.factorize(frame[by], sort=True)
    if len(distinct) == 1:
        raise InputError(f"Column `{by}` has one value, `{distinct[0]}`; several make several tasks.")
    words = text_cells(pd.Series(distinct))
    return [f"{by}={word}" for word in words], codes.astype(np.int64)


def stacked(
    frames: Mapping[str, DataFrame], tasks: Mapping[str, Choice], columns: Columns
) -> tuple[DataFrame, Longs, dict[str, Choice]]:
    """The rows of all tables under each other.

    Args:
        frames: name -> table.
        tasks: target column -> kind.
        columns: of which `exclude` need not be the same in all.

    Returns:
        The table, the number of each row's table, and the targets that occur.

    Raises:
        InputError: a table lacks a column that another has, has a type of its own there, or not one target.
    """
    if columns.by:
        raise InputError(f"Every file is a task, `by` (`{columns.by}`) makes tasks of one file; give one or the other.")
    if len(frames) < 2:
        raise InputError(f"Tasks of their own files need two files or more, got {len(frames)}.")
    check_columns(DataFrame(columns=_all_columns(frames)), columns.exclude, what="given as exclude")
    chosen = {_target(name, frame, tasks): None for name, frame in frames.items()}
    _check_alike(frames, {*tasks, *columns.exclude})
    shared = [column for column in next(iter(frames.values())).columns if column not in {*tasks, *columns.exclude}]
    parts = [frame[[column for column in frame.columns if column in {*shared, *chosen}]] for frame in frames.values()]
    owner = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return pd.concat(parts, ignore_index=True), owner, {column: tasks[column] for column in chosen}


def _all_columns(frames: Mapping[str, DataFrame]) -> list[str]:
    return list(dict.fromkeys(column for frame in frames.values() for column in frame.columns))


def _target(name: str, frame: DataFrame, tasks: Mapping[str, Choice]) -> str:
    found = [column for column in tasks if column in frame.columns]
    if len(found) != 1:
        has = f"the targets {', '.join(f'`{each}`' for each in found)}" if found else "none of the targets"
        hint = suggest(next(iter(tasks), ""), list(frame.columns)) if not found else "; join the files to one table"
        raise InputError(f"`{name}` has {has}, but a file is one task and needs one of {', '.join(tasks)}{hint}.")
    return found[0]


def _check_alike(frames: Mapping[str, DataFrame], apart: set[str]) -> None:
    first, *rest = frames
    wanted = [column for column in frames[first].columns if column not in apart]
    for name in rest:
        check_columns(frames[name], wanted, what=f"a feature of `{first}` that `{name}` needs as well")
        further = [column for column in frames[name].columns if column not in {*wanted, *apart}]
        if further:
            raise InputError(f"`{name}` has a column `{further[0]}` that `{first}` lacks; add or exclude it.")
    for column in wanted:
        _check_types(column, {name: frame[column] for name, frame in frames.items()})


def _check_types(column: str, values: Mapping[str, pd.Series]) -> None:
    forms = {name: form_of(each) for name, each in values.items() if each.notna().any()}
    kinds = {"number" if form == "boolean" else form for form in forms.values()}
    if len(kinds) > 1:
        shown = ", ".join(f"{form} in `{name}`" for name, form in forms.items())
        raise InputError(f"Column `{column}` is {shown}; make it the same in all files, or exclude it.")


def check_entities(frame: DataFrame, owner: Longs, names: Sequence[str]) -> list[Finding]:
    """Look for rows of one table that occur in another: one entity would train one task and test another.

    Where rows rarely repeat within a table but 5 % of its rows occur in another, they are taken for the same entities;
    in tables whose few values make rows equal by chance this is only reported.

    Args:
        frame: the features of all rows.
        owner: [N], the table of each row.
        names: of the tables.

    Raises:
        InputError: they are taken for the same entities.
    """
    if not len(frame.columns):
        return []
    row = frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().to_numpy()
    pairs = pd.DataFrame({"row": row, "owner": owner})
    within = pairs.duplicated(keep=False).to_numpy()
    elsewhere = (pairs.groupby("row")["owner"].transform("nunique") > 1).to_numpy()
    if not elsewhere.any():
        return []
    shares = pd.Series(elsewhere).groupby(owner).mean()
    worst = int(shares.argmax())
    row_of = int(np.flatnonzero(elsewhere & (owner == worst))[0] - np.flatnonzero(owner == worst)[0]) + 1
    count = int(elsewhere[owner == worst].sum())
    detail = (
        f"{count} of its {(owner == worst).sum()} rows (first row {row_of}) are in other files with the same features"
    )
    if shares[worst] >= _SAME and within.mean() < shares[worst] / 2:
        raise InputError(
            f"`{names[worst]}`: {detail}, as if the same entities were in several files; name the columns that tell "
            "them apart as `group`, so that an entity does not train one task and test another."
        )
    return [Finding(names[worst], "same rows", f"{detail}; give `group` if they are the same entities.")]

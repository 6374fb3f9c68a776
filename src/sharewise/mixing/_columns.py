"""The columns of a table that play a part of their own."""

from dataclasses import dataclass
from typing import final

from pandas import DataFrame

from sharewise._core import InputError
from sharewise.mixing._cells import check_columns


@final
@dataclass(frozen=True, slots=True)
class Columns:
    """Columns that are more than features. At most one of `group`, `time` and `split` may be given.

    Args:
        group: entities: all rows of one stay in one role. Several columns name it together, and stay features.
        time: numbers or dates: old rows train, the newest test. Dates stay features but for year and elapsed days.
        split: the role of each row: `train`, `valid`, `select`, `test`.
        by: each of its values is a task of its own, with the same target column.
        weight: weight of each row in losses and metrics, at least 0.
        exclude: columns that are no features.
        keep: columns that stay features although they look like identifiers or leaks, or play a part here.
        categorical: columns that hold categories, even if written as numbers.

    Raises:
        InputError: more than one of `group`, `time`, `split`.
    """

    group: str | tuple[str, ...] | None = None
    time: str | None = None
    split: str | None = None
    by: str | None = None
    weight: str | None = None
    exclude: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = [name for name in ("group", "time", "split") if getattr(self, name)]
        if len(given) > 1:
            shown = " and ".join(f"{name} `{getattr(self, name)}`" for name in given)
            raise InputError(f"Rows are split by one column, got {shown}; give one of them.")

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns that name an entity together."""
        return (self.group,) if isinstance(self.group, str) else self.group or ()

    @property
    def parts(self) -> dict[str, str]:
        """Columns that are no features because of their part, and the part."""
        named = {"split": self.split, "by": self.by, "weight": self.weight}
        if len(self.groups) == 1:
            named["group"] = self.groups[0]
        return {column: part for part, column in named.items() if column}

    def check(self, frame: DataFrame) -> None:
        """Check that all of them exist.

        Raises:
            InputError: one does not.
        """
        for part in ("groups", "exclude", "keep", "categorical"):
            check_columns(frame, getattr(self, part), what=f"given as {part.removesuffix('s')}")
        for part in ("time", "split", "by", "weight"):
            if getattr(self, part):
                check_columns(frame, [getattr(self, part)], what=f"given as {part}")

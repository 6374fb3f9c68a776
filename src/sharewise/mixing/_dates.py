"""Dates as numbers."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sharewise.mixing._cells import Floats

Dates: TypeAlias = NDArray[Any]  # datetime64[s]; type checkers at run time take units for other types


def _year(dates: Dates) -> Floats:
    return dates.astype("datetime64[Y]").astype(np.float64) + 1970


def _month(dates: Dates) -> Floats:
    return dates.astype("datetime64[M]").astype(np.float64) % 12 + 1


def _days(dates: Dates) -> Floats:
    return dates.astype("datetime64[D]").astype(np.float64)


def _weekday(dates: Dates) -> Floats:
    return (_days(dates) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0


def _angle(dates: Dates) -> Floats:
    first = dates.astype("datetime64[Y]").astype("datetime64[D]")
    return 2 * np.pi * (_days(dates) - first.astype(np.float64)) / 365.25


def _hour(dates: Dates) -> Floats:
    return dates.astype(np.float64) % 86_400 / 3_600


PARTS: Mapping[str, Callable[[Dates], Floats]] = MappingProxyType(
    {
        "year": _year,
        "month": _month,
        "weekday": _weekday,
        "season sin": lambda dates: np.sin(_angle(dates)),
        "season cos": lambda dates: np.cos(_angle(dates)),
        "hour": _hour,
        "elapsed": lambda dates: dates.astype(np.float64) / 86_400,
    }
)
GROWING = frozenset({"year", "elapsed"})  # parts whose values at a later time were never seen before


def date_parts(dates: Dates, names: Sequence[str]) -> list[Floats]:
    """Parts of dates as numbers, NaN where the date is missing.

    Args:
        dates: datetime64[s] [N].
        names: any of `year`, `month` (1 to 12), `weekday` (0 is Monday), `season sin` and `season cos` (the day of the
            year on a circle), `hour` (with fractions), `elapsed` (days since 1970).

    Returns:
        An array [N] for each name.

    Example:
        >>> date_parts(np.array(["2024-05-31T12:30"], "datetime64[s]"), ["year", "weekday", "hour"])
        [array([2024.]), array([4.]), array([12.5])]
    """
    missing = np.isnat(dates)
    return [np.where(missing, np.nan, PARTS[name](np.where(missing, np.datetime64(0, "s"), dates))) for name in names]

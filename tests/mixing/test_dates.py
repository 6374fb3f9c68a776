import numpy as np
import pandas as pd

from sharewise.mixing._dates import PARTS, date_parts


def test_parts_are_those_of_pandas():
    seconds = np.random.default_rng(0).integers(-(10**9), 4 * 10**9, 500)
    dates = seconds.astype("datetime64[s]")
    known = pd.DatetimeIndex(dates)
    angle = 2 * np.pi * (known.day_of_year.to_numpy() - 1) / 365.25
    wanted = {
        "year": known.year,
        "month": known.month,
        "weekday": known.day_of_week,
        "season sin": np.sin(angle),
        "season cos": np.cos(angle),
        "hour": known.hour + known.minute / 60 + known.second / 3600,
        "elapsed": seconds / 86400,
    }
    assert wanted.keys() == PARTS.keys()
    for values, name in zip(date_parts(dates, list(wanted)), wanted, strict=True):
        np.testing.assert_allclose(values, wanted[name], atol=1e-9, err_msg=name)


def test_missing_dates_are_missing_in_all_parts():
    parts = date_parts(np.array(["NaT", "2024-01-01"], "datetime64[s]"), list(PARTS))
    assert all(np.isnan(part).tolist() == [True, False] for part in parts)

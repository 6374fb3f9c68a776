import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from sharewise._core import InputError
from sharewise.mixing import Feature, FeatureEncoder
from sharewise.mixing._features import describe


def people(rows=200, seed=0):
    random = np.random.default_rng(seed)
    days = pd.Timestamp("2019-03-01") + pd.to_timedelta(random.integers(0, 90_000, rows), unit="h")
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "income": random.lognormal(10, 1, rows),
            "owner": random.random(rows) < 0.5,
            "job": random.choice(["cook", "smith", "clerk", "king"], rows, p=[0.5, 0.3, 0.19, 0.01]),
            "since": days.strftime("%Y-%m-%d"),
            "seen": days,
        }
    )
    for column in ("income", "owner", "job", "seen"):
        frame[column] = frame[column].astype(object).where(random.random(rows) > 0.2).convert_dtypes()
    return frame


def fitted(frame, train, **options):
    return FeatureEncoder.fit(frame, [describe(frame, name, **options) for name in frame], torch.as_tensor(train))


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_columns_are_described():
    frame = people()
    date = ("year", "month", "weekday", "season sin", "season cos")
    assert [describe(frame, name) for name in frame] == [
        Feature("age", "number"),
        Feature("income", "number", True),
        Feature("owner", "number", True),
        Feature("job", "category", size=4),
        Feature("since", "date", False, parts=(*date, "elapsed")),
        Feature("seen", "date", True, parts=(*date, "hour", "elapsed")),
    ]
    assert describe(frame, "age", categorical=["age"]) == Feature("age", "category", size=frame["age"].nunique())
    assert describe(frame, "since", time="since").parts == date[1:]


def test_description_refuses_infinite_numbers():
    with pytest.raises(InputError, match="`age` has an infinite value"):
        describe(pd.DataFrame({"age": [1, np.inf]}), "age")


def test_numbers_without_outliers_are_those_of_scikit_learn():
    values = np.random.default_rng(0).uniform(size=(300, 4)) * [1, 10, 100, 1e6]
    frame = pd.DataFrame(values, columns=list("abcd"))
    scaler = StandardScaler().fit(values[:200])
    encoded = fitted(frame, range(200)).encode(frame)
    assert encoded.keys() == {"numeric"}
    np.testing.assert_allclose(encoded["numeric"], scaler.transform(values), rtol=1e-5, atol=1e-6)


def test_missing_values_become_the_mean_and_an_indicator():
    frame = people()
    encoder = fitted(frame, range(200))
    numeric = dict(zip(encoder.numeric_names, encoder.encode(frame)["numeric"].T, strict=True))
    for column, part in (("income", "income"), ("owner", "owner"), ("seen", "seen hour")):
        missing = torch.tensor(frame[column].isna().tolist())
        assert (numeric[part][missing] == 0).all()
        assert torch.equal(numeric[f"{column} is missing"], missing.float())
    assert "age is missing" not in numeric


def test_bins_are_quantiles_of_the_inputs():
    frame = people()
    encoder = fitted(frame, range(150))
    numeric = encoder.encode(frame)["numeric"][:150]
    assert encoder.bins.shape == (numeric.shape[1], 17)
    assert (encoder.bins.diff(dim=1) >= 0).all()
    age = np.quantile(numeric[:, 0], np.linspace(0, 1, 17))
    np.testing.assert_allclose(np.unique(encoder.bins[0]), np.unique(age.round(3)), atol=1e-3)
    assert encoder.bins[-1].tolist() == [0.0] + [1.0] * 16


def test_categories_have_codes_within_their_cardinality():
    frame = people()
    encoder = fitted(frame, range(200))
    codes = encoder.encode(frame)["categorical"][:, 0].numpy()
    assert encoder.cardinalities == [4]
    assert encoder.categorical_names == ["job"]
    assert codes[frame["job"].isna().to_numpy(bool)].sum() == 0
    for code, job in enumerate(["cook", "smith", "clerk"], 1):
        assert (codes[(frame["job"] == job).fillna(False).to_numpy(bool)] == code).all()


def test_other_rows_than_training_ones_change_nothing():
    frame, train = people(), torch.arange(0, 200, 2)
    features = [describe(frame, name) for name in frame]
    changed = frame.copy()
    changed.iloc[1::2] = people(seed=1).iloc[1::2]
    changed.loc[1, ["age", "job"]] = [10**6, "emperor"]
    one, other = (FeatureEncoder.fit(each, features, train) for each in (frame, changed))
    assert equal(one.encode(frame), other.encode(frame))
    assert torch.equal(one.bins, other.bins)


def test_shape_does_not_depend_on_the_training_rows():
    frame = people()
    for rows in (range(5), range(100, 200)):
        encoder = fitted(frame, rows)
        assert {key: value.shape[1] for key, value in encoder.encode(frame).items()} == {
            "numeric": 19,
            "categorical": 1,
        }
        assert encoder.cardinalities == [4]
        assert all(torch.isfinite(value).all() for value in encoder.encode(frame).values())


def test_state_goes_through_json_and_back_exactly():
    frame = people()
    encoder = fitted(frame, range(120))
    plain, tensors = encoder.state()
    again = FeatureEncoder.from_state(json.loads(json.dumps(plain)), tensors)
    new = people(seed=3)
    assert equal(encoder.encode(new), again.encode(new))
    assert torch.equal(encoder.bins, again.bins)
    assert encoder.features == again.features
    assert encoder.unseen(new) == again.unseen(new)


def test_new_rows_may_have_other_orders_columns_and_types():
    frame = people()
    encoder = fitted(frame, range(200))
    new = frame.assign(
        more="x", age=frame["age"].astype(float), seen=frame["seen"].astype(str).where(frame["seen"].notna())
    )
    assert equal(encoder.encode(new[reversed(list(new))]), encoder.encode(frame))


def test_missing_columns_are_named():
    frame = people()
    with pytest.raises(InputError, match=r"Missing columns `age`, `job`; the model needs `age`, `income`, `owner`"):
        fitted(frame, range(200)).encode(frame.drop(columns=["age", "job"]))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", "old", "`age` needs numbers, got 'old' in row 6"),
        ("income", np.inf, r"`income` has an infinite value \(inf\) in row 6"),
        ("since", None, "`since` needs dates such as 2024-05-31, got the number 7"),
    ],
)
def test_other_types_are_refused(column, value, message):
    frame = people()
    new = frame.astype({column: object})
    new.loc[5, column] = value
    if column == "since":
        new[column] = 7
    with pytest.raises(InputError, match=message):
        fitted(frame, range(200)).encode(new)


def test_unseen_categories_are_zero_and_reported():
    frame = people()
    encoder = fitted(frame, range(200))
    new = frame.head(4).assign(job=["emperor", "cook", None, "pope"])
    assert encoder.encode(new)["categorical"][:, 0].tolist() == [0, 1, 0, 0]
    (finding,) = encoder.unseen(new)
    assert (finding.column, finding.what) == ("job", "unseen category")
    assert "'emperor' in one of 2 such rows" in finding.detail
    assert encoder.unseen(frame) == ()
    (finding,) = encoder.unseen(frame.assign(since=["soon", *frame["since"][1:]]))
    assert (finding.column, finding.what) == ("since", "unreadable dates")


def test_categories_beyond_the_most_frequent_are_one():
    frame = pd.DataFrame({"word": [f"w{i % 300}" for i in range(1200)]})
    encoder = fitted(frame, range(1200))
    codes = encoder.encode(frame)["categorical"]
    assert encoder.cardinalities == [200]
    assert codes.unique().tolist() == list(range(201))
    assert "numeric" not in encoder.encode(frame)


def test_arrays_for_trees_are_plain_values():
    frame = people()
    encoder = fitted(frame, range(200))
    values, categorical, names = encoder.arrays(frame)
    column = dict(zip(names, values.T, strict=True))
    np.testing.assert_array_equal(column["income"], frame["income"].to_numpy(float, na_value=np.nan))
    np.testing.assert_array_equal(column["job"], encoder.encode(frame)["categorical"][:, 0])
    np.testing.assert_array_equal(column["seen year"], frame["seen"].dt.year.to_numpy(float, na_value=np.nan))
    assert categorical.tolist() == [name == "job" for name in names]
    assert values.shape == (200, 3 + 6 + 7 + 1)


columns = st.one_of(
    st.lists(st.floats(-1e100, 1e100) | st.just(float("nan")) | st.none(), min_size=30, max_size=30),
    st.lists(st.integers(-(2**53), 2**53), min_size=30, max_size=30),
    st.lists(st.booleans() | st.none(), min_size=30, max_size=30),
    st.lists(st.text(max_size=3) | st.none(), min_size=30, max_size=30),
    st.lists(
        st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")) | st.none(), min_size=30, max_size=30
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(columns, min_size=1, max_size=4), st.sets(st.integers(0, 29), min_size=1))
def test_any_frame_is_encoded_finitely_and_survives_its_state(lists, train):
    frame = pd.DataFrame({f"c{place}": pd.Series(values) for place, values in enumerate(lists)})
    encoder = fitted(frame, sorted(train))
    plain, tensors = encoder.state()
    again = FeatureEncoder.from_state(json.loads(json.dumps(plain)), tensors)
    encoded = encoder.encode(frame)
    assert equal(encoded, again.encode(frame))
    assert all(torch.isfinite(each).all() for each in encoded.values())
    if "categorical" in encoded:
        assert (encoded["categorical"] <= torch.tensor(encoder.cardinalities)).all()

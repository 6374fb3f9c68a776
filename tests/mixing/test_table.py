import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from sharewise._core import InputError
from sharewise.mixing import Columns, Dataset, Prepared, Table
from sharewise.tasks import Binary, Count, Multiclass, Regression

N = 200


def people(rows=N, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    return pd.DataFrame(
        {
            "x": np.where(random.random(rows) < 0.1, np.nan, x),
            "job": random.choice(["cook", "smith", "clerk"], rows),
            "shop": random.choice(["a", "b"], rows),
            "who": np.arange(rows) // 2,
            "day": pd.date_range("2020-01-01", periods=rows, freq="12h"),
            "weight": random.uniform(1, 3, rows),
            "cost": np.where(random.random(rows) < 0.2, np.nan, 100 + 5 * x + random.normal(size=rows)),
            "sick": random.random(rows) < 0.1,
            "grade": random.choice(["low", "mid", "high"], rows, p=[0.7, 0.2, 0.1]),
            "seen": random.negative_binomial(1, 0.05, rows),
        }
    )


TASKS = {"cost": None, "sick": None, "grade": None, "seen": None}


def table(frame=None, tasks=TASKS, **columns):
    return Table.from_frame(people() if frame is None else frame, tasks, columns=Columns(**columns))


def test_it_is_a_data_set():
    made = table(exclude=("who",))
    assert isinstance(made, Dataset)
    assert isinstance(made.prepare(made.split(0).train), Prepared)
    assert [task.kind for task in made.tasks] == [Regression(), Binary(), Multiclass(3), Count()]
    assert made.labels == {"sick": (False, True), "grade": ("high", "low", "mid")}
    assert made.resampled
    assert len(made) == N


def test_prepared_batch():
    frame, made = people(), table(weight="weight", exclude=("who", "day"))
    train = made.split(0).train
    batch = made.prepare(train).batch
    assert batch.observed is not None
    assert torch.equal(batch.observed[:, 0], torch.tensor(frame["cost"].notna().tolist()))
    mine = torch.zeros(N, dtype=torch.bool).index_fill(0, train, True) & batch.observed[:, 0]
    cost = batch.targets["regression"][mine]
    assert cost.mean().item() == pytest.approx(0, abs=1e-5)
    assert cost.std(unbiased=False).item() == pytest.approx(1, abs=1e-5)
    assert batch.targets["multiclass"].flatten().tolist() == [
        ("high", "low", "mid").index(grade) for grade in frame["grade"]
    ]
    assert batch.targets["binary"].flatten().tolist() == frame["sick"].astype(int).tolist()
    assert batch.targets["count"].flatten().tolist() == frame["seen"].tolist()
    assert batch.weight is not None
    np.testing.assert_allclose(batch.weight, frame["weight"] / frame["weight"].mean(), rtol=1e-6)
    assert batch.inputs["numeric"].shape == (N, 2)
    assert batch.inputs["categorical"].shape == (N, 2)


def test_preparing_looks_at_training_rows_alone():
    frame = people()
    made = table(frame)
    train = made.split(0).train
    others = np.setdiff1d(np.arange(N), train.numpy())
    changed = frame.copy()
    changed.loc[others, ["x", "cost"]] = np.random.default_rng(9).normal(1e3, 1e3, (len(others), 2))
    changed.loc[others, "job"] = "smith"
    again = table(changed)
    one, other = made.prepare(train), again.prepare(train)
    assert torch.equal(one.batch.inputs["categorical"][train], other.batch.inputs["categorical"][train])
    assert torch.equal(one.batch.inputs["numeric"][train], other.batch.inputs["numeric"][train])
    for key, target in one.batch.targets.items():
        assert torch.equal(target[train], other.batch.targets[key][train])


def test_targets_do_not_reach_the_inputs():
    frame = people()
    shuffled = frame.assign(**{name: frame[name].sample(frac=1, random_state=0).to_numpy() for name in TASKS})
    train = torch.arange(150)
    one, other = (table(each).prepare(train).batch.inputs for each in (frame, shuffled))
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert not {feature.column for feature in table().features} & TASKS.keys()


def test_leaks_and_identifiers_are_dropped_and_reported():
    frame = people()
    made = table(frame.assign(row=range(N), paid=frame["cost"] * 2 + 1, ill=frame["sick"].map({True: "y", False: "n"})))
    found = {finding.column: finding.what for finding in made.findings}
    assert (found["row"], found["paid"], found["ill"]) == ("identifier", "leak", "leak")
    assert not {"row", "paid", "ill"} & {feature.column for feature in made.features}


def test_every_role_has_labels_of_two_classes():
    made = table()
    for replicate in range(10):
        split = made.split(replicate)
        assert all(count for counts in made.label_counts(split).values() for count in counts.values())
        for rows in (split.train, split.valid, split.select, split.test):
            assert made.raw.targets["binary"][rows].unique().tolist() == [0, 1]
    assert torch.equal(made.split(3).test, made.split(3).test)
    assert not torch.equal(made.split(3).test, made.split(4).test)


def test_label_counts():
    frame, made = people(), table()
    split = made.split(0)
    counts = made.label_counts(split)
    assert counts["sick"] == split.sizes
    assert counts["cost"]["test"] == frame["cost"].iloc[split.test.numpy()].notna().sum()


def test_groups_and_time():
    grouped = table(group="who").split(0)
    assert not {row // 2 for row in grouped.train.tolist()} & {row // 2 for row in grouped.test.tolist()}
    timed = table(time="day", tasks={"cost": None})
    assert timed.split(0).test.min() > timed.split(0).select.max()
    assert not timed.resampled
    assert next(feature.parts for feature in timed.features if feature.column == "day") == (
        *("month", "weekday", "season sin", "season cos", "hour"),
    )


def test_given_split_without_a_class():
    frame = people()
    role = np.where(frame["sick"], "train", np.random.default_rng(0).choice(["train", "valid", "select", "test"], N))
    with pytest.raises(InputError, match=r"Task `sick` has one class only in role `valid`; label more rows"):
        table(frame.assign(role=role), split="role").split(0)


def test_task_with_labels_in_the_past_only():
    frame = people().assign(cost=lambda frame: frame["cost"].where(frame.index < 100))
    with pytest.raises(InputError, match="Task `cost` has no labels in role `valid`"):
        table(frame, time="day", tasks={"cost": None}).split(0)


def test_class_too_rare_for_four_roles():
    frame = people().assign(sick=lambda frame: frame.index < 3)
    made = table(frame)
    assert ("sick", "rare class") in {(finding.column, finding.what) for finding in made.findings}
    with pytest.raises(InputError, match=r"Task `sick` has one class only in role .* in 30 random splits"):
        made.split(0)


def test_values_of_a_column_as_tasks():
    made = table(tasks={"grade": None}, by="shop", exclude=("who",))
    assert [task.name for task in made.tasks] == ["shop=a", "shop=b"]
    assert made.labels == {f"shop={shop}": ("high", "low", "mid") for shop in "ab"}
    batch = made.prepare(made.split(0).train).batch
    assert batch.task is not None
    assert batch.task.tolist() == [int(shop == "b") for shop in people()["shop"]]
    assert "shop" not in {feature.column for feature in made.features}
    with pytest.raises(InputError, match=r"With `by` \(`shop`\) there is one target, got 2"):
        table(tasks={"grade": None, "sick": None}, by="shop")


def files(seed=1):
    keep = ["x", "job", "who", "cost"]
    return {"u": people()[keep], "v": people(120, seed)[keep].assign(who=lambda frame: frame["who"] + 90)}


def test_a_file_for_each_task():
    made = Table.from_files(files(), {"cost": None}, columns=Columns(exclude=("who",)))
    assert [(task.name, task.kind) for task in made.tasks] == [("u", Regression()), ("v", Regression())]
    batch = made.prepare(made.split(0).train).batch
    assert batch.task is not None
    assert batch.task.tolist() == [0] * 200 + [1] * 120
    train = torch.zeros(320, dtype=torch.bool).index_fill(0, made.split(0).train, True)
    for place in (0, 1):
        mine = batch.targets["regression"][train & (batch.task == place) & batch.observed]
        assert mine.mean().item() == pytest.approx(0, abs=1e-5)
    assert set(made.label_counts(made.split(0))) == {"u", "v"}


def test_entities_in_several_files_stay_in_one_role():
    made = Table.from_files(files(), {"cost": None}, columns=Columns(group="who"))
    who = pd.concat([frame["who"] for frame in files().values()], ignore_index=True)
    for replicate in range(5):
        split = made.split(replicate)
        roles = [set(who.iloc[split.rows(role).numpy()]) for role in ("train", "valid", "select", "test")]
        assert sum(map(len, roles)) == len(set.union(*roles))


def test_the_same_entities_in_several_files():
    with pytest.raises(InputError, match="as if the same entities were in several files; name the columns"):
        Table.from_files(files(seed=0), {"cost": None}, columns=Columns(exclude=("who",)))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"weight": "x"}, r"Weights must be numbers from 0, got .* of column `x`"),
        ({"x": [np.inf, *range(N - 1)]}, {}, r"`x` has an infinite value \(inf\) in row 1"),
        ({"cost": [np.inf, *range(N - 1)]}, {}, "`cost` has an infinite value"),
        ({}, {"exclude": ("jbo",)}, "no column `jbo`"),
        ({"cost": [1.0] * 5 + [2.0] * 5 + [np.nan] * (N - 10)}, {}, "Task `cost` has 10 labelled rows, at least 20"),
    ],
)
def test_bad_tables(change, options, message):
    with pytest.raises(InputError, match=message):
        table(people().assign(**change), **options)


def test_two_columns_of_one_name_and_no_rows():
    with pytest.raises(InputError, match="Several columns are named `x`"):
        table(pd.concat([people(), people()[["x"]]], axis=1))
    with pytest.raises(InputError, match="has no rows"):
        table(people().head(0))


def test_arrays_for_other_models():
    frame, made = people(), table(exclude=("who", "day", "weight"))
    values, categorical = made.arrays(made.split(0).train)
    np.testing.assert_array_equal(values[:, 0], frame["x"])
    assert categorical.tolist() == [False, True, True]


def test_fingerprint():
    same, other = people(), people()
    other.loc[3, "cost"] = 7.0
    prints = [table(same).fingerprint, table(other).fingerprint, table(group="who").fingerprint]
    prints += [table(tasks={"cost": None}).fingerprint, table(exclude=("x",)).fingerprint]
    assert len(set(prints)) == 5
    assert table(same.convert_dtypes()).fingerprint == prints[0]
    assert table(same.assign(unused=range(N))).fingerprint == prints[0]


def test_samplers_do_not_need_pandas():
    code = "import sys; sys.modules['pandas'] = None; from sharewise.mixing import Mixture, random_split, Finding"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0

import pytest

from sharewise._core import InputError
from sharewise.cli._data import parse_tasks, rates_of, read_dataset
from sharewise.cli._settings import Settings


def test_tasks_with_and_without_a_kind():
    words = ["a", "b:count", "c:d", "at:12:30", "t=x,y:regression", "u=x,y"]
    assert parse_tasks(words) == {
        "a": None, "b": "count", "c:d": None, "at:12:30": None, "t": (["x", "y"], "regression"),
        "u": (["x", "y"], "multilabel"),
    }  # fmt: skip


def test_a_task_named_twice():
    with pytest.raises(InputError, match="task `a` is named twice; name each once"):
        parse_tasks(["a", "a:count"])


def test_embedded_data_come_with_their_tasks(here):
    assert len(read_dataset(Settings(source=["digits"])).tasks) == 5
    for more in ({"task": ["digit"]}, {"source": ["digits", "people.csv"]}):
        with pytest.raises(InputError, match="`digits` comes with its tasks; leave out `--task` and other files"):
            read_dataset(Settings(**{"source": ["digits"]} | more))


def test_no_task_is_named(here):
    with pytest.raises(InputError, match="no task is named; add `--task COLUMN`"):
        read_dataset(Settings(source=["people.csv"]))


def test_columns_take_their_parts(here):
    settings = Settings(source=["people.csv"], task=["income", "late"], exclude=["colour"], group=["age"], keep=["age"])
    data = read_dataset(settings)
    assert data.name == "people"
    assert [feature.column for feature in data.features] == ["age", "weight [kg]"]
    split = data.split(0)
    assert not set(data.frame["age"][split.train.numpy()]) & set(data.frame["age"][split.test.numpy()])


def test_a_task_for_each_file(here, made):
    (here / "b").mkdir()
    made(seed=1).to_csv(here / "b" / "people.csv", index=False)
    made(seed=2).to_csv(here / "north.csv", index=False)
    shared = {"task": ["income:regression"], "exclude": ["late"]}
    data = read_dataset(Settings(source=["people.csv", "north.csv"], **shared))
    assert [task.name for task in data.tasks] == ["people", "north"]
    data = read_dataset(Settings(source=["people.csv", "b/people.csv"], **shared))
    assert [task.name for task in data.tasks] == ["people.csv", "b/people.csv"]


@pytest.fixture
def two(here, made):
    """Tasks with rows of their own."""
    made(seed=1).to_csv(here / "north.csv", index=False)
    return read_dataset(Settings(source=["people.csv", "north.csv"], task=["income:regression"], exclude=["late"]))


def test_rates(two):
    assert rates_of(Settings(source=["a"]), two) == ()
    assert rates_of(Settings(source=["a"], rate=[1, 2]), two) == (1.0, 2.0)
    with pytest.raises(InputError, match="`--rate` must be given for each of the 2 tasks, got 1"):
        rates_of(Settings(source=["a"], rate=[1]), two)
    with pytest.raises(InputError, match="rates must be finite and not negative, got -1"):
        rates_of(Settings(source=["a"], rate=[2, -1]), two)


@pytest.mark.parametrize("given", [{"rate": [1, 2]}, {"plan": "equal"}])
def test_tasks_that_share_rows_are_not_mixed(here, given):
    shared = read_dataset(Settings(source=["people.csv"], task=["income", "late"]))
    assert rates_of(Settings(source=["a"]), shared) == ()
    with pytest.raises(InputError, match="here all share rows: leave them out"):
        rates_of(Settings(source=["a"], **given), shared)

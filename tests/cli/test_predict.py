"""`sharewise predict`."""

import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sharewise.mixing import digits
from sharewise.runs import Network, Perform, Run, TrainedModel
from sharewise.training import Recipe


@pytest.fixture
def predict(run, here, model):
    def command(*words, out="found.csv"):
        return run("predict", model, "people.csv", *words, "--out", out)

    return command


def test_all_tasks_as_csv_and_parquet(predict, here, model, made):
    assert "160 rows, 4 columns: found.csv" in predict().done().out
    predict(out="found.parquet").done()
    one, two = pd.read_csv(here / "found.csv"), pd.read_parquet(here / "found.parquet")
    expected = TrainedModel.load(model).table(made())
    pd.testing.assert_frame_equal(one, two, check_dtype=False, rtol=1e-6)
    pd.testing.assert_frame_equal(two, expected)
    np.testing.assert_allclose(one["late: no"] + one["late: yes"], 1, rtol=1e-6)


def test_one_task(predict, here):
    predict("--task", "late").done()
    assert list(pd.read_csv(here / "found.csv").columns) == ["late", "late: no", "late: yes"]


def test_the_order_of_columns_and_further_ones_do_not_matter(predict, here, made):
    predict(out="a.csv").done()
    made()[["late", "colour", "income", "weight [kg]", "age"]].assign(noise=1).to_csv("people.csv", index=False)
    predict(out="b.csv").done()
    assert (here / "a.csv").read_text() == (here / "b.csv").read_text()


def test_targets_need_not_be_there(predict, here, made):
    made().drop(columns=["income", "late"]).to_csv("people.csv", index=False)
    predict().done()


def test_an_unseen_category_is_told_and_taken_as_missing(predict, here, made):
    frame = made()
    frame.assign(colour=frame["colour"].where(frame.index > 2, "violet")).to_csv("people.csv", index=False)
    assert "colour" in predict(out="a.csv").done().error
    frame.assign(colour=frame["colour"].where(frame.index > 2)).to_csv("people.csv", index=False)
    predict(out="b.csv").done()
    assert (here / "a.csv").read_text() == (here / "b.csv").read_text()


BAD = {
    "a missing column": (lambda frame: frame.drop(columns="age"), (), "Missing column `age`; the model needs `age`"),
    "another type": (lambda frame: frame.assign(age="old"), (), "`age`.*old|age.*'old'"),
    "one odd cell": (lambda frame: frame.assign(age=["?!", *frame["age"].astype(str).tolist()[1:]]), (), r"age.*\?!"),
    "an infinite value": (lambda frame: frame.assign(age=np.inf), (), "age.*inf"),
    "no rows": (lambda frame: frame.head(0), (), "has a header but no rows"),
    "an unknown task": (lambda frame: frame, ("--task", "wealth"), "no task `wealth`; it has income, late"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_rows_are_refused_and_nothing_written(predict, here, made, case):
    spoil, words, message = BAD[case]
    spoil(made()).to_csv("people.csv", index=False)
    predict(*words).refused(message)
    assert [path.name for path in here.iterdir()] == ["people.csv"]


@pytest.mark.parametrize("out", ["found.txt", "found", "found.csv.gz"])
def test_other_kinds_of_files_are_refused(predict, here, out):
    predict(out=out).refused("must end in .parquet or .csv")
    assert [path.name for path in here.iterdir()] == ["people.csv"]


def test_folders_are_made(predict, here):
    predict(out="new/folder/found.csv").done()
    assert len(pd.read_csv(here / "new" / "folder" / "found.csv")) == 160


def test_a_file_in_place_of_a_folder(predict, here):
    predict(out="people.csv/found.csv").refused(
        "cannot read or write `people.csv`: (File exists|Not a directory)", code=1
    )


@pytest.mark.parametrize("out", ["found.csv", "found.parquet"])
def test_a_full_disk_keeps_the_old_file(predict, here, out):
    (here / out).write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
    try:
        told = predict(out=out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    told.refused("cannot read or write.*: File too large. Nothing was written", code=1)
    assert (here / out).read_text() == "old"
    assert sorted(path.name for path in here.iterdir()) == sorted(["people.csv", out])


HARMS = {
    "no folder": (shutil.rmtree, "holds no model that can be read .*No such file"),
    "no description": (lambda folder: (folder / "model.json").unlink(), "holds no model that can be read"),
    "no weights": (lambda folder: next(folder.glob("w*")).unlink(), "holds no model that can be read"),
    "cut weights": (lambda folder: _write(next(folder.glob("w*")), 100), "is damaged; copy the model again"),
    "cut description": (lambda folder: _write(folder / "model.json", 100), "holds no model that can be read"),
    "something else": (lambda folder: (folder / "model.json").write_text("[]"), "holds no model that can be read"),
    "another format": (lambda folder: _change(folder / "model.json", format=7), "has format 7, this version reads 2"),
}


def _write(path, size):
    path.write_bytes(path.read_bytes()[:size])


def _change(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("case", HARMS)
def test_damaged_models(run, here, model, case):
    harm, message = HARMS[case]
    folder = shutil.copytree(model, here / "copy")
    harm(folder)
    run("predict", "copy", "people.csv", "--out", "found.csv").refused(message)
    assert not (here / "found.csv").exists()


def test_a_model_of_tensors_is_for_python(run, here):
    data = digits()
    perform = Perform(data)
    row = Run("fit", ("slant",), 0, recipe=Recipe(steps=1), network=Network(8, 1), keep=True)
    perform.model([(row, row.tasks, perform(row))]).save(Path("tensors"))
    run("predict", "tensors", "people.csv", "--out", "a.csv").refused("trained on tensors, not on a table; use it from")

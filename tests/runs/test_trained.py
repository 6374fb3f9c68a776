import errno
import json

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from torch import nn

from sharewise._core import InputError
from sharewise.mixing import digits
from sharewise.runs import Perform, TrainedModel


def trunk():
    return nn.Linear(3, 6)


def fitted(made, dataset, parts=None, maker=None):
    """A model with these groups of tasks as its parts."""
    perform = Perform(dataset, maker)
    names = tuple(task.name for task in dataset.tasks)
    runs = [made.run(dataset, part, keep=True) for part in parts or [names]]
    return perform.model([(run, run.tasks, perform(run)) for run in runs])


@pytest.fixture(scope="module")
def people(made):
    """A mixed table; income and grade together, the others alone."""
    return fitted(made, made.table(), [("income", "grade"), ("late",), ("visits",)])


class TestRoundTrip:
    def test_digits(self, made, tmp_path):
        data = digits()
        model = fitted(made, data)
        model.save(tmp_path / "model")
        x = data.raw.inputs[:50]
        before, after = model.predict(x), TrainedModel.load(tmp_path / "model").predict(x)
        assert list(before) == ["digit", "parity", "big", "slant", "stroke"]
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert before["digit"].shape == (50, 10)

    def test_a_mixed_table_with_parts(self, made, people, tmp_path):
        people.save(tmp_path / "model")
        new = made.frame(seed=9)
        before, after = people.table(new), TrainedModel.load(tmp_path / "model").table(new)
        pd.testing.assert_frame_equal(before, after)
        assert set(before["late"]) <= {"yes", "no"}
        np.testing.assert_allclose(before[[f"grade: {g}" for g in ("high", "low", "mid")]].sum(axis=1), 1, rtol=1e-5)
        assert (before["visits"] >= 0).all()
        assert before["income"].mean() > 1000

    def test_rows_of_tasks_by_a_column(self, made, tmp_path):
        data = made.schools()
        model = fitted(made, data)
        model.save(tmp_path / "model")
        loaded = TrainedModel.load(tmp_path / "model")
        new = pd.DataFrame({"x": [1.0, -1.0, 2.0, 0.5], "z": 0.0, "school": ["west", "north", "west", "south"]})
        found = loaded.table(new)
        pd.testing.assert_frame_equal(found, model.table(new))
        assert list(found.columns) == ["prediction", "prediction: fail", "prediction: pass"]
        for place, school in enumerate(new["school"]):
            each = loaded.predict(new)[f"school={school}"][place].item()
            assert found["prediction: pass"][place] == pytest.approx(each)

    def test_rows_of_tasks_that_were_not_asked_stay_empty(self, made):
        model = fitted(made, made.schools())
        new = pd.DataFrame({"x": [1.0, -1.0, 2.0], "z": 0.0, "school": ["west", "north", "west"]})
        found = model.table(new, ["school=north"])
        assert found["prediction: pass"].notna().tolist() == [False, True, False]

    def test_a_trunk_of_ones_own_is_asked_for(self, made, tmp_path):
        data = made.tensors()
        model = fitted(made, data, maker=trunk)
        model.save(tmp_path / "model")
        with pytest.raises(InputError, match="trunk of your own; load it with `trunk=`"):
            TrainedModel.load(tmp_path / "model")
        loaded = TrainedModel.load(tmp_path / "model", trunk=trunk)
        x = data.raw.inputs[:5]
        assert torch.equal(loaded.predict(x)["up"], model.predict(x)["up"])


class TestFolder:
    def test_it_holds_texts_and_numbers_only(self, people, tmp_path):
        people.save(tmp_path / "model")
        files = {file.name: file for file in (tmp_path / "model").iterdir()}
        assert len(files) == 2
        description = json.loads(files.pop("model.json").read_text())
        assert [each["name"] for each in description["tasks"]] == ["income", "late", "grade", "visits"]
        weights = next(iter(files.values()))
        assert weights.suffix == ".safetensors"
        assert isinstance(safetensors.torch.load(weights.read_bytes()), dict)  # the format has no place for code

    def test_loading_never_unpickles(self, people, tmp_path, monkeypatch):
        people.save(tmp_path / "model")

        def refuse(*_, **__):
            raise AssertionError("unpickled")

        for name in ("pickle.load", "pickle.loads", "pickle.Unpickler", "torch.load"):
            monkeypatch.setattr(name, refuse)
        assert TrainedModel.load(tmp_path / "model").tasks == people.tasks

    def test_a_model_is_replaced(self, made, people, tmp_path):
        folder = tmp_path / "model"
        people.save(folder)
        other = fitted(made, made.tensors())
        (folder / "notes.txt").write_text("mine")
        other.save(folder)
        assert [task.name for task in TrainedModel.load(folder).tasks] == ["up", "late", "down"]
        assert (folder / "notes.txt").read_text() == "mine"
        assert len(list(folder.iterdir())) == 3

    @pytest.mark.parametrize("calls", [0, 1, 2, 3])
    def test_a_full_disk_keeps_the_old_model(self, made, people, tmp_path, monkeypatch, calls):
        """Whichever of the writes is the one that fails."""
        folder = tmp_path / "model"
        people.save(folder)
        other, left = fitted(made, made.tensors()), [calls]
        from pathlib import Path

        for name in ("write_bytes", "write_text", "replace"):
            monkeypatch.setattr(Path, name, _failing(getattr(Path, name), left))
        with pytest.raises(OSError, match="No space left"):
            other.save(folder)
        monkeypatch.undo()
        assert [task.name for task in TrainedModel.load(folder).tasks] == ["income", "late", "grade", "visits"]
        assert not [file for file in folder.iterdir() if file.name.startswith(".")]
        other.save(folder)
        assert [task.name for task in TrainedModel.load(folder).tasks] == ["up", "late", "down"]
        assert len(list(folder.iterdir())) == 2

    def test_a_folder_with_something_else_is_left_alone(self, people, tmp_path):
        (tmp_path / "thesis.doc").write_text("years")
        with pytest.raises(InputError, match="is not empty and holds no model; choose another folder"):
            people.save(tmp_path)
        assert [file.name for file in tmp_path.iterdir()] == ["thesis.doc"]

    def test_a_file_is_no_folder(self, people, tmp_path):
        (tmp_path / "a").write_text("x")
        with pytest.raises(InputError, match=r"a` is a file; choose a folder"):
            people.save(tmp_path / "a")

    def test_after_a_kill_between_two_files_saving_again_works(self, people, tmp_path):
        people.save(tmp_path / "model")
        (tmp_path / "model" / "model.json").unlink()
        (tmp_path / "model" / ".model.json.123").write_text("{")
        people.save(tmp_path / "model")
        assert TrainedModel.load(tmp_path / "model").tasks == people.tasks


def _failing(write, left):
    def call(self, *arguments, **options):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return write(self, *arguments, **options)

    return call


class TestDamage:
    @pytest.mark.parametrize(
        ("harm", "message"),
        [
            (lambda folder: (folder / "model.json").unlink(), "holds no model that can be read .*No such file"),
            (lambda folder: next(folder.glob("*.safetensors")).unlink(), "holds no model that can be read .*weights-"),
            (lambda folder: _cut(folder / "model.json"), "holds no model that can be read"),
            (lambda folder: _cut(next(folder.glob("*.safetensors"))), r"weights-.*safetensors` is damaged; copy"),
            (lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe"), "holds no model that can be read"),
            (lambda folder: (folder / "model.json").write_text("[1]"), "holds no model that can be read"),
            (lambda folder: (folder / "model.json").write_text("{}"), "`model.json` lacks 'format'"),
            (
                lambda folder: (folder / "model.json").write_text('{"format": 99}'),
                "has format 99, this version reads 2",
            ),
        ],
    )
    def test_it_is_told_plainly(self, people, tmp_path, harm, message):
        people.save(tmp_path / "model")
        harm(tmp_path / "model")
        with pytest.raises(InputError, match=message):
            TrainedModel.load(tmp_path / "model")

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(InputError, match="give the folder of a model"):
            TrainedModel.load(tmp_path / "nowhere")


def _cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


class TestNewRows:
    def test_order_and_further_columns_do_not_matter(self, made, people):
        new = made.frame(seed=3)
        shuffled = new[list(new.columns)[::-1]].assign(noise=1.0)
        pd.testing.assert_frame_equal(people.table(new), people.table(shuffled))

    def test_an_unseen_category_is_taken_as_missing(self, made, people):
        new = made.frame(seed=3)
        violet, missing = new.assign(colour="violet"), new.assign(colour=None)
        pd.testing.assert_frame_equal(people.table(violet), people.table(missing.astype({"colour": "string"})))

    def test_a_missing_column_is_named(self, made, people):
        with pytest.raises(InputError, match="Missing column `age`; the model needs `age`, `colour`"):
            people.table(made.frame().drop(columns="age"))

    def test_another_type_is_named(self, made, people):
        with pytest.raises(InputError, match="`age`"):
            people.table(made.frame().assign(age="old"))

    def test_an_unknown_task_is_named(self, made, people):
        with pytest.raises(InputError, match="the model has no task `wealth`; it has income, late, grade, visits"):
            people.table(made.frame(), ["wealth"])

    def test_only_the_asked_tasks(self, made, people):
        found = people.table(made.frame(), ["visits", "income"])
        assert list(found.columns) == ["income", "visits"]

    def test_an_unknown_value_of_the_task_column(self, made):
        model = fitted(made, made.schools())
        with pytest.raises(InputError, match="`school=east` in row 2 is none of the 3 tasks trained"):
            model.table(pd.DataFrame({"x": [0.0, 1.0], "z": 0.0, "school": ["west", "east"]}))

    def test_tensors_are_no_table(self, made):
        model = fitted(made, made.tensors())
        with pytest.raises(InputError, match="trained on tensors, not on a table; use `predict`"):
            model.table(made.frame())
        with pytest.raises(InputError, match=r"inputs must have rows of the form"):
            model.predict(torch.zeros(2, 9))

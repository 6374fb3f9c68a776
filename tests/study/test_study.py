"""Whole studies on tiny data: continued, killed, in other orders, with other test labels."""

import json
import multiprocessing
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from sharewise._core import InputError
from sharewise.runs import Store, TrainedModel, choose_way
from sharewise.study import study
from sharewise.study._plan import PLAN, freeze_plan
from sharewise.training import Duration


@pytest.fixture
def without_report(monkeypatch):
    """Drawing takes longer than training here."""
    monkeypatch.setattr("sharewise.study._study.write_report", lambda *_: None)


def times_of(folder):
    """When each finished run was stored."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("runs/*.safetensors")}


class TestWhole:
    def test_it_leaves_everything_a_user_needs(self, done):
        names = {file.name for file in done.folder.iterdir()}
        assert {"report.html", "summary.json", "records.parquet", "plan.json", "model", "runs"} <= names
        assert not [name for name in names if name.startswith(".")]
        pd.testing.assert_frame_equal(pd.read_parquet(done.folder / "records.parquet"), done.records)
        assert len(list((done.folder / "runs").glob("*.safetensors"))) == 8

    def test_the_model_has_the_test_scores_of_the_first_replicate(self, done, small):
        data = small()
        model = TrainedModel.load(done.folder / "model")
        rows = data.split(0).test
        found = model.predict(data.raw.inputs[rows])
        for place, task in enumerate(done.summary.tasks):
            truth = data.raw.targets["binary" if task.name == "late" else "regression"][rows, place // 2].double()
            score = data.tasks[place].metrics[0](found[task.name], truth)
            assert float(score) == pytest.approx(task.scores[task.chosen][0])

    def test_nothing_is_trained_again(self, done, small, short, tables, tmp_path, monkeypatch):
        folder = shutil.copytree(done.folder, tmp_path / "copy")

        def refuse(*_):
            raise AssertionError("stored again")

        monkeypatch.setattr(Store, "put", refuse)
        again = study(small(), folder, protocol=short, workers=1)
        assert tables(again) == tables(done)

    def test_a_single_task_is_refused_before_anything_is_written(self, small, tmp_path):
        with pytest.raises(InputError, match="needs two of them, got 1"):
            study(small(order=(0,)), tmp_path / "out")
        assert list(tmp_path.iterdir()) == []

    def test_a_trunk_of_ones_own(self, small, short, tmp_path):
        found = study(small(), tmp_path, protocol=short, trunk=own_trunk, workers=1)
        assert len(found.summary.tasks) == 3
        x = small().raw.inputs[:4]
        assert TrainedModel.load(tmp_path / "model", trunk=own_trunk).predict(x)["up"].shape == (4,)

    def test_no_setting_that_can_be_trained_is_an_error(self, small, short, tmp_path, monkeypatch):
        monkeypatch.setattr("sharewise.runs._tuned.SETTINGS", ((1e30, 0.0), (1e35, 0.0)))
        with pytest.raises(InputError, match=r"no setting could train .* is not finite at step"):
            study(small(), tmp_path, protocol=replace(short, trials=2, batch_size=8, steps=60), workers=1)
        assert not (tmp_path / "model").exists()


def own_trunk():
    return nn.Sequential(nn.Linear(3, 6), nn.Tanh())


@pytest.mark.usefixtures("without_report")
class TestContinuing:
    def test_more_replicates_add_to_the_same_folder(self, done, small, short, tables, tmp_path):
        more = replace(short, replicates=3)
        first = study(small(), tmp_path / "a", protocol=short, workers=1)
        before = times_of(tmp_path / "a")
        continued = study(small(), tmp_path / "a", protocol=more, workers=1)
        after = times_of(tmp_path / "a")
        assert {path: after[path] for path in before} == before
        assert (len(before), len(after)) == (8, 12)
        at_once = study(small(), tmp_path / "b", protocol=more, workers=1)
        assert tables(continued) == tables(at_once)
        assert tables(first) == tables(done)

    def test_the_way_to_run_is_measured_once(self, small, short, tables, tmp_path, monkeypatch):
        """A measurement of another moment would choose otherwise, and other company rounds otherwise."""
        best = 3

        def watch(groups, **_):
            return [Duration(0.1 if len(group) == best else 10.0, 0.0) for group in groups]

        monkeypatch.setattr("sharewise.runs._bench.choose_way", choose_way)
        monkeypatch.setattr("sharewise.runs._choose.durations", watch)
        monkeypatch.setattr("sharewise.runs._choose.sizes", lambda *_: [1, 3])
        monkeypatch.setattr("sharewise.runs._choose._worth", lambda _, tried: list(tried))
        first = study(small(), tmp_path, protocol=short, workers=1)
        best = 1
        before, way = times_of(tmp_path), json.loads((tmp_path / "plan.json").read_text())["way"]
        again = study(small(), tmp_path, protocol=short, workers=1)
        assert tables(again) == tables(first)
        assert times_of(tmp_path) == before
        assert json.loads((tmp_path / "plan.json").read_text())["way"] == way
        assert [pace["population"] for pace in way["paces"].values()] == [3]

    def test_more_trials_give_what_they_give_at_once(self, small, short, tables, tmp_path):
        """Whatever the company in which runs are trained as one tensor program."""
        more = replace(short, trials=3)
        study(small(), tmp_path / "a", protocol=short, workers=1)
        continued = study(small(), tmp_path / "a", protocol=more, workers=1)
        assert tables(continued) == tables(study(small(), tmp_path / "b", protocol=more, workers=1))

    def test_a_damaged_run_is_named_and_after_deleting_it_repeated(self, done, small, short, tables, tmp_path):
        folder = shutil.copytree(done.folder, tmp_path / "copy")
        path = min(folder.glob("runs/*.safetensors"))
        path.write_bytes(path.read_bytes()[:50])
        with pytest.raises(InputError, match=rf"{path.name}` is damaged .*delete it, and its run is repeated"):
            study(small(), folder, protocol=short, workers=1)
        path.unlink()
        assert tables(study(small(), folder, protocol=short, workers=1)) == tables(done)
        assert path.exists()

    def test_another_study_is_refused(self, done, small, short):
        before = {file: file.stat().st_mtime_ns for file in done.folder.rglob("*")}
        with pytest.raises(InputError, match="holds another study"):
            study(small(rows=220), done.folder, protocol=short, workers=1)
        assert {file: file.stat().st_mtime_ns for file in done.folder.rglob("*")} == before

    def test_killed_at_random_moments_it_gives_the_same_table(self, done, small, short, tables, tmp_path):
        """Three times, by SIGKILL; `python -m benchmarks.resume` does ten on digits with two workers."""
        context = multiprocessing.get_context("forkserver")  # a fork of this process would inherit its threads' locks
        context.set_forkserver_preload(["sharewise.study"])
        way = PLAN.way(done.folder)
        assert way is not None
        freeze_plan(tmp_path, (), small(), way)  # the children would measure one of their own
        delays = torch.rand(3, generator=torch.Generator().manual_seed(0))
        for delay in delays.tolist():
            child = context.Process(target=study, args=(small(), tmp_path), kwargs={"protocol": short, "workers": 1})
            child.start()
            before = stored(tmp_path)
            while child.is_alive() and stored(tmp_path) == before:
                time.sleep(0.002)
            time.sleep(0.15 * delay)
            child.kill()
            child.join()
        assert 0 < stored(tmp_path) <= 8
        assert tables(study(small(), tmp_path, protocol=short, workers=1)) == tables(done)

    @pytest.mark.parametrize("name", ["write_bytes", "write_text", "replace"])
    def test_a_full_disk_at_any_write_leaves_nothing_half_written(
        self, done, small, short, tables, tmp_path, monkeypatch, name
    ):
        """The third write of each kind fails, then the disk has room again."""
        write, left = getattr(Path, name), [3]

        def full(self, *arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                raise OSError(28, "No space left on device", str(self))
            return write(self, *arguments, **options)

        monkeypatch.setattr(Path, name, full)
        with pytest.raises(OSError, match="No space left"):
            study(small(), tmp_path, protocol=short, workers=1)
        assert not list(tmp_path.rglob(".*"))
        again = study(small(), tmp_path, protocol=short, workers=1)
        assert tables(again) == tables(done)


def stored(folder):
    return len(times_of(folder))


@pytest.mark.usefixtures("without_report")
class TestWhatMustNotMatter:
    def test_the_number_of_workers(self, done, small, short, tables, tmp_path):
        assert tables(study(small(), tmp_path, protocol=short, workers=2)) == tables(done)

    def test_the_order_of_tasks(self, done, small, short, tmp_path):
        """But for the rounding of a sum in another order."""
        other = study(small(order=(2, 0, 1)), tmp_path, protocol=short, workers=1)
        found = {task.name: task for task in other.summary.tasks}
        for task in done.summary.tasks:
            assert found[task.name].alone == task.alone
            assert found[task.name].together == pytest.approx(task.together, abs=2e-3)
            assert found[task.name].chosen == task.chosen

    def test_the_labels_of_test_rows(self, small, short, tmp_path):
        """Neither tuning nor the chosen model looks at them; the scores do."""
        split = small().split(0)
        rows = split.test.numpy()
        found = [
            study(small(split=split, poison=poison), tmp_path / name, protocol=replace(short, trials=2), workers=1)
            for name, poison in (("a", None), ("b", rows))
        ]
        one, two = (each.records for each in found)
        assert one["chosen"].equals(two["chosen"])
        assert [task.chosen for task in found[0].summary.tasks] == [task.chosen for task in found[1].summary.tasks]
        held = one["role"] != "test"
        pd.testing.assert_frame_equal(one[held], two[held])
        assert not one.loc[~held, "value"].equals(two.loc[~held, "value"])
        models = [TrainedModel.load(tmp_path / name / "model") for name in "ab"]
        x = small().raw.inputs
        predicted = [model.predict(x) for model in models]
        assert all(torch.equal(predicted[0][name], predicted[1][name]) for name in predicted[0])


def test_the_progress_is_told(small, short, tmp_path):
    class Told:
        def __init__(self):
            self.parts = []

        def start(self, what, total):
            self.parts.append([what, total, 0])

        def advance(self, done):
            self.parts[-1][2] += done

        def say(self, text):
            raise AssertionError(text)

    told = Told()
    study(small(), tmp_path, protocol=short, workers=1, progress=told, command="sharewise study x")
    assert told.parts == [["networks", 8, 8], ["outside models", 0, 0]]
    assert json.loads((tmp_path / "summary.json").read_text())["command"] == "sharewise study x"


def test_outside_models_are_linked_like_runs(small, short, tmp_path):
    found = study(small(), tmp_path, protocol=replace(short, references=True), workers=1)
    runs = {run.number: run for run in found.summary.runs}
    for task in found.summary.tasks:
        assert set(task.references) == {"trees", "trees, pooled", "trees, chained", "ridge"}
        for name, mean in task.references.items():
            assert sum(task.scores[name]) / 2 == pytest.approx(mean)
            for replicate, number in enumerate(task.runs[name]):
                assert (runs[number].treatment, runs[number].replicate) == (name, replicate)
                assert (tmp_path / "runs" / runs[number].file).exists()
    assert len(set(runs)) == len(found.summary.runs)
    text = (tmp_path / "report.html").read_text()
    assert f'id="run-{max(runs)}"' in text

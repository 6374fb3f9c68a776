"""A whole grouping in small: continued, resumed, stored, served."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from sharewise._core import InputError
from sharewise.grouping import GROUPING, Grouping, group
from sharewise.grouping._group import grouped_model
from sharewise.grouping._plan import PLAN, check_grouping
from sharewise.grouping._work import Work
from sharewise.mixing import planted_groups
from sharewise.models import Grouped
from sharewise.runs import Bench, Perform, TrainedModel


def test_it_finds_what_it_promises(finished, made, quick):
    _, found = finished
    names = [each.contender.name for each in found.standings]
    assert names[:2] == ["together", "alone"]
    assert found.chosen in names
    assert found.baseline in ("together", "alone")
    assert found.replicates == quick.replicates
    assert found.affinity.tasks == tuple("abcd")
    assert set(found.tasks_verdicts) == set("abcd")
    alone, joint = found.standing("alone"), found.standing("together")
    assert np.allclose(alone.gains, 0)
    assert 0.8 < alone.parameters / joint.parameters < 1.25
    assert found.answer()


def test_a_finished_one_trains_nothing_and_gives_the_same(finished, made, quick):
    folder, found = finished
    before = sorted(path.stat().st_mtime_ns for path in (folder / "runs").rglob("*.safetensors"))
    again = group(made, folder, protocol=quick, workers=1, command=found.command)
    assert sorted(path.stat().st_mtime_ns for path in (folder / "runs").rglob("*.safetensors")) == before
    assert replace(again, seconds=found.seconds).to_json() == found.to_json()


def test_text_round_trips(finished):
    folder, found = finished
    text = (folder / GROUPING).read_text(encoding="utf-8")
    assert Grouping.from_json(text).to_json() == text
    assert Grouping.from_json(text).answer() == found.answer()


def test_a_killed_one_continues_to_the_same_numbers(finished, made, quick, tmp_path, monkeypatch):
    _, found = finished
    train, calls = Bench.train, []

    def killed(self, what, plan, **more):
        calls.append(what)
        if calls.count("confirmation") == 1 and what == "confirmation":
            raise KeyboardInterrupt
        return train(self, what, plan, **more)

    monkeypatch.setattr(Bench, "train", killed)
    folder = tmp_path / "made"
    with pytest.raises(KeyboardInterrupt):
        group(made, folder, protocol=quick, workers=1)
    plan = json.loads((folder / PLAN.name).read_text())
    assert plan["way"]["paces"]
    again = group(made, folder, protocol=quick, workers=1)
    assert again.affinity.values == pytest.approx(found.affinity.values, abs=1e-5, nan_ok=True)
    skills = [(each.contender.name, each.skill) for each in again.standings]
    assert [name for name, _ in skills] == [each.contender.name for each in found.standings]
    assert [skill for _, skill in skills] == pytest.approx([each.skill for each in found.standings], abs=1e-4)


def test_the_model_is_one_stacked_network_that_predicts_as_its_parts(made, quick, finished, tmp_path):
    folder, found = finished
    work = Work(folder, Perform(made), quick, workers=1, progress=None)
    work.explore()
    contenders = [each.contender for each in found.standings]
    best = work.confirm(contenders)
    alone = found.standing("alone").contender
    model = grouped_model(alone, best, work.sizes, work.perform)
    module = model.parts[0].module
    assert isinstance(module, Grouped)
    assert module.trunks.copies == 4
    width = work.sizes.width(4)
    own = [
        pair for pair in best if pair[0].replicate == 0 and pair[0].network.width == width and len(pair[0].tasks) == 1
    ]
    separate = work.perform.model([(run, run.tasks, each) for run, each in own])
    x = made.raw.inputs[:7]
    for name, values in separate.predict(x).items():
        torch.testing.assert_close(model.predict(x)[name], values)
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model").predict(x)
    assert all(torch.equal(loaded[name], values) for name, values in model.predict(x).items())
    program = torch.export.export(module, (x,), dynamic_shapes=({0: torch.export.Dim("rows", min=1)},))
    torch.testing.assert_close(program.module()(made.raw.inputs[:3]), module(made.raw.inputs[:3]))


def test_the_written_model_serves_every_task(finished, made):
    folder, _ = finished
    assert list(TrainedModel.load(folder / "model").predict(made.raw.inputs[:5])) == list("abcd")


def test_folders_and_data_that_do_not_fit_are_refused(finished, tmp_path):
    folder, _ = finished
    with pytest.raises(InputError, match="three tasks or more, got 2"):
        check_grouping(tmp_path / "a", planted_groups([["a", "b"]], rows=100))
    with pytest.raises(InputError, match="holds a grouping of other data"):
        check_grouping(folder, planted_groups([["a", "b"], ["c"]], rows=100))
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty and holds no grouping"):
        check_grouping(tmp_path, planted_groups([["a", "b"], ["c"]], rows=100))


def test_no_more_networks_than_asked_for_are_recommended(made, quick, tmp_path):
    found = group(made, tmp_path / "two", protocol=replace(quick, groups=2), workers=1)
    assert found.baseline == "together"
    assert len(found.recommended.networks) <= 2

from dataclasses import replace

from sharewise.diagnosis import Wanted, diagnose
from sharewise.mixing import planted
from sharewise.runs import Pace, Perform, Way
from sharewise.runs._way import form


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.safetensors")}


def unmeasured(rows, perform, *, workers=None, written=None):
    return Way(1, "cpu", {form(run): Pace(16, 1e-3, 1e-3, 1e-3) for run in rows})


def test_opposite_tasks_contradict_each_other_and_nothing_is_trained_twice(tmp_path, quick, monkeypatch):
    monkeypatch.setattr("sharewise.runs._bench.choose_way", unmeasured)
    setup = replace(quick, replicates=3, sharing="full", settings=((0.05, 0.0),))
    perform = Perform(planted(tasks=2, opposite=True))
    wanted = Wanted(conditions=False)
    first = diagnose(perform, tmp_path, setup=setup, wanted=wanted, workers=1)
    assert [task.causes[:1] for task in first.tasks] == [(("contradictory tasks",),)] * 2
    before = stamps(tmp_path)
    again = diagnose(perform, tmp_path, setup=setup, wanted=wanted, workers=1)
    assert again == first
    assert stamps(tmp_path) == before


def test_conditions_come_first_and_benefits_from_the_tuned_baseline(tmp_path, quick, monkeypatch):
    monkeypatch.setattr("sharewise.runs._bench.choose_way", unmeasured)
    data = planted(tasks=2)
    wanted = Wanted(benefits=True, causes=False, hints=False, tasks=("task 1",))
    found = diagnose(Perform(data), tmp_path, setup=quick, wanted=wanted, workers=1)
    assert found.conditions.amounts.tasks[0].labels == len(data.split(0).train)
    assert found.conditions.capacity.width == quick.network.width
    assert next(name for name, _ in found.benefits.parts()) == "Implicit data augmentation"
    assert found.benefits.tasks == ("task 1",)
    assert all(not task.recoveries for task in found.tasks)
    before = stamps(tmp_path)
    again = diagnose(Perform(data), tmp_path, setup=quick, wanted=wanted, workers=1)
    assert stamps(tmp_path) == before
    assert again.benefits.worth[0].ratio == found.benefits.worth[0].ratio

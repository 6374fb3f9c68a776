from dataclasses import replace

from sharewise.diagnosis import diagnose
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
    first = diagnose(perform, tmp_path, setup=setup, workers=1)
    assert [task.causes[:1] for task in first.tasks] == [(("contradictory tasks",),)] * 2
    before = stamps(tmp_path)
    again = diagnose(perform, tmp_path, setup=setup, workers=1)
    assert again == first
    assert stamps(tmp_path) == before

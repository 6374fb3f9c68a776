import json

import pytest

from sharewise._core import InputError
from sharewise.mixing import planted
from sharewise.runs import Network, Pace, Perform, Sharing, Way
from sharewise.runs._way import form
from sharewise.study import Protocol, diagnosis, study
from sharewise.study._diagnosis import setup_of

QUICK = Protocol(
    replicates=2,
    trials=1,
    steps=20,
    batch_size=32,
    network=Network(8, 1),
    references=False,
    treatments=("weighted",),
    transfer=False,
)


def unmeasured(rows, perform, *, workers=None, written=None):
    return Way(1, "cpu", {form(run): Pace(16, 1e-3, 1e-3, 1e-3) for run in rows})


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("sharewise.runs._bench.choose_way", unmeasured)


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "runs").glob("*.safetensors")}


def test_the_runs_of_a_study_are_the_baseline(tmp_path):
    data = planted(tasks=2)
    study(data, tmp_path, protocol=QUICK, workers=1)
    before = stamps(tmp_path)
    found = diagnosis(Perform(data), tmp_path, protocol=QUICK, workers=1)
    assert stamps(tmp_path) == before  # two replicates show no harm: nothing else is trained
    assert not found.hurt
    assert (tmp_path / "report.html").exists()
    written = json.loads((tmp_path / "diagnosis.json").read_text())
    assert [task["name"] for task in written["tasks"]] == ["task 0", "task 1"]


def test_a_study_of_other_data_is_not_taken_for_these(tmp_path):
    diagnosis(Perform(planted(0, tasks=2)), tmp_path, protocol=QUICK, workers=1)
    with pytest.raises(InputError, match="holds a diagnosis of other data"):
        diagnosis(Perform(planted(1, tasks=2)), tmp_path, protocol=QUICK, workers=1)


def test_one_replicate_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least two replicates"):
        diagnosis(Perform(planted(tasks=2)), tmp_path, protocol=Protocol(replicates=1))


def test_a_protocol_becomes_a_setup():
    wanted = Protocol(replicates=7, trials=3, seed=5, plan="equal", steps=9)
    setup = setup_of(wanted, Sharing("Soft", {"strength": 0.1}))
    assert (setup.replicates, setup.trials, setup.seed, setup.plan, setup.steps) == (7, 3, 5, "equal", 9)
    assert (setup.sharing, setup.sharing_options) == ("soft", {"strength": 0.1})
    protocol = Protocol(replicates=7, trials=3, seed=5, steps=9)
    assert all(setup.recipe(500, trial, 4) == protocol.recipe(500, trial, 4) for trial in range(3))


def test_study_and_diagnosis_of_one_data_set_may_share_a_folder_in_any_order(tmp_path):
    data = planted(tasks=2)
    diagnosis(Perform(data), tmp_path, protocol=QUICK, workers=1)
    study(data, tmp_path, protocol=QUICK, workers=1)
    assert {"report.html", "diagnosis.html"} <= {path.name for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match="holds another study"):
        diagnosis(Perform(planted(7, tasks=2)), tmp_path, protocol=QUICK, workers=1)


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="is not empty and holds no study"):
        diagnosis(Perform(planted(tasks=2)), tmp_path, protocol=QUICK, workers=1)

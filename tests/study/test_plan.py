import json
import time
from dataclasses import replace

import pytest

from sharewise._core import InputError
from sharewise.runs import Pace, Perform, Run, Way
from sharewise.study._budget import Budget
from sharewise.study._plan import PLAN, check_study, freeze_plan, write_text, written_budget
from sharewise.study._plan import make_plan as plan_of
from sharewise.study._treatments import treatments_of

WAY = Way(2, "cpu", {"some form": Pace(4, 0.1, 0.2, 0.3, "a reason")}, 0.5)


@pytest.fixture
def short(short):
    return replace(short, trials=2, treatments=())


def make_plan(data, protocol, **more):
    return plan_of(data, protocol, treatments_of(protocol, Perform(data)), **more)


def test_both_arms_have_every_setting_in_every_replicate(small, short):
    plan = make_plan(small(), short)
    assert len(plan) == 2 * 2 * 4
    names = ("up", "late", "down")
    for replicate in range(2):
        for trial in range(2):
            cell = [run for run in plan if (run.replicate, run.trial) == (replicate, trial)]
            assert [(run.treatment, run.tasks) for run in cell] == [
                ("together", names), *(("alone", (name,)) for name in names)
            ]  # fmt: skip
            assert len({(run.recipe, run.network, run.method) for run in cell}) == 1, "matched in all but the tasks"


def test_further_treatments_have_as_many_trials(small, short):
    protocol = replace(short, treatments=("shuffled", "weighted", "worst task"), trials=3)
    plan = [run for run in make_plan(small(), protocol) if run.replicate == 0]
    names = ("up", "late", "down")
    counts = {}
    for run in plan:
        counts[run.treatment, run.judged] = counts.get((run.treatment, run.judged), 0) + 1
    expected = [("together", names), ("weighted", names), ("worst task", names)]
    expected += [(arm, (name,)) for arm in ("alone", "shuffled") for name in names]
    assert counts == dict.fromkeys(expected, 3)
    weights = [tuple(run.options["weights"]) for run in plan if run.treatment == "weighted"]
    assert len(set(weights)) == 3, "each trial has weights of its own"
    assert all(sum(each) == pytest.approx(3, abs=1e-3) for each in weights)
    assert {run.method for run in plan if run.treatment == "worst task"} == {"MinMax"}
    assert all(set(run.tasks) == set(names) and len(run.shuffled) == 2 for run in plan if run.treatment == "shuffled")
    settings = {(run.treatment, run.trial): (run.recipe.learning_rate, run.recipe.weight_decay) for run in plan}
    assert len({settings[arm, 1] for arm in ("alone", "together", "weighted", "worst task", "shuffled")}) == 1


def test_some_replicates_and_tasks_can_be_planned_apart(small, short):
    plan = make_plan(small(), replace(short, treatments=("shuffled",)), replicates=range(2, 4), tasks=["late"])
    assert {run.replicate for run in plan} == {2, 3}
    assert {(run.treatment, run.judged) for run in plan} == {
        ("together", ("up", "late", "down")), ("alone", ("late",)), ("shuffled", ("late",)),
    }  # fmt: skip


def test_a_longer_plan_contains_the_shorter(small, short):
    assert set(map(repr, make_plan(small(), short))) < set(map(repr, make_plan(small(), replace(short, replicates=3))))


def test_only_the_first_replicate_is_probed_and_kept(small, short):
    plan = make_plan(small(), short)
    assert {run.replicate for run in plan if run.probe} == {0}
    assert {run.treatment for run in plan if run.probe} == {"together"}


def test_the_plan_is_written_before_it_is_run(small, short, tmp_path):
    data = small()
    plan = make_plan(data, short)
    freeze_plan(tmp_path / "new" / "study", plan, data, WAY)
    found = json.loads((tmp_path / "new" / "study" / "plan.json").read_text())
    assert [Run.from_description(row) for row in found["runs"]] == list(plan)
    assert found["fingerprint"] == data.fingerprint
    assert PLAN.way(tmp_path / "new" / "study") == WAY
    assert PLAN.way(tmp_path / "elsewhere") is None


def test_a_plan_without_a_way_may_continue(small, short, tmp_path):
    data = small()
    freeze_plan(tmp_path, make_plan(data, short), data, WAY)
    found = json.loads((tmp_path / "plan.json").read_text())
    del found["way"]
    (tmp_path / "plan.json").write_text(json.dumps(found))
    assert PLAN.way(tmp_path) is None
    check_study(tmp_path, data)


class TestFolders:
    def test_the_same_study_may_continue(self, small, short, tmp_path):
        for replicates in (2, 3, 1):
            data = small()
            freeze_plan(tmp_path, make_plan(data, replace(short, replicates=replicates)), data, WAY)
        assert len(json.loads((tmp_path / "plan.json").read_text())["runs"]) == 8

    @pytest.mark.parametrize("other", [{"rows": 210}, {"order": (0, 1)}])
    def test_another_study_is_refused_and_left_alone(self, small, short, tmp_path, other):
        data, second = small(), small(**other)
        freeze_plan(tmp_path, make_plan(data, short), data, WAY)
        before = (tmp_path / "plan.json").read_bytes(), time.time_ns()
        with pytest.raises(InputError, match=r"holds another study \(tasks down, late, up\); choose another folder"):
            freeze_plan(tmp_path, make_plan(second, short), second, WAY)
        assert (tmp_path / "plan.json").read_bytes() == before[0]
        assert len(list(tmp_path.iterdir())) == 1

    def test_other_files_are_refused_and_left_alone(self, small, tmp_path):
        (tmp_path / "thesis.doc").write_text("years")
        with pytest.raises(InputError, match="is not empty and holds no study; choose another folder with `--out`"):
            check_study(tmp_path, small())
        assert [file.name for file in tmp_path.iterdir()] == ["thesis.doc"]

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"fingerprint": 1}', "\ufeff"])
    def test_a_plan_of_something_else(self, small, tmp_path, text):
        (tmp_path / "plan.json").write_text(text)
        with pytest.raises(InputError, match=r"plan.json` is no plan of a study; choose another folder"):
            check_study(tmp_path, small())

    def test_a_single_task_is_no_study(self, small, tmp_path):
        with pytest.raises(InputError, match="needs two of them, got 1; name more tasks"):
            check_study(tmp_path / "new", small(order=(1,)))
        assert not (tmp_path / "new").exists()


def test_a_text_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    write_text(tmp_path / "a", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_text(tmp_path / "a", "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a", "old")]


def test_a_budget_is_written_and_read_for_the_same_request(small, short, tmp_path):
    data, wanted = small(), replace(short, budget=60.0)
    budget = Budget(60.0, replace(wanted, replicates=1), {"replicates": "1 instead of 2"}, 3.0)
    assert written_budget(tmp_path, wanted) is None
    freeze_plan(tmp_path, make_plan(data, short), data, WAY, budget=budget)
    assert written_budget(tmp_path, wanted) == budget
    assert written_budget(tmp_path, replace(wanted, budget=90.0)) is None

"""From finished runs to the answer, on runs with made-up skills."""

from dataclasses import replace

import numpy as np
import pytest

from sharewise._core import Record
from sharewise.grouping import Affinity, Contender, Estimate
from sharewise.grouping._conclude import conclude
from sharewise.grouping._confirm import confirm_plan
from sharewise.grouping._contenders import extremes
from sharewise.grouping._work import Work
from sharewise.runs import Finished, Perform

PAIRS = Contender.of("groups", [frozenset("ab"), frozenset("cd")])
SKILL = {4: 0.5, 1: 0.4, 2: 0.7}  # by the number of tasks of a network


def results(plan, skill):
    """Runs whose skill depends on the size of the network alone, on select and test rows."""
    draw = np.random.default_rng(0)
    found = []
    for run in plan:
        values = {name: skill[len(run.tasks)] + 0.01 * draw.normal() for name in run.tasks}
        records = [Record("skill", value, role, name) for name, value in values.items() for role in ("select", "test")]
        found.append((run, Finished(records, info={"seconds": 0.5, "best_skill": 1.0})))
    return found


@pytest.fixture
def concluded(made, quick, tmp_path):
    def conclusion(skill, **more):
        protocol = replace(quick, replicates=4, trials=1, **more)
        work = Work(tmp_path, Perform(made), protocol, workers=1, progress=None)
        contenders = [*extremes("abcd"), PAIRS]
        plan = confirm_plan(contenders, work.sizes, protocol, rows=work.bench.rows, order=work.order)
        values = np.full((4, 4), 0.25)
        affinity = Affinity(tuple("abcd"), values, values / 10, 1.0, "pairs", "made")
        return conclude(work, contenders, results(plan, skill), Estimate(affinity))

    return conclusion


def test_groups_win_where_they_are_better(concluded):
    found = concluded(SKILL)
    assert (found.chosen, found.baseline, found.against) == ("groups", "together", "together")
    assert found.verdicts["together"].word == "HELPS"
    row = found.standing("groups")
    assert row.skill == pytest.approx(0.7, abs=0.02)
    assert row.promised == (0.25,) * 4
    assert row.gains[0][0] == pytest.approx(1 - 0.3 / 0.6, abs=0.05)
    assert row.seconds == pytest.approx(2 * 4 * 0.5)
    assert found.standing("together").select is None
    assert all(each.word == "HELPS" for each in found.tasks_verdicts.values())


@pytest.mark.parametrize(("joint", "answer"), [(0.9, "together"), (0.1, "alone")])
def test_no_groups_where_an_extreme_is_better(concluded, joint, answer):
    found = concluded({4: joint, 1: 1.0 - joint, 2: 0.5})
    assert found.chosen == answer
    assert found.answer().startswith("No groups")
    assert found.against == ({"together", "alone"} - {answer}).pop()


def test_alone_is_no_answer_where_fewer_networks_were_asked_for(concluded):
    found = concluded({4: 0.1, 1: 0.9, 2: 0.2}, groups=2)
    assert found.chosen == "groups"
    assert found.baseline == "together"

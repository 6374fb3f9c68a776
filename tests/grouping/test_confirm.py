from dataclasses import replace

import numpy as np
import pytest

from sharewise._core import InputError, Record
from sharewise.grouping import Contender, Served
from sharewise.grouping._confirm import confirm_plan, skills_of
from sharewise.grouping._contenders import extremes
from sharewise.grouping._sizes import Sizes
from sharewise.runs import Finished, Network, Perform, Run

ORDER = tuple("abcd")


@pytest.fixture
def sizes(made, quick):
    return Sizes(Perform(made), Run("together", ORDER, 0, network=quick.network), quick)


def overlapping():
    helped = Served(frozenset("abc"), frozenset("ab"))
    return Contender("groups", (helped, Served(frozenset("cd"), frozenset("cd"))))


def test_every_network_is_tuned_with_as_many_trials_and_trained_once(sizes, quick):
    halves = Contender.of("random 1", [frozenset("cd"), frozenset("ab")])
    plan = confirm_plan([*extremes(ORDER), overlapping(), halves], sizes, quick, rows=lambda _: 24, order=ORDER)
    networks = {(run.network.width, run.tasks) for run in plan}
    two, four = sizes.width(2), sizes.width(4)
    wanted = {(16, ORDER), (two, ("a", "b", "c")), (two, ("c", "d")), (two, ("a", "b"))}
    assert networks == wanted | {(four, (name,)) for name in ORDER}
    assert len(plan) == len(networks) * quick.replicates * quick.trials
    assert len({(run.network.width, run.tasks, run.replicate, run.trial) for run in plan}) == len(plan)
    assert {run.recipe.seed for run in plan if run.replicate == 1} == {1}
    assert [run.keep for run in plan] == [run.replicate == 0 for run in plan]


def test_networks_are_mixed_as_the_protocol_says(sizes, quick):
    mixed = replace(quick, plan="equal", rates=(1.0, 2.0, 3.0, 4.0))
    plan = confirm_plan([overlapping()], sizes, mixed, rows=lambda _: 24, order=ORDER)
    assert {(run.plan, run.rates) for run in plan} == {("equal", (1.0, 2.0, 3.0, 4.0))}


def finished(run, **values):
    records = [Record("skill", value, "test", name) for name, value in values.items()]
    return run, Finished([*records, Record("skill", 0.9, "test", "a", step=3), Record("loss", 0.1, "test", "a")])


def test_a_task_has_the_skill_of_the_network_that_serves_it(sizes, quick):
    plan = confirm_plan([overlapping()], sizes, quick, rows=lambda _: 24, order=ORDER)
    best = [run for run in plan if run.trial == 0]
    results = [
        finished(run, **{name: 0.1 * len(run.tasks) + 0.01 * run.replicate for name in run.tasks}) for run in best
    ]
    found = skills_of([overlapping()], results, sizes, order=ORDER, role="test")["groups"]
    assert found == pytest.approx(np.array([[0.3, 0.3, 0.2, 0.2], [0.31, 0.31, 0.21, 0.21]]))
    assert results[0][1].last("skill", "select") == {}


def test_a_network_that_no_setting_trains_is_told(sizes, quick):
    run = confirm_plan([overlapping()], sizes, quick, rows=lambda _: 24, order=ORDER)[0]
    with pytest.raises(InputError, match="no setting could train a and b and c: loss of a is nan"):
        skills_of([], [(run, Finished(info={"failed": "loss of a is nan"}))], sizes, order=ORDER, role="test")


def test_of_one_width_only_the_settings_differ(sizes, quick):
    first, second = confirm_plan([extremes(ORDER)[0]], sizes, quick, rows=lambda _: 24, order=ORDER)[:2]
    same = replace(first.recipe, learning_rate=0.1, weight_decay=0.1)
    assert replace(second.recipe, learning_rate=0.1, weight_decay=0.1) == same
    assert first.network == Network(16, 1)

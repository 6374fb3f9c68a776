from collections import Counter

import pytest

from sharewise.diagnosis import Setup, base_plan, changed_plan, gradients, wider
from sharewise.diagnosis._plan import MATCHED, arm_alone, matched_plan
from sharewise.mixing import planted
from sharewise.models import count_parameters
from sharewise.runs import Network, Perform

NAMES = ("task 0", "task 1", "task 2")
SETUP = Setup(replicates=3, trials=2, network=Network(16, 1))


@pytest.fixture
def base():
    return base_plan(NAMES, SETUP, lambda replicate: 100 + replicate)


def test_the_baseline_has_every_setting_in_every_replicate(base):
    assert Counter(run.treatment for run in base) == {"together": 6, "alone": 18}
    for replicate in range(3):
        rows = [run for run in base if run.replicate == replicate]
        assert {run.recipe.seed for run in rows} == {replicate}
        settings = {(run.trial, run.recipe.learning_rate, run.recipe.weight_decay) for run in rows}
        assert len(settings) == 2


def test_both_arms_change_where_that_means_something_alone(base):
    plan = changed_plan(base, wider(2), {"task 1"})
    assert {run.network.width for run in plan} == {32}
    assert Counter(run.treatment for run in plan) == {"width x2": 6, "width x2, alone": 6}
    assert {run.tasks for run in plan if run.treatment == "width x2, alone"} == {("task 1",)}
    assert not any(run.probe or run.keep for run in plan)


def test_the_joint_arm_alone_changes_where_it_does_not(base):
    tried = gradients("UPGrad", "")
    plan = changed_plan(base, tried, {"task 1"})
    assert Counter(run.treatment for run in plan) == {"UPGrad": 6}
    assert arm_alone(tried) == "alone"


def test_matched_networks_have_as_many_parameters_in_all(base):
    perform = Perform(planted())
    plan = matched_plan(base, perform, {"task 0"})
    assert {(run.treatment, run.tasks) for run in plan} == {(MATCHED, ("task 0",))}
    joint = count_parameters(perform.network(base[0]))

    def alone(width):
        features, each = 8, 3
        return each * (features * width + width + width + 1)  # one hidden layer and a head, for each task

    width = plan[0].network.width
    assert abs(alone(width) - joint) <= min(abs(alone(width - 1) - joint), abs(alone(width + 1) - joint))

from dataclasses import replace

import numpy as np
import pytest

from sharewise._core import InputError, Record
from sharewise.diagnosis import Setup, examine
from sharewise.mixing import planted
from sharewise.runs import OWN_BEST, Finished, Network, Perform

SETUP = Setup(replicates=6, trials=2, network=Network(8, 1), steps=20)


def simulated(law):
    """Trains nothing: losses come from a law of run and task, with noise that the arms of a replicate share."""
    asked = []

    def train(what, plan):
        asked.append((what, list(plan)))
        found = []
        for run in plan:
            draw = np.random.default_rng([run.replicate, len(run.treatment)])
            wobble = 0.003 * draw.normal()
            skills = {task: 1 - law(run, task) - wobble for task in run.tasks}
            records = [
                Record("skill", value, role, task)
                for task, value in skills.items()
                for role in ("train", "valid", "select", "test")
            ]
            if len(run.tasks) > 1:
                records += [
                    replace(each, name=OWN_BEST + "skill") for each in records if each.role in ("select", "test")
                ]
            better = 0.01 * (run.trial == 1)
            found.append((run, Finished(records, info={"best_skill": better, "seconds": 1.0})))
        return found

    train.asked = asked
    return train


def harmless(run, task):
    return 0.2


def crowded(run, task):
    return 0.2 + (1.6 / run.network.width if len(run.tasks) > 1 else 0.0)


def drowned(run, task):
    cured = run.method == "Weighted" and run.options["weights"][0] > 100 * run.options["weights"][1]
    return 0.2 + (0.4 if len(run.tasks) > 1 and task == "task 0" and not cured else 0.0)


def contradictory(run, task):
    return 0.2 + (0.7 if len(run.tasks) > 1 and run.sharing == "full" else 0.0)


def two(run, task):
    """A narrow network and losses apart, each of which does most of the harm by itself."""
    causes = (run.method != "Weighted") + (run.network.width < 32)
    return 0.2 + ({0: 0.0, 1: 0.35, 2: 0.6}[causes] if len(run.tasks) > 1 else 0.0)


def outnumbered(run, task):
    """Only fewer labels of the large task help, however often it is drawn."""
    return 0.2 + (0.4 if len(run.tasks) > 1 and task == "task 0" and "task 1" not in run.labels else 0.0)


def overlong(run, task):
    """Steps after the tenth harm, on new rows only."""
    return 0.2 + (0.3 if len(run.tasks) > 1 and run.recipe.steps > 10 else 0.0)


def examined(law, data, setup=SETUP):
    train = simulated(law)
    return examine(Perform(data), setup, train, command="sharewise diagnose a.csv"), train


def test_without_harm_nothing_but_the_baseline_is_trained():
    found, train = examined(harmless, planted(tasks=2))
    assert (found.hurt, found.interventions) == ((), ())
    assert [what for what, _ in train.asked] == ["baseline"]
    assert all(not task.recoveries for task in found.tasks)


@pytest.mark.parametrize(
    ("law", "data", "setup", "cause"),
    [
        (crowded, planted(tasks=2), SETUP, "too small a network"),
        (drowned, planted(tasks=2, scale=1e4), SETUP, "optimisation"),
        (contradictory, planted(tasks=2, opposite=True), replace(SETUP, sharing="full"), "contradictory tasks"),
    ],
)
def test_the_cause_is_the_one_whose_remedy_works(law, data, setup, cause):
    found, _ = examined(law, data, setup)
    assert {task.causes[0] for task in found.hurt} == {(cause,)}
    assert found.hurt[0].remedy.run["trial"] == 1  # the setting that tuning chose
    assert found.replicates == 6


def test_where_only_fewer_labels_help_the_cause_is_told_and_nothing_is_handed_over():
    (task,) = examined(outnumbered, planted(tasks=2, ratio=20))[0].hurt
    assert task.causes == (("unbalanced data",),)
    assert [each.intervention for each in task.recoveries if each.enough] == ["equal sizes"]
    assert task.remedy is None


def test_an_earlier_stop_is_handed_over_as_a_number_of_steps():
    task = examined(overlong, planted(tasks=2))[0].hurt[0]
    assert task.causes == (("overfitting",),)
    assert task.remedy.intervention == "shorter"
    assert task.remedy.run["recipe"]["steps"] == 5


def test_two_interventions_are_combined_where_none_is_enough():
    found, train = examined(two, planted(tasks=2, scale=1e4))
    task = found.hurt[0]
    assert task.causes == (("optimisation", "too small a network"),)
    assert task.remedy.intervention.startswith(("normalised losses and width x", "tuned weights and width x"))
    assert task.remedy.share.estimate == pytest.approx(1, abs=0.05)
    assert len(train.asked) == 3


def test_only_hurt_tasks_are_trained_alone_again():
    _, train = examined(drowned, planted(tasks=3, scale=1e4))
    alone = {run.tasks for _, plan in train.asked[1:] for run in plan if len(run.tasks) == 1}
    assert alone == {("task 0",)}


def test_a_baseline_that_cannot_be_trained_and_a_single_task_are_refused():
    def broken(what, plan):
        return [(run, Finished(info={"failed": "loss is not finite at step 3"})) for run in plan]

    with pytest.raises(InputError, match="no setting could train"):
        examine(Perform(planted(tasks=2)), SETUP, broken)
    with pytest.raises(InputError, match="needs two of them, got 1"):
        examine(Perform(planted(tasks=1)), SETUP, broken)

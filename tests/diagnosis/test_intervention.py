from dataclasses import replace

import pytest
import torch

from sharewise.diagnosis import (
    Setup,
    balanced,
    both,
    decayed,
    gradients,
    interventions,
    normalised,
    own_stop,
    shared_by,
    shorter,
    slower,
    subsampled,
    weighted,
    wider,
)
from sharewise.mixing import planted
from sharewise.runs import Network, Perform, Run, build_method
from sharewise.training import Recipe

RUN = Run("together", ("a", "b"), 0, network=Network(12, 1), recipe=Recipe(learning_rate=0.01, weight_decay=0.02))


def changed(intervention, run=RUN):
    """What an intervention changes, by name."""
    before, after = run.describe(), intervention.change(run).describe()
    return {name: after[name] for name in after if after[name] != before[name]}


def test_each_changes_what_it_says_and_nothing_else():
    recipe = RUN.describe()["recipe"]
    assert changed(wider(4)) == {"network": {"width": 48, "blocks": 1, "dropout": 0.0}}
    assert changed(balanced("equal")) == {"plan": "equal"}
    assert changed(balanced("temperature"), replace(RUN, rates=(1.0, 2.0))) == {"plan": "temperature", "rates": ()}
    assert changed(slower()) == {"recipe": recipe | {"learning_rate": 0.01 / 5, "steps": 4000, "evaluate_every": 100}}
    assert changed(shorter()) == {"recipe": recipe | {"steps": 250, "evaluate_every": 6}}
    assert changed(decayed()) == {"recipe": recipe | {"weight_decay": 1.0}}
    assert changed(decayed(), replace(RUN, trial=1))["recipe"]["weight_decay"] == 3.0
    assert changed(gradients("UPGrad", "")) == {"method": "UPGrad"}
    assert changed(shared_by("film", "")) == {"sharing": "film"}
    assert changed(own_stop()) == {}


def test_a_decay_that_is_stronger_already_stays():
    strong = replace(RUN, recipe=replace(RUN.recipe, weight_decay=2.0))
    assert changed(decayed(), strong) == {}


def test_large_tasks_keep_twice_the_labels_of_the_smallest_and_never_too_few():
    assert changed(subsampled({"a": 3000, "b": 30})) == {"labels": {"a": 60}}
    assert changed(subsampled({"a": 40, "b": 3})) == {"labels": {"a": 20}}
    alone = replace(RUN, tasks=("b",))
    assert changed(subsampled({"a": 3000, "b": 30}), alone) == {}


def test_what_leaves_labels_out_is_no_cure_alone_or_with_another():
    few = subsampled({"a": 3000, "b": 30})
    assert few.both
    assert not few.cures
    assert not both(few, wider(2)).cures
    assert both(shorter(), wider(2)).cures


def test_normalised_losses_of_constants_are_one():
    floors = [2.0, 5000.0, 0.1]
    run = normalised(floors).change(RUN)
    losses = torch.tensor(floors, dtype=torch.float64)
    assert build_method(run, 3)(losses, torch.ones(3).bool()).item() == pytest.approx(3.0)


def test_tuned_weights_differ_by_trial_and_keep_to_their_spread():
    tried = weighted([1.0, 100.0], 3, seed=0)
    rows = [tried.change(replace(RUN, trial=trial)).options["weights"] for trial in range(3)]
    assert len({tuple(row) for row in rows}) == 3
    assert all(0.25 <= row[0] <= 4 and 0.0025 <= row[1] <= 0.04 for row in rows)


def test_two_at_once_do_what_both_do():
    pair = both(normalised([1.0, 10.0]), wider(2))
    assert changed(pair) == changed(normalised([1.0, 10.0])) | changed(wider(2))
    assert pair.both
    assert not both(normalised([1.0, 10.0]), gradients("UPGrad", "")).both


def test_only_what_can_mean_something_is_tried():
    def names(data, setup=Setup(trials=1), **more):  # noqa: B008  # frozen
        return {each.name for each in interventions(data, setup, **more)}

    plain = names(planted())
    assert "normalised losses" not in plain
    assert not any("mixing" in name or "weights" in name for name in plain)
    assert "normalised losses" in names(planted(scale=1e4))
    assert {"equal mixing", "temperature mixing"} <= names(planted(ratio=10))
    assert "equal mixing" not in names(planted(ratio=10), Setup(trials=1, plan="equal"))
    assert "tuned weights" in names(planted(), Setup(trials=2))
    assert not any(name.startswith("width") for name in names(planted(), fixed=True))
    assert {"sharing hard", "sharing film"} <= names(planted(), Setup(sharing="full"))
    assert {"sharing film", "sharing branched", "sharing soft", "DBMTL", "shorter"} <= names(planted())
    assert "sharing branched" not in names(planted(), Setup(sharing="branched"))
    assert "equal sizes" in names(planted(ratio=20))
    assert "equal sizes" not in names(planted(ratio=5))


@pytest.mark.parametrize("data", [planted(tasks=2, scale=100.0), planted(tasks=2, ratio=3), planted(tasks=2, ratio=20)])
def test_every_changed_row_can_be_trained(data, quick):
    perform = Perform(data)
    run = Run("together", ("task 0", "task 1"), 0, network=quick.network, recipe=quick.recipe(20, 0, 0))
    for each in interventions(data, quick):
        training = perform.training(each.change(run))
        assert sum(parameter.numel() for parameter in training.model.parameters()) > 0


@pytest.mark.parametrize("ratio", [20, 50])
def test_equal_sizes_leave_so_many_labels(ratio, quick):
    data = planted(tasks=2, ratio=ratio)
    labels = {name: each["train"] for name, each in data.label_counts(data.split(0)).items()}
    (tried,) = (each for each in interventions(data, quick) if each.name == "equal sizes")
    run = Run("together", ("task 0", "task 1"), 0, network=quick.network, recipe=quick.recipe(20, 0, 0))
    training = Perform(data).training(tried.change(run))
    train = training.split.train
    known = training.data.task[train][training.data.observed[train]].bincount().tolist()
    small = min(labels.values())
    assert sorted(known) == [small, max(20, 2 * small)]

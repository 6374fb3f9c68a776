from dataclasses import replace

import pytest
from torch import nn

from sharewise._core import InputError
from sharewise.models import count_parameters
from sharewise.runs import Network, Perform, Run
from sharewise.study._treatments import CONTROLLED, treatments_of
from sharewise.tasks import constant_losses


def of(data, protocol, **changes):
    return {each.name: each for each in treatments_of(replace(protocol, **changes), Perform(data))}


def test_alone_and_together_are_always_there(small, short):
    assert list(of(small(), short)) == ["together", "alone"]


def test_by_default_the_control_and_two_objectives_are_added(small, short):
    found = of(small(), short, treatments=("worst task", "shuffled", "weighted"))
    assert list(found) == ["together", "alone", "shuffled", "weighted", "worst task"]
    assert [name for name, each in found.items() if each.joint] == ["together", "weighted", "worst task"]


def test_the_control_needs_a_network_for_each_task_and_is_left_out_of_many(many, short):
    assert "shuffled" in of(many(CONTROLLED), short, treatments=("shuffled",))
    assert "shuffled" not in of(many(CONTROLLED + 1), short, treatments=("shuffled",))


def test_losses_of_the_worst_task_count_in_units_of_the_constant_predictor(small, short):
    data = small()
    (options,) = of(data, short, treatments=("worst task",))["worst task"].options
    train = data.split(0).train
    floors = constant_losses(data.tasks, data.prepare(train).batch.take(train))
    assert options["scale"] == pytest.approx(floors.tolist(), abs=1e-5)


def test_weights_are_the_same_in_all_replicates_and_differ_by_trial_and_seed(small, short):
    one, more, other = (
        of(small(), replace(short, treatments=("weighted",)), **change)["weighted"].options
        for change in ({"trials": 2}, {"trials": 4}, {"trials": 2, "seed": 9})
    )
    assert one == more[:2]
    assert one != other
    assert all(0.25 / 4 < weight < 4 * 4 for row in more for weight in row["weights"])


def test_forms_of_sharing_have_as_many_parameters_and_settings_of_their_own(small, short):
    data = small()
    protocol = replace(short, trials=2, network=Network(width=32, blocks=1))
    found = of(data, protocol, sharing=("MMoE", "soft"))
    assert list(found) == ["together", "alone", "mmoe", "soft"]
    perform, names = Perform(data), tuple(task.name for task in data.tasks)
    hard = count_parameters(perform.network(Run("together", names, 0, network=protocol.network)))
    for name in ("mmoe", "soft"):
        each = found[name]
        assert each.network.width < 32
        form = each.sharing[0]
        own = Run(name, names, 0, sharing=form.key, sharing_options=dict(form.options), network=each.network)
        assert 0.6 * hard < count_parameters(perform.network(own)) <= 1.1 * hard
    assert found["soft"].sharing[0].options != found["soft"].sharing[1].options


def own_trunk():
    return nn.Linear(3, 6)


def test_a_trunk_of_ones_own_keeps_its_size(small, short):
    found = treatments_of(replace(short, sharing=("film",)), Perform(small(), own_trunk))
    assert [each.name for each in found] == ["together", "alone", "film"]
    assert found[-1].network == short.network
    assert "on the same trunk" in found[-1].what


def test_unknown_names_are_refused(small, short):
    with pytest.raises(InputError, match="there is no treatment `shufled`; there are shuffled, weighted, worst task"):
        of(small(), short, treatments=("shufled",))
    with pytest.raises(InputError, match=r"there is no sharing `mmo`; did you mean `mmoe`\?"):
        of(small(), short, sharing=("mmo",))

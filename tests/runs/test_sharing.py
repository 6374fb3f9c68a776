"""Every form by its name: built on any inputs, trained alone and in company, stored, compared at equal size."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from sharewise._core import InputError
from sharewise.mixing import multidigits
from sharewise.models import Experts, Independent, MultiTask, count_operations, count_parameters
from sharewise.runs import Network, Perform, Run, Sharing, TrainedModel, build_network, sharing_names
from sharewise.tasks import Multiclass
from sharewise.training import can_join, train_population

NAMES = sharing_names()
SMALL = Network(width=8, blocks=1)


def trunk():
    return nn.Linear(3, 6)


def encoder(dataset):
    return dataset.prepare(dataset.split(0).train).encoder


@pytest.fixture(scope="module")
def datasets(made):
    return {"vectors": made.tensors(), "table": made.table(), "rows of one task": made.schools()}


def test_names_are_the_forms_and_conditions_of_models():
    own = {"mmoe", "cgc", "ple", "dselect", "adatt", "stem", "cross_stitch", "sluice", "polytropon", "one_gate"}
    assert {"hard", "none", "soft", "film", "lowrank", "hypernetwork", "shift", *own} <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("inputs", ["table", "rows of one task"])
def test_trains_in_company_with_the_numbers_it_has_alone(made, datasets, name, inputs):
    dataset = datasets[inputs]
    perform = Perform(dataset)
    runs = [made.run(dataset, sharing=name, recipe=replace(made.recipe, steps=3, seed=seed)) for seed in (0, 1)]
    alone, together = ([perform.training(run) for run in runs] for _ in range(2))
    for training in (*alone, *together):
        training.model.double()
    assert can_join(together) is None
    fits = train_population(together)
    for one, fit, other in zip(alone, fits, together, strict=True):
        assert one.run().best_step == fit.best_step
        for key, value in one.model.state_dict().items():
            torch.testing.assert_close(other.model.state_dict()[key], value, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_stored_and_read_again(made, datasets, name, tmp_path):
    dataset = datasets["table"]
    perform, run = Perform(dataset), made.run(dataset, sharing=name, keep=True)
    model = perform.model([(run, run.tasks, perform(run))])
    model.save(tmp_path / "model")
    before, after = (each.table(made.frame(seed=9)) for each in (model, TrainedModel.load(tmp_path / "model")))
    assert before.equals(after)


@pytest.mark.parametrize("name", ["none", "mmoe", "film"])
def test_it_is_stored_with_a_trunk_of_ones_own(made, name, tmp_path):
    data = made.tensors()
    perform, run = Perform(data, trunk), made.run(data, sharing=name, keep=True)
    model = perform.model([(run, run.tasks, perform(run))])
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model", trunk=trunk)
    x = data.raw.inputs[:5]
    assert all(torch.equal(loaded.predict(x)[task], found) for task, found in model.predict(x).items())


@pytest.mark.parametrize("name", NAMES)
def test_it_is_built_on_images_and_on_a_trunk_of_ones_own(made, name):
    images = multidigits(60)
    network = build_network(encoder(images), images.tasks, SMALL, 0, sharing=Sharing(name))
    assert network(images.raw.inputs[:3].float())["multiclass"].shape == (3, 2, 10)
    data = made.tensors()
    network = build_network(encoder(data), data.tasks, SMALL, 0, sharing=Sharing(name), trunk=trunk, features=6)
    assert network(torch.zeros(3, 3))["regression"].shape == (3, 2, 1)


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_each_task_the_same_numbers_in_any_order(made, name):
    x, found = torch.randn(5, 3), []
    for order in ((0, 1, 2), (2, 0, 1)):
        data = made.tensors(order=order)
        outputs = build_network(encoder(data), data.tasks, SMALL, 0, sharing=Sharing(name))(x)
        names = [task.name for task in data.tasks if task.name != "late"]
        found.append({name: outputs["regression"][:, place] for place, name in enumerate(names)})
    assert all(torch.equal(found[0][task], found[1][task]) for task in ("up", "down"))


@pytest.mark.parametrize("name", NAMES)
def test_untrained_tasks_give_no_gradient_to_the_loss(made, name):
    """Numbers of the trained task do not depend on the labels of one that is not trained."""
    dataset, other = made.tensors(), made.tensors()
    other.raw.targets["binary"][:] = 1 - other.raw.targets["binary"]
    found = []
    for data in (dataset, other):
        run = made.run(data, ("up", "down"), sharing=name, recipe=replace(made.recipe, steps=5))
        found.append({(r.name, r.role, r.task): r.value for r in Perform(data)(run).records if r.task != "late"})
    assert found[0] == found[1]


@pytest.mark.parametrize("name", NAMES)
def test_width_for_equal_cost(made, datasets, name):
    perform = Perform(datasets["table"])
    hard = made.run(perform.dataset, network=Network(width=48, blocks=2))
    run = perform.matched(replace(hard, sharing=name), hard)
    ratio = count_parameters(perform.network(run)) / count_parameters(perform.network(hard))
    wider = replace(run, network=replace(run.network, width=run.network.width + Sharing(name).step))
    assert run.network.width <= 48
    assert abs(ratio - 1) < 0.15
    assert abs(ratio - 1) <= abs(count_parameters(perform.network(wider)) / count_parameters(perform.network(hard)) - 1)


def test_width_for_equal_operations(made, datasets):
    perform = Perform(datasets["vectors"])
    hard = made.run(perform.dataset, network=Network(width=64, blocks=2))
    run = perform.matched(replace(hard, sharing="film"), hard, by="operations")
    x = datasets["vectors"].raw.inputs[:1]
    spent = [count_operations(perform.network(each), x) for each in (run, hard)]
    assert abs(spent[0] / spent[1] - 1) < 0.1
    assert run.network.width < perform.matched(replace(hard, sharing="film"), hard).network.width


def test_what_cannot_be_matched_is_refused(made):
    data = made.tensors()
    hard = made.run(data, network=Network(width=1, blocks=1))
    with pytest.raises(InputError, match=r"sharing `mmoe` cannot cost 1\d parameters"):
        Perform(data).matched(replace(hard, sharing="mmoe"), hard)
    with pytest.raises(InputError, match="a trunk of your own has a size of its own"):
        Perform(data, trunk).matched(hard, hard)


@pytest.mark.parametrize(("name", "kind"), [("hard", MultiTask), ("none", Independent), ("MMoE", Experts)])
def test_names_build_what_they_say(made, name, kind):
    data = made.tensors()
    assert isinstance(build_network(encoder(data), data.tasks, SMALL, 0, sharing=Sharing(name)), kind)


def test_options_are_given(made):
    data = made.tensors()
    sharing = Sharing("cross-stitch", {"levels": 3})
    assert len(build_network(encoder(data), data.tasks, SMALL, 0, sharing=sharing).levels) == 3


@pytest.mark.parametrize(
    ("sharing", "message"),
    [
        (Sharing("mmo"), "there is no sharing `mmo`; did you mean `mmoe`?"),
        (Sharing("crossstich"), "did you mean `cross_stitch`?"),
        (Sharing("Sum"), "there is no sharing `Sum`.* There are hard, none, soft"),
        (Sharing("mmoe", {"own": 2}), r"sharing `mmoe` cannot be built with \{'own': 2\}.*'own'"),
        (Sharing("cgc", {"own": -1}), r"cannot be built with \{'own': -1\}: There must be experts"),
        (Sharing("sluice", {"subspaces": 3}), r"`width` must be a multiple of 3 for `sluice`, got 8"),
        (Sharing("film", {"strength": 1.0}), "sharing `film` has no option `strength`"),
        (Sharing("soft", {"penalty": "mean"}), "there is no penalty `mean`; did you mean `to_mean`?"),
        (Sharing("soft", {"penalty": "laplacian", "graph": [[1.0]]}), "`graph` must have 3 rows of 3 numbers"),
        (Sharing("soft", {"graph": [[1.0]]}), "`graph` belongs to `penalty=laplacian`"),
        (Sharing("soft", {"strength": -1}), "`strength` must be a number from 0, got `-1`"),
        (Sharing("dselect", {"ramp": 0.5}), "`ramp` must be a number of steps from 0, got `0.5`"),
        (Sharing("dselect", {"penalty": "to_mean"}), "sharing `dselect` has no option `penalty`"),
    ],
)
def test_wrong_names_and_options_are_refused(made, sharing, message):
    data = made.tensors()
    run = made.run(data, sharing=sharing.name, sharing_options=sharing.options)
    with pytest.raises(InputError, match=message):
        Perform(data).training(run)


def test_a_run_is_described_whole():
    run = Run("a", ("x",), 0, sharing="soft", sharing_options={"strength": 0.1})
    assert Run.from_description(run.describe()) == run


def test_full_sharing_tells_tasks_of_a_kind_apart_by_nothing(made, datasets):
    dataset = datasets["vectors"]
    tasks = dataset.tasks  # two regressions and a binary task
    model = build_network(encoder(dataset), tasks, SMALL, 0, sharing=Sharing("full"))
    outputs = model(torch.randn(5, 3))
    assert torch.equal(outputs["regression"][:, 0], outputs["regression"][:, 1])
    assert outputs["regression"].shape == (5, 2, 1)
    assert model.task_slices() == {}
    wide = [replace(tasks[0], kind=Multiclass(2)), replace(tasks[2], kind=Multiclass(3))]
    with pytest.raises(InputError, match="as many outputs each"):
        build_network(encoder(dataset), wide, SMALL, 0, sharing=Sharing("full"))

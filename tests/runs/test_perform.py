import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sharewise._core import InputError, Split
from sharewise.mixing import Tensors
from sharewise.runs import OWN_BEST, TEST, Network, Perform, Store
from sharewise.tasks import evaluate, predictions
from sharewise.training import outputs_on


def own_trunk():
    return nn.Sequential(nn.Linear(3, 6), nn.ReLU())


def other_trunk():
    return nn.Sequential(nn.Linear(3, 6), nn.Tanh())


class TestKey:
    def test_equal_rows_on_equal_data_have_one_key(self, made):
        data = made.tensors()
        assert Perform(data).key(made.run(data)) == Perform(made.tensors()).key(made.run(made.tensors()))

    def test_whatever_changes_a_number_changes_it(self, made, monkeypatch):
        data = made.tensors()
        run = made.run(data)
        one_label = made.tensors()
        one_label.raw.targets["regression"][5, 0] += 1e-6
        keys = {
            "plain": Perform(data).key(run),
            "data": Perform(made.tensors(seed=1)).key(run),
            "a label": Perform(Tensors(one_label.raw, one_label.tasks)).key(run),
            "split": Perform(Tensors(data.raw, data.tasks, fractions=(0.5, 0.1, 0.2, 0.2))).key(run),
            "replicate": Perform(data).key(replace(run, replicate=1)),
            "seed": Perform(data).key(replace(run, recipe=replace(run.recipe, seed=1))),
            "rate": Perform(data).key(replace(run, recipe=replace(run.recipe, learning_rate=0.1))),
            "width": Perform(data).key(replace(run, network=Network(9, 1))),
            "method": Perform(data).key(replace(run, method="MinMax")),
            "tasks": Perform(data).key(replace(run, tasks=("up",))),
            "trunk's rate": Perform(data).key(replace(run, trunk_rate=0.5)),
            "labels": Perform(data).key(replace(run, labels={"up": 5})),
            "hints": Perform(data).key(replace(run, hints=("up",))),
            "start": Perform(data).key(replace(run, start="0123")),
            "trunk": Perform(data, own_trunk).key(run),
            "other trunk": Perform(data, other_trunk).key(run),
        }
        monkeypatch.setattr("sharewise.runs._perform.code_fingerprint", lambda *_: "other code")
        keys["code"] = Perform(data).key(run)
        monkeypatch.undo()
        monkeypatch.setattr("sharewise.runs._perform.versions", lambda: {"torch": "9.9"})
        keys["versions"] = Perform(data).key(run)
        assert len(set(keys.values())) == len(keys)

    def test_callbacks_and_checkpoints_do_not(self, made, tmp_path):
        data = made.tensors()
        assert Perform(data, checkpoints=tmp_path).key(made.run(data)) == Perform(data).key(made.run(data))


class TestCall:
    def test_the_same_run_gives_the_same_bits(self, made):
        data = made.tensors()
        one, two = Perform(data)(made.run(data, keep=True)), Perform(made.tensors())(made.run(data, keep=True))
        assert one.records == two.records
        assert all(torch.equal(one.tensors[name], two.tensors[name]) for name in one.tensors)
        assert one.tensors.keys() == two.tensors.keys() != set()

    @pytest.mark.parametrize("keep", [True, False])
    def test_kept_runs_keep_their_predictions_for_the_test_rows_of_resampled_splits_too(self, made, keep):
        data = made.tensors()
        assert data.resampled
        run = made.run(data, keep=keep)
        found = {name: each for name, each in Perform(data)(run).tensors.items() if name.startswith(TEST)}
        assert set(found) == ({TEST + name for name in run.tasks} if keep else set())
        assert all(len(each) == len(data.split(0).test) for each in found.values())

    def test_the_cost_is_recorded(self, made):
        info = Perform(made.tensors())(made.run(made.tensors())).info
        assert info["seconds"] > 0
        assert 10 < info["memory"] < 100_000

    def test_the_device_is_respected(self, made):
        """`meta` has forms and no numbers, so that nothing can be trained there by mistake."""
        data = made.tensors()
        there = Perform(data, device="meta").training(made.run(data))
        assert {each.device.type for each in there.model.parameters()} == {"meta"}
        assert Perform(data, device="meta").key(made.run(data)) != Perform(data).key(made.run(data))
        here = Perform(data, device="cpu")
        assert here(made.run(data)).records == Perform(data)(made.run(data)).records

    def test_scores_are_in_the_units_of_the_data(self, made):
        """And those of the returned weights, worked out by hand."""
        data = made.tensors()
        perform, run = Perform(data), made.run(data, keep=True)
        finished = perform(run)
        network = perform.network(run)
        weights = {name: each for name, each in finished.tensors.items() if name.startswith("weight.")}
        network.load_state_dict({name.removeprefix("weight."): each for name, each in weights.items()})
        rows = data.split(0).test
        outputs = network.eval()(data.raw.inputs[rows])
        train = data.raw.targets["regression"][data.split(0).train, 0].double()
        up = outputs["regression"][:, 0, 0].double() * train.std(unbiased=False) + train.mean()
        truth = data.raw.targets["regression"][rows, 0].double()
        score = 1 - (up - truth).square().sum() / (truth - truth.mean()).square().sum()
        found = {(r.task, r.name): r.value for r in finished.records if r.role == "test" and r.step is None}
        assert found["up", "r2"] == pytest.approx(score.item(), abs=1e-5)
        assert found["up", "rmse"] == pytest.approx((up - truth).square().mean().sqrt().item(), rel=1e-5)

    def test_a_task_alone_is_scored_alone(self, made):
        data = made.tensors()
        finished = Perform(data)(made.run(data, ("late",)))
        ends = [record for record in finished.records if record.step is None]
        assert {record.task for record in ends} == {"late"}
        assert {record.role for record in ends if record.name == "auroc"} == {"valid", "select", "test"}
        assert not any(record.name.startswith(OWN_BEST) for record in ends)

    def test_other_tasks_do_not_disturb_a_task_alone(self, made):
        """The arm of one task gets the numbers of a data set without the labels of the others."""
        data, other = made.table(), made.table()
        missing = torch.zeros_like(other.raw.observed)
        missing[:, 0] = other.raw.observed[:, 0]
        other = replace(other, raw=replace(other.raw, observed=missing))
        run = made.run(data, ("income",))
        split = data.split(0)
        prepared = other.prepare(split.train)
        perform, blind = Perform(data), Perform(other)
        blind._prepared[0] = split, prepared
        ours = [record for record in perform(run).records if record.task == "income"]
        theirs = [record for record in blind(run).records if record.task == "income"]
        assert repr(ours) == repr(theirs)

    def test_each_task_could_have_stopped_on_its_own(self, made):
        data = made.tensors()
        finished = Perform(data)(made.run(data))
        own = {(r.task, r.role) for r in finished.records if r.name.startswith(OWN_BEST)}
        assert own == {(task.name, role) for task in data.tasks for role in ("select", "test")}

    def test_the_skill_at_a_tasks_own_best_step_is_that_of_its_score(self, made):
        data = made.tensors()
        finished, split = Perform(data)(made.run(data)), data.split(0)
        up = data.raw.targets["regression"][split.train, 0].double()
        found = {(r.name, r.role): r.value for r in finished.records if r.task == "up"}
        for role in ("select", "test"):
            error = found[OWN_BEST + "rmse", role] ** 2 / up.var(unbiased=False).item()
            assert found[OWN_BEST + "skill", role] == pytest.approx(1 - error, abs=1e-5)

    def test_a_loss_that_is_no_number_is_a_finished_run_without_scores(self, made):
        data = made.tensors()
        wild = made.run(data, recipe=replace(made.recipe, learning_rate=1e30, clip=None))
        finished = Perform(data)(wild)
        assert finished.records == ()
        assert "is not finite at step" in finished.info["failed"]

    def test_rows_with_a_task_each(self, made):
        data = made.schools()
        finished = Perform(data)(made.run(data))
        scored = {record.task for record in finished.records if record.name == "auroc"}
        assert scored == {"school=north", "school=south", "school=west"}
        assert sum(finished.info["seen"]) == 32 * finished.info["steps"]

    def test_the_order_of_tasks_does_not_change_numbers(self, made):
        """But for the rounding of a sum in another order."""
        found = []
        for order in ((0, 1, 2), (2, 1, 0)):
            data = made.tensors(order=order)
            finished = Perform(data)(made.run(data))
            found.append({(r.task, r.name, r.role): r.value for r in finished.records if r.step is None})
        assert found[0].keys() == found[1].keys()
        for key, value in found[0].items():
            assert found[1][key] == pytest.approx(value, rel=1e-3, abs=1e-4), key

    def test_a_killed_run_continues_from_its_checkpoint(self, made, tmp_path):
        data = made.tensors()
        whole = Perform(data)(made.run(data))

        class Kill:
            def __init__(self):
                self.seen = []

            def start(self, steps):
                pass

            def record(self, step, records):  # noqa: ARG002
                self.seen.append(step)
                if self.seen == [5, 10, 15]:
                    raise KeyboardInterrupt

            def end(self):
                pass

        kill = Kill()
        perform = Perform(data, callbacks=(kill,), checkpoints=tmp_path)
        with pytest.raises(KeyboardInterrupt):
            perform(made.run(data))
        again = perform(made.run(data))
        assert kill.seen == [5, 10, 15, 15, 20]
        assert again.records == whole.records


class TestModel:
    def test_parts_of_several_runs(self, made):
        data = made.tensors()
        perform = Perform(data)
        runs = [made.run(data, keep=True), made.run(data, ("late",), keep=True)]
        finished = [perform(run) for run in runs]
        model = perform.model([(runs[0], ["up", "down"], finished[0]), (runs[1], ["late"], finished[1])])
        rows = data.split(0).test
        found = model.predict(data.raw.inputs[rows])
        assert list(found) == ["up", "late", "down"]
        scores = evaluate(data.tasks, found, data.raw.take(rows))
        for run, task in ((0, "up"), (1, "late"), (0, "down")):
            noted = [r for r in finished[run].records if (r.task, r.role, r.step) == (task, "test", None)]
            values = {r.name: r.value for r in noted if r.name in scores[task]}
            assert values == pytest.approx(scores[task])
            assert all(math.isfinite(value) for value in values.values())

    def test_a_trunk_of_ones_own(self, made):
        data = made.tensors()
        perform, run = Perform(data, own_trunk), made.run(data, keep=True)
        model = perform.model([(run, list(run.tasks), perform(run))])
        assert model.own_trunk
        network = model.parts[0].module
        outputs = outputs_on(network, data.raw, torch.arange(4))
        raw = predictions(outputs, data.tasks)["late"]
        np.testing.assert_array_equal(model.predict(data.raw.inputs[:4])["late"], raw)


def test_the_split_given_is_the_split_used(made):
    data = made.tensors()
    split = Split(*torch.randperm(160, generator=torch.Generator().manual_seed(0)).split([80, 20, 20, 40]))
    given = Tensors(data.raw, data.tasks, split=split)
    assert torch.equal(Perform(given).prepared(3)[0].test, split.test)


def test_hints_are_trained_on_their_own_labels_and_not_judged(made):
    data = made.tensors()
    run = made.run(data, hints=("late", "down"))
    found, other = Perform(data)(run), Perform(data)(replace(run, hints=(), shuffled=("late", "down")))
    assert {record.task for record in found.records} <= {"up", None}
    alone, whole = Perform(data)(made.run(data, ("up",))), Perform(data)(made.run(data))
    losses = [
        next(each.value for each in one.records if (each.name, each.role, each.step) == ("loss", "train", 5))
        for one in (found, other, alone)
    ]
    assert len(set(losses)) == 3
    same = [each.value for each in whole.records if (each.name, each.task, each.step) == ("loss", "up", 5)]
    assert losses[0] == same[0]


def test_shuffled_tasks_are_trained_but_not_judged(made):
    data = made.tensors()
    run = made.run(data, shuffled=("late", "down"))
    perform = Perform(data)
    finished = perform(run)
    assert {record.task for record in finished.records} == {"up"}
    plain = perform(made.run(data))
    ours, theirs = (
        next(
            record.value
            for record in each.records
            if (record.name, record.role, record.task) == ("loss", "train", "up")
        )
        for each in (finished, plain)
    )
    assert ours != theirs


@pytest.mark.parametrize(
    ("sharing", "names"),
    [
        ("hard", set()),
        ("soft", {"copy_distance"}),
        ("cross_stitch", {"stitch.0", "stitch.1"}),
        ("mmoe", {f"expert_use.0.{e}" for e in range(8)} | {"expert_entropy.0", "expert_spread.0", "dead_experts.0"}),
    ],
)
@pytest.mark.parametrize("data", ["tensors", "schools"])
def test_what_is_shared_is_measured_at_the_end(made, sharing, names, data):
    dataset = getattr(made, data)()
    found = Perform(dataset)(made.run(dataset, sharing=sharing)).records
    of_form = [r for r in found if r.name.split(".")[0].split("_")[0] in ("copy", "stitch", "expert", "dead")]
    assert {r.name for r in of_form} == names
    assert {(r.role, r.step) for r in of_form} <= {("valid", None)}
    trained = {task.name for task in dataset.tasks[:2]}
    part = Perform(dataset)(made.run(dataset, tuple(sorted(trained)), sharing=sharing)).records
    named = {r.task for r in part if r.name in names} | {r.other for r in part if r.name in names}
    assert named <= trained | {None}


class TestStart:
    def test_the_trunk_is_the_donors_and_the_heads_are_new(self, made, tmp_path):
        data = made.tensors()
        donor = made.run(data, ("late", "down"), keep=True)
        trained = Perform(data)(donor)
        Store(tmp_path).put("donor", trained)
        run = made.run(data, ("up",))
        fresh, begun = Perform(data).network(run), Perform(data, donors=tmp_path).network(replace(run, start="donor"))
        old, new = fresh.state_dict(), begun.state_dict()
        for name, tensor in new.items():
            source = old[name] if name.startswith("heads.") else trained.tensors[f"weight.{name}"]
            assert torch.equal(tensor, source)
        assert any(not torch.equal(tensor, old[name]) for name, tensor in new.items())

    def test_a_donor_without_weights_is_refused(self, made, tmp_path):
        data = made.tensors()
        Store(tmp_path).put("donor", Perform(data)(made.run(data)))
        with pytest.raises(InputError, match=r"the run `donor` kept no weights to start from; train it with `keep`"):
            Perform(data, donors=tmp_path).network(made.run(data, start="donor"))

"""The loop against a plain one, its early stopping, its checkpoints, its failures."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import sharewise.gradients as gradients
import sharewise.objectives as objectives
from sharewise._core import Split, Weighting
from sharewise.mixing import Mixture
from sharewise.models import MLP
from sharewise.objectives import DWA, FAMO, UW, Sum
from sharewise.tasks import Criterion, Regression, Task
from sharewise.training import NonFiniteLossError, Recipe, Training, load_checkpoint
from sharewise.training._training import Loop

QUICK = Recipe(learning_rate=0.02, batch_size=20, steps=30, evaluate_every=5, patience=50)


def train(made, *, data=None, model=None, recipe=QUICK, **more):
    model = model or made.model()
    data = made.data() if data is None else data
    fit = Training(model, made.tasks, data, more.pop("split", made.split()), recipe=recipe, **more).run()
    return fit, model


def same(model, other):
    pairs = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(one, two) for one, two in pairs)


class TestAgainstAPlainLoop:
    @pytest.mark.parametrize("missing", [0.0, 0.4])
    @pytest.mark.parametrize("form", ["dense", "one"])
    @pytest.mark.parametrize("normalise", ["batch", "expected"])
    def test_parameters_are_the_same(self, made, missing, form, normalise):
        """Written without any of ours but the model: rows, losses, schedule, AdamW with clipping."""
        data = made.data(missing=missing, dtype=torch.float64)
        data = data if form == "dense" else made.one_form(made.data(dtype=torch.float64))
        recipe = replace(QUICK, steps=25, weight_decay=0.3, clip=0.5, evaluate_every=25, normalise=normalise)
        split, mixture = made.split(), Mixture([torch.arange(60)], batch_size=20, seed=0)
        model, plain = made.model(dtype=torch.float64), made.model(dtype=torch.float64)
        train(made, data=data, model=model, recipe=recipe, split=split)

        matrices = [parameter for parameter in plain.parameters() if parameter.dim() == 2]
        vectors = [parameter for parameter in plain.parameters() if parameter.dim() == 1]
        groups = [{"params": matrices, "weight_decay": 0.3}, {"params": vectors, "weight_decay": 0.0}]
        optimiser = torch.optim.AdamW(groups)
        seen = self.observed(data)
        expected = 20 * seen[:60].double().mean(0)
        for step in range(25):
            rows = mixture.rows(step)
            for group in optimiser.param_groups:
                group["lr"] = self.rate(step, 25)
            optimiser.zero_grad()
            h = plain.trunk(data.inputs[rows])
            out = h @ plain.heads.weight.T + plain.heads.bias  # regression up, regression down, binary late
            loss = 0.0
            for task, column in ((0, 0), (1, 2), (2, 1)):
                mask = seen[rows, task]
                target = self.target(data, task)[rows][mask]
                each = self.loss(out[mask, column], target, binary=task == 1)
                count = mask.sum() if normalise == "batch" else expected[task]
                loss = loss + each.sum() / count
            loss.backward()
            nn.utils.clip_grad_norm_(plain.parameters(), 0.5)
            optimiser.step()
        for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10 if normalise == "batch" else 1e-6, atol=1e-12)

    @staticmethod
    def rate(step, steps):
        if step < 1:
            return 0.02
        return 0.02 * (0.05 + 0.95 * 0.5 * (1 + np.cos(np.pi * (step - 1) / (steps - 1))))

    @staticmethod
    def observed(data):
        if data.task is not None:
            return torch.nn.functional.one_hot(data.task, 3).bool()
        return torch.ones(len(data), 3, dtype=torch.bool) if data.observed is None else data.observed

    @staticmethod
    def target(data, task):
        found = data.targets["binary" if task == 1 else "regression"]
        return found if found.dim() == 1 else found[:, task // 2]

    @staticmethod
    def loss(output, target, *, binary):
        if binary:
            return nn.functional.binary_cross_entropy_with_logits(output, target.double(), reduction="none")
        return (output - target) ** 2

    def test_a_slow_trunk_is_a_group_of_the_optimiser(self, made):
        recipe = replace(QUICK, steps=10, weight_decay=0.3, clip=None, evaluate_every=10, normalise="batch")
        data, mixture = made.data(dtype=torch.float64), Mixture([torch.arange(60)], batch_size=20, seed=0)
        model, plain = made.model(dtype=torch.float64), made.model(dtype=torch.float64)
        train(made, data=data, model=model, recipe=recipe, scales={"trunk": 0.1})
        trunk, heads = plain.trunk.layers[0][0], plain.heads
        groups = [[trunk.weight, 0.1, 0.3], [trunk.bias, 0.1, 0.0], [heads.weight, 1.0, 0.3], [heads.bias, 1.0, 0.0]]
        optimiser = torch.optim.AdamW([{"params": [each], "weight_decay": decay} for each, _, decay in groups])
        criterion = Criterion(made.tasks)
        for step in range(10):
            for group, (_, scale, _) in zip(optimiser.param_groups, groups, strict=True):
                group["lr"] = scale * self.rate(step, 10)
            optimiser.zero_grad()
            batch = data.take(mixture.rows(step))
            criterion(plain(batch.inputs), batch).mean().sum().backward()
            optimiser.step()
        for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


class TestEarlyStopping:
    def test_the_model_is_left_in_its_best_state(self, made):
        fit, model = train(made, recipe=replace(QUICK, learning_rate=0.3, steps=100, patience=4))
        assert fit.steps < 100
        assert fit.steps == fit.best_step + 4 * 5
        shorter = replace(QUICK, learning_rate=0.3, steps=100, patience=100)
        stopped = Training(made.model(), made.tasks, made.data(), made.split(), recipe=shorter)
        skills = {}
        for record in fit.records:
            if record.name == "skill":
                skills.setdefault(record.step, []).append(record.value)
        means = {step: np.mean(values) for step, values in skills.items()}
        assert fit.best_step == max(means, key=means.get)
        assert fit.best_skill == pytest.approx(max(means.values()))
        again = stopped.run()
        assert again.best_skill >= fit.best_skill
        valid = made.data().take(made.split().valid)
        outputs = model.eval()(valid.inputs)
        loss = Criterion(made.tasks)(outputs, valid).mean()
        noted = [
            record.value
            for record in fit.records
            if (record.step, record.name, record.role) == (fit.best_step, "loss", "valid")
        ]
        torch.testing.assert_close(loss, torch.tensor(noted))

    def test_only_the_trained_tasks_stop_it(self, made):
        fit, _ = train(made, trained=torch.tensor([False, True, False]))
        skills = [record.value for record in fit.records if record.name == "skill" and record.task == "late"]
        assert fit.best_skill == pytest.approx(max(skills))

    def test_a_task_that_is_constant_on_the_validation_rows_does_not_stop_the_others(self, made):
        """Its skill does not exist: no constant predictor can be beaten."""
        data = made.data()
        data.targets["regression"][made.split().valid, 1] = 0.5
        fit, _ = train(made, data=data)
        assert fit.best_skill > 0.3
        assert fit.best_step > 5

    def test_the_last_step_is_evaluated(self, made):
        fit, _ = train(made, recipe=replace(QUICK, steps=7))
        assert sorted({record.step for record in fit.records}) == [5, 7]

    def test_no_validation_rows_are_refused(self, made):
        split = Split(torch.arange(60), torch.arange(0), torch.arange(60, 80), torch.arange(80, 120))
        with pytest.raises(ValueError, match=r"`split.valid` must have rows, got none"):
            train(made, split=split)

    def test_test_and_select_rows_are_never_read(self, made):
        data, poisoned = made.data(), made.data()
        rows = torch.cat([made.split().select, made.split().test])
        poisoned.inputs[rows] = torch.nan
        poisoned.targets["regression"][rows] = torch.nan
        (clean, model), (fit, other) = train(made, data=data), train(made, data=poisoned)
        assert same(model, other)
        assert fit.records == clean.records


METHODS = [
    lambda: Sum(),
    lambda: DWA(3),
    lambda: UW(3),
    lambda: FAMO(3),
    lambda: objectives.RLW(),
    lambda: objectives.GroupDRO(3),
    lambda: objectives.CoV(3),
    lambda: gradients.MGDA(),
    lambda: gradients.GradNorm(3),
]


class TestResuming:
    @pytest.mark.parametrize("method", METHODS)
    def test_a_killed_training_gives_the_same_bits(self, made, tmp_path, method):
        data = made.data(missing=0.2)
        whole, model = train(made, data=data, model=made.model(dropout=0.3), method=method(), probe=True)
        path = tmp_path / "last.pt"
        for kill in np.random.default_rng(0).permutation([0, 1, 2]):
            start = made.model(dropout=0.3, seed=9 if path.exists() else 0)  # what a checkpoint holds is replaced
            with pytest.raises(made.kill):
                train(
                    made,
                    data=data,
                    model=start,
                    method=method(),
                    probe=True,
                    checkpoint=path,
                    callbacks=[made.kill_after(kill)],
                )
        start = made.model(dropout=0.3, seed=9)
        killed, resumed = train(made, data=data, model=start, method=method(), probe=True, checkpoint=path)
        assert same(model, resumed)
        assert killed.records == whole.records
        assert (killed.steps, killed.best_step, killed.best_skill) == (whole.steps, whole.best_step, whole.best_skill)
        assert torch.equal(killed.seen, whole.seen)

    def test_watched_outputs_survive(self, made, tmp_path):
        watch = made.split().test
        whole, _ = train(made, watch=watch)
        with pytest.raises(made.kill):
            train(made, watch=watch, checkpoint=tmp_path / "a.pt", callbacks=[made.kill_after(3)])
        again, _ = train(made, watch=watch, checkpoint=tmp_path / "a.pt")
        assert all(torch.equal(again.watched[key], whole.watched[key]) for key in whole.watched)

    def test_a_finished_training_is_not_repeated(self, made, tmp_path):
        first, model = train(made, checkpoint=tmp_path / "a.pt")
        noted = made.noted()
        second, other = train(made, model=made.model(seed=3), checkpoint=tmp_path / "a.pt", callbacks=[noted])
        assert noted.told == [("start", 30), "end"]
        assert same(model, other)
        assert first.records == second.records

    def test_other_random_numbers_do_not_matter(self, made):
        """And the caller's generator is left as it was."""
        torch.manual_seed(1)
        start = torch.random.get_rng_state()
        _, model = train(made, model=made.model(dropout=0.5))
        torch.manual_seed(77)
        trunk = made.model(dropout=0.5)
        torch.random.set_rng_state(start)
        _, other = train(made, model=trunk)
        assert torch.equal(torch.random.get_rng_state(), start)
        assert same(model, other)


class TestFailures:
    def test_a_loss_that_is_no_number_names_task_step_and_row(self, made, tmp_path):
        data, path = made.data(), tmp_path / "last.pt"
        mixture = Mixture([torch.arange(60)], batch_size=20, seed=0)
        first = next(step for step in range(100) if 17 in mixture.rows(step).tolist())
        data.inputs[17] = 1e30
        with pytest.raises(NonFiniteLossError, match=rf"task `up` is not finite at step {first}, in row 17: look for"):
            train(made, data=data, checkpoint=path)
        assert not path.exists()

    def test_the_last_good_checkpoint_is_kept(self, made, tmp_path):
        class Poison(nn.Module):
            """Fails in its 18th step."""

            def __init__(self):
                super().__init__()
                self.inner, self.left = MLP(4, 8, 1), 17

            def forward(self, x):
                self.left -= self.training
                return self.inner(x) * (1.0 if self.left >= 0 else torch.inf)

        path = tmp_path / "last.pt"
        with pytest.raises(NonFiniteLossError, match="at step 17"):
            train(made, model=made.model(trunk=Poison), checkpoint=path)
        assert load_checkpoint(path)["progress"]["step"] == 15

    def test_a_gradient_that_is_no_number_only_skips_the_step_under_a_scaler(self, made):
        class Burst(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, on):
                ctx.on = on
                return x.clone()

            @staticmethod
            def backward(ctx, grad):
                return (grad * torch.inf if ctx.on else grad), None

        class Trunk(nn.Module):
            def __init__(self, bad):
                super().__init__()
                self.inner, self.bad, self.step = MLP(4, 8, 1), bad, 0

            def forward(self, x):
                if self.training:
                    self.step += 1
                return Burst.apply(self.inner(x), self.step - 1 in self.bad and self.training)

        recipe = replace(QUICK, steps=4, evaluate_every=1)
        models = [made.model(trunk=partial(Trunk, bad)) for bad in ((), (2,))]
        fits = [train(made, model=model, recipe=recipe, precision="float16")[0] for model in models]
        assert [fit.steps for fit in fits] == [4, 4]
        losses = [[r.value for r in fit.records if r.name == "loss" and r.role == "valid"] for fit in fits]
        assert losses[0][:6] == losses[1][:6]
        assert losses[1][6:9] == losses[1][3:6]  # the bad step moved nothing
        assert all(np.isfinite(losses[1]))

    @pytest.mark.parametrize("precision", ["bfloat16", "float16"])
    def test_half_precision_trains_nearly_the_same(self, made, precision):
        full, half = train(made)[0], train(made, precision=precision)[0]
        assert half.best_skill == pytest.approx(full.best_skill, abs=0.05)

    def test_the_scaler_is_resumed(self, made, tmp_path):
        _, model = train(made, precision="float16")
        with pytest.raises(made.kill):
            train(made, precision="float16", checkpoint=tmp_path / "a.pt", callbacks=[made.kill_after(2)])
        _, resumed = train(made, precision="float16", checkpoint=tmp_path / "a.pt")
        assert same(model, resumed)


class TestWhatElse:
    def test_probes_change_nothing(self, made):
        trunks = [made.model(trunk=made.batch_norm) for _ in range(2)]
        (with_, one), (without, two) = (
            train(made, model=model, probe=probe) for model, probe in zip(trunks, (True, False), strict=True)
        )
        assert same(one, two)
        rest = [record for record in with_.records if not record.name.startswith(("gradient", "task_weight"))]
        assert rest == list(without.records)
        assert len(with_.records) == len(without.records) + 6 * (3 + 3 + 3)  # norms, weights, cosines

    def test_a_model_in_evaluation_mode_is_trained_with_its_noise(self, made):
        _, model = train(made, model=made.model(dropout=0.5))
        _, other = train(made, model=made.model(dropout=0.5).eval())
        assert same(model, other)

    def test_a_model_of_one_task_ignores_the_others(self, made):
        """A task without labels is as good as none: the numbers are those of training without its head."""
        data = made.data()
        alone = replace(data, observed=torch.tensor([True, False, False]).expand(120, 3))
        model = made.model()
        fit, _ = train(made, data=alone, model=model, trained=torch.tensor([True, False, False]))
        late = [record.value for record in fit.records if record.task == "late"]
        assert np.isnan(late).all()
        other = made.data()
        other.targets["binary"].fill_(1)
        other.targets["regression"][:, 1] = 1e6
        again = made.model()
        train(
            made, data=replace(other, observed=alone.observed), model=again, trained=torch.tensor([True, False, False])
        )
        assert same(model, again)

    def test_each_task_is_watched_at_its_own_best_step(self, made):
        watch = made.split().test
        fit, _ = train(made, recipe=replace(QUICK, learning_rate=0.2, steps=60), watch=watch)
        losses = {name: {} for name in ("up", "late", "down")}
        for record in fit.records:
            if record.name == "loss" and record.role == "valid":
                losses[record.task][record.step] = record.value
        best = {name: min(values, key=values.get) for name, values in losses.items()}
        assert len(set(best.values())) > 1, "the case must tell something"
        for name, key, column in (("up", "regression", 0), ("late", "binary", 0), ("down", "regression", 1)):
            recipe = replace(QUICK, learning_rate=0.2, steps=60)
            there = Capture(best[name])
            captured = made.model()
            there.model, there.rows = captured, made.data().inputs[watch]
            train(made, model=captured, recipe=recipe, callbacks=[there])
            torch.testing.assert_close(fit.watched[key][:, column], there.outputs[key][:, column])

    def test_callbacks_hear_of_every_evaluation(self, made):
        noted = made.noted()
        train(made, callbacks=[noted])
        assert noted.told == [("start", 30), *((step, 9) for step in range(5, 31, 5)), "end"]

    def test_a_model_of_one_task_in_float64(self, made):
        tasks = (Task("only", Regression()),)
        data = made.data(dtype=torch.float64)
        data = replace(data, targets={"regression": data.targets["regression"][:, :1]})
        model = nn.Module()
        model = type(made.model())(
            MLP(4, 8, 1), type(made.model().heads)(8, {"regression": [1]}, {"regression": [0]})
        ).double()
        fit = Training(model, tasks, data, made.split(), recipe=QUICK).run()
        assert next(model.parameters()).dtype is torch.float64
        assert fit.best_skill > 0


class Capture:
    """Outputs at one step."""

    def __init__(self, step):
        self.step = step

    def start(self, steps):
        pass

    def record(self, step, records):  # noqa: ARG002
        if step == self.step:
            with torch.no_grad():
                self.outputs = self.model.eval()(self.rows)
            self.model.train()

    def end(self):
        pass


@pytest.mark.parametrize("clip", [1.0, None])
def test_gradients_that_are_not_finite_skip_the_step(made, clip):
    """Finite losses, but no direction: nothing moves, not even the averages of the optimiser."""

    class Sometimes(Weighting):
        def forward(self, gramian, present):  # noqa: ARG002
            self.calls = getattr(self, "calls", 0) + 1
            return torch.full_like(gramian[..., 0], torch.nan if self.calls in (2, 3) else 1.0)

    states = []
    for method, steps in ((Sometimes(), 3), (gradients.Sum(), 1)):
        model = made.model()
        recipe = Recipe(steps=9, clip=clip)
        loop = Loop(Training(model, made.tasks, made.data(), made.split(), method=method, recipe=recipe))
        for step in range(steps):
            loop.advance()
            if step == 0:
                first = [p.detach().clone() for p in model.parameters()]
        assert all(torch.equal(p, old) for p, old in zip(model.parameters(), first, strict=True))
        states.append([float(state["step"]) for state in loop.optimiser.state.values()])
    assert states[0] == states[1]

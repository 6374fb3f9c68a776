from pathlib import Path

import pytest
import torch
from torch import nn

from sharewise._core import Batch, Split
from sharewise.mixing import Mixture
from sharewise.models import MLP
from sharewise.objectives import MinMax, Sum, Weighted
from sharewise.tasks import Regression, Task
from sharewise.training import Recipe, Training, can_join
from sharewise.training._alike import alike


def training(made, seed=0, *, numbers=None, model=None, **more):
    given = {"tasks": made.tasks, "data": made.data(), "split": made.split()} | more
    recipe = Recipe(**({"steps": 10, "seed": seed} | (numbers or {})))
    return Training(model or made.model(seed=seed), recipe=recipe, **given)


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 8)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls.add_(1)
        return self.linear(x)


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 8)

    def forward(self, x):
        return self.linear(x) if x.sum() > 0 else -self.linear(x)


class Noisy(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 8)

    def forward(self, x):
        return self.linear(x + torch.randn_like(x))


class Idle(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 8)
        self.idle = nn.Linear(2, 2)

    def forward(self, x):
        return self.linear(x)


def crowded(losses, present):
    return losses.masked_fill(~present, 0.0).sum()


class TestCanJoin:
    def test_what_may_differ(self, made):
        found = [
            training(made, 0),
            training(made, 1, numbers={"learning_rate": 0.1, "weight_decay": 0.5, "patience": 3, "clip": 0.1}),
            training(made, 2, data=made.data(missing=0.5), trained=torch.tensor([True, False, False])),
            training(made, 3, split=made.split(80), data=made.data(rows=80), watch=torch.arange(5)),
        ]
        assert can_join(found) is None

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({"numbers": {"steps": 11}}, "their recipes differ"),
            ({"numbers": {"clip": None}}, "their recipes differ"),
            ({"numbers": {"batch_size": 7}}, "their recipes differ"),
            ({"mixture": Mixture([torch.arange(60)], batch_size=9)}, "their batch sizes differ"),
            ({"method": MinMax()}, "their methods differ: `Sum\\(\\)` and `MinMax\\(\\)`"),
            ({"precision": "bfloat16"}, "their precisions differ"),
            ({"scales": {"trunk": 0.5}}, "their learning rates differ by part"),
        ],
    )
    def test_what_may_not(self, made, more, reason):
        assert _matches(can_join([training(made), training(made, **more)]), reason)

    def test_networks_and_data_of_other_shapes(self, made):
        wider = training(made, model=made.model(width=9))
        assert _matches(can_join([training(made), wider]), "their networks differ at `trunk.layers.0.0`")
        data = made.data()
        doubled = Batch(data.inputs.double(), data.targets)
        assert _matches(can_join([training(made), training(made, data=doubled)]), "their data have different forms")
        other = training(made, tasks=(Task("other", Regression()), *made.tasks[1:]))
        assert _matches(can_join([training(made), other]), "their tasks differ")

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ({"checkpoint": Path("somewhere")}, "it writes a checkpoint"),
            ({"precision": "float16"}, "its gradients are scaled"),
            ({"split": Split(torch.arange(9), *torch.zeros(3, 0, dtype=torch.long))}, "there are no validation rows"),
        ],
    )
    def test_what_no_population_does(self, made, more, reason):
        assert _matches(can_join([training(made, **more)]), reason)

    @pytest.mark.parametrize(
        ("trunk", "reason"),
        [
            (Branching, "the network or its method cannot be stacked: .*control flow"),
            (Noisy, "the network or its method cannot be stacked: .*random"),
            (Counting, "the buffer `trunk.calls` of the network changes in training"),
            (Idle, "the parameter `trunk.idle.weight` of the network is not used"),
            (lambda: MLP(4, 8, 1, dropout=1.0), "dropout of everything"),
        ],
    )
    def test_networks_that_run_one_by_one(self, made, trunk, reason):
        given = training(made, model=made.model(trunk=trunk))
        before = {name: each.clone() for name, each in given.model.state_dict().items()}
        assert _matches(can_join([given]), reason)
        torch.testing.assert_close(given.model.state_dict(), before)

    def test_batch_norm(self, made):
        given = training(made, model=made.model(trunk=made.batch_norm))
        assert _matches(can_join([given]), r"`trunk.1` \(BatchNorm1d\) keeps statistics")

    def test_a_frozen_batch_norm_sees_no_rows(self, made):
        given = training(made, model=made.model(trunk=made.batch_norm))
        given.model.trunk.requires_grad_(False)
        assert can_join([given]) is None

    def test_objectives_that_add_up_models(self, made):
        method = Sum()
        method.forward = crowded
        assert _matches(can_join([training(made, method=method)]), "`Sum\\(\\)` takes no losses or gradients")

    def test_one_network_twice(self, made):
        given = training(made)
        assert _matches(can_join([given, given]), "one and the same network")


class TestAlike:
    def test_numbers_may_differ(self):
        assert alike(nn.Linear(2, 3), nn.Linear(2, 3)) is None
        assert alike(Weighted([1.0]), Weighted([2.0])) is None

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (nn.Linear(2, 3), nn.Linear(2, 3, bias=False)),
            (nn.Linear(2, 3), nn.Linear(2, 3).double()),
            (nn.Linear(2, 3), nn.Linear(2, 3).requires_grad_(False)),
            (nn.Dropout(0.1), nn.Dropout(0.2)),
            (nn.LayerNorm(3), nn.LayerNorm(3, eps=1e-3)),
            (nn.ReLU(), nn.Tanh()),
            (nn.Sequential(nn.ReLU()), nn.Sequential()),
            (nn.Sequential(), nn.Sequential(nn.ReLU())),
        ],
    )
    def test_more_than_numbers(self, one, other):
        assert alike(one, other) is not None

    def test_settings_of_any_type(self):
        one, other = nn.ReLU(), nn.ReLU()
        for module in (one, other):
            module.sizes, module.table, module.scale = [1, (2, 3)], {"a": torch.ones(2)}, 0.5
        assert alike(one, other) is None
        other.table["a"][0] = 2.0
        assert alike(one, other) == ""
        other.table["a"][0] = 1.0
        other.sizes[1] = (2, 4)
        assert alike(one, other) == ""

    def test_functions_of_their_own_are_not_compared(self):
        one, other = nn.ReLU(), nn.ReLU()
        one.act, other.act = (lambda x: x), (lambda x: x)
        assert alike(one, other) == ""
        other.act = one.act
        assert alike(one, other) is None


def _matches(found, pattern):
    assert found is not None
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(found)
    return True

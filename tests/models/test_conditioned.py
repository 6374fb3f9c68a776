import warnings

import pytest
import torch
from torch import nn

from sharewise.models import (
    MLP,
    Conditioned,
    ConvTrunk,
    FiLM,
    Heads,
    LowRank,
    Mixture,
    MMoE,
    SharedHeads,
    Shift,
    freeze,
    stack,
)

INDEX = {"multiclass": [2, 0], "regression": [1]}


def heads(features=6) -> Heads:
    return Heads(features, {"multiclass": [3, 5], "regression": [1]}, INDEX)


def stirred(model: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for parameter in model.double().parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.3)
    return model


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, 8)
        self.layers = nn.ModuleList(
            [nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True) for _ in range(2)]
        )

    def forward(self, x):
        h = self.embed(x)
        for layer in self.layers:
            h = layer(h)
        return h.mean(1)


CASES = {
    "mlp": (lambda: MLP(4, 6), {"layers.0": FiLM(6, 3), "layers.1.0": LowRank(6, 3)}, (7, 4), -1, 6),
    "conv": (
        lambda: ConvTrunk((1, 8, 8), width=6),
        {"first": FiLM(16, 3), "second": LowRank(32, 3)},
        (7, 1, 8, 8),
        1,
        6,
    ),
    "transformer": (Transformer, {"layers.0": FiLM(8, 3), "layers.1": Shift(8, 3)}, (7, 5, 4), -1, 8),
    "mixture": (
        lambda: MLP(4, 6),
        {"layers.0": Mixture(stack(lambda: nn.Linear(4, 6), 4), MMoE(4, 3, 4)), "layers.1": FiLM(6, 3)},
        (7, 4),
        -1,
        6,
    ),
    "mixture in a transformer": (
        Transformer,
        {"embed": Mixture(stack(lambda: nn.Linear(4, 8), 3), MMoE(4, 3, 3)), "layers.1": FiLM(8, 3)},
        (7, 5, 4),
        -1,
        8,
    ),
    "two mixtures": (
        lambda: ConvTrunk((1, 8, 8), width=6),
        {
            "first": Mixture(stack(lambda: nn.Conv2d(1, 16, 3, padding=1), 2), MMoE(1, 3, 2), axis=1),
            "second": Mixture(stack(lambda: nn.Conv2d(16, 32, 3, padding=1), 2), MMoE(16, 3, 2), axis=1),
        },
        (7, 1, 8, 8),
        1,
        6,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_rows_and_pairs_equal_dense_on_any_backbone(case):
    make, places, shape, axis, features = case
    model = stirred(Conditioned(make(), places, torch.arange(3), heads(features), axis=axis))
    x = torch.randn(shape, dtype=torch.float64)
    task, row = torch.tensor([0, 1, 2, 2, 1, 0, 0, 1, 2]), torch.tensor([3, 3, 1, 0, 6, 2, 3, 4, 5])
    dense, one, pairs = model(x), model(x, task[:7]), model(x, task, row)
    for key, tasks in INDEX.items():
        for at, owner in enumerate(tasks):
            mine = task == owner
            torch.testing.assert_close(pairs[key][mine], dense[key][row[mine], at])
            torch.testing.assert_close(one[key][mine[:7]], dense[key][:, at][mine[:7]])


def test_equals_film_written_out():
    backbone = MLP(4, 6).double()
    film = FiLM(6, 3)
    model = stirred(Conditioned(backbone, {"layers.0": film}, torch.arange(3), heads()))
    x = torch.randn(7, 4, dtype=torch.float64)
    for task in range(3):
        h = backbone.layers[0](x)
        h = backbone.layers[1](h * (1 + film.scale.weight[task]) + film.shift.weight[task])
        for key, out in model(x, torch.full((7,), task)).items():
            torch.testing.assert_close(out, model.heads(h, torch.full((7,), task))[key])


def test_below_the_first_place_rows_run_once():
    seen = []
    backbone = MLP(4, 6)
    model = Conditioned(backbone, {"layers.0": FiLM(6, 3), "layers.1": FiLM(6, 3)}, torch.arange(3), heads())
    for name in ("layers.0.module", "layers.1.module"):
        model.backbone.get_submodule(name).register_forward_hook(lambda _, inputs, __: seen.append(len(inputs[0])))
    model(torch.randn(7, 4))
    assert seen == [7, 21]


def test_starts_as_the_backbone():
    backbone = MLP(4, 6)
    model = Conditioned(backbone, {"layers.0": FiLM(6, 3)}, torch.arange(3), heads())
    x = torch.randn(7, 4)
    torch.testing.assert_close(model(x)["regression"], model.heads(backbone(x))["regression"])
    assert not any(p is q for p in model.parameters() for q in backbone.parameters())


def test_adapters_on_a_frozen_trunk_learn_alone():
    model = Conditioned(freeze(MLP(4, 6)), {"layers.0": LowRank(6, 3)}, torch.arange(3), heads())
    model(torch.randn(7, 4))["multiclass"].exp().sum().backward()
    learning = {name for name, p in model.named_parameters() if p.grad is not None}
    assert {name.split(".")[0] for name in learning} == {"heads", "backbone"}
    assert all("change" in name for name in learning if name.startswith("backbone"))


def test_learnt_descriptors_learn():
    z = nn.Parameter(torch.randn(3, 2))
    model = stirred(Conditioned(MLP(4, 6), {"layers.0": FiLM(6, 2)}, z, heads()))
    assert model.task_slices()[model.z].shape == (3, 3)
    model(torch.randn(7, 4))["regression"].sum().backward()
    assert (model.z.grad[1] != 0).any()
    assert (model.z.grad[[0, 2]] == 0).all()


def test_new_task_of_known_kind_is_answered():
    """y = z . x: a model told z must answer for a z that no training task had."""
    torch.manual_seed(0)
    z = torch.randn(30, 2)
    heads = SharedHeads(32, {"regression": 1}, {"regression": range(30)})
    model = Conditioned(MLP(2, 32), {"layers.0": FiLM(32, 2), "layers.1.0": FiLM(32, 2)}, z, heads)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        x = torch.randn(64, 2)
        loss = (model(x)["regression"][..., 0] - x @ z.T).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    new, x = torch.randn(200, 2), torch.randn(200, 2)
    truth = (new * x).sum(1)
    error = (model.at(x, new)["regression"][:, 0] - truth).square().mean() / truth.square().mean()
    assert error < 0.15


def test_new_task_without_a_head_is_refused():
    model = Conditioned(MLP(4, 6), {"layers.0": FiLM(6, 2)}, torch.randn(3, 2), heads())
    with pytest.raises(ValueError, match="build the model with `SharedHeads`"):
        model.at(torch.randn(2, 4), torch.randn(2, 2))


def test_bad_places():
    with pytest.raises(ValueError, match=r"got \['layer\.0'\]; there are \['layers', 'layers\.0'"):
        Conditioned(MLP(4, 6), {"layer.0": FiLM(6, 3)}, torch.arange(3), heads())
    with pytest.raises(ValueError, match=r"got \[\]"):
        Conditioned(MLP(4, 6), {}, torch.arange(3), heads())
    with pytest.raises(ValueError, match="each of 3 tasks, got 2 rows"):
        Conditioned(MLP(4, 6), {"layers.0": FiLM(6, 3)}, torch.arange(2), heads())


def test_transformer_in_training_gives_no_warning():
    model = stirred(Conditioned(Transformer(), {"layers.0": FiLM(8, 3)}, torch.arange(3), heads(8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model(torch.randn(2, 5, 4, dtype=torch.float64))["regression"].shape == (2, 1, 1)

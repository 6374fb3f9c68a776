import pytest
import torch

from sharewise.models import (
    MLP,
    CrossStitch,
    Experts,
    Heads,
    Level,
    MMoE,
    dselect,
    mmoe,
    one_gate,
    ple,
    polytropon,
    stack,
)


def heads(tasks: int = 3) -> Heads:
    return Heads(6, {"regression": [1] * tasks}, {"regression": range(tasks)})


def test_towers_read_their_task_s_mixture():
    torch.manual_seed(0)
    towers = stack(lambda: MLP(6, 6, 1), 3)
    level = Level(stack(lambda: MLP(4, 6, 1), 5), MMoE(4, 3, 5))
    model = Experts([level], heads(), towers=towers).double()
    x, task = torch.randn(7, 4, dtype=torch.float64), torch.tensor([0, 1, 2, 2, 1, 0, 0])
    mixtures = level(x.unsqueeze(0))
    expected = torch.stack([tower(h) for tower, h in zip(towers.unstack(), mixtures, strict=True)])
    torch.testing.assert_close(model(x)["regression"], model.heads.each(expected)["regression"])
    torch.testing.assert_close(model(x, task)["regression"], model(x)["regression"][torch.arange(7), task])
    assert model.task_slices()[towers.module.layers[0][0].weight].equal(torch.eye(3, dtype=torch.bool))


def test_encoder_is_shared():
    model = Experts([Level(stack(lambda: MLP(5, 6, 1), 2), MMoE(5, 3, 2))], heads(), encoder=MLP(4, 5, 1))
    x = torch.randn(7, 4)
    torch.testing.assert_close(model(x)["regression"], model.take([0, 1, 2])(x)["regression"])
    assert not any(p is q for p in model.parameters() for q in model.take([0]).parameters())


def test_weights_of_every_level_are_shown():
    model = ple(lambda d: MLP(d, 6, 1), 4, heads())
    weights = model.weights(torch.randn(7, 4))
    assert [tuple(w.shape) for w in weights] == [(7, 4, 4), (7, 3, 4)]
    torch.testing.assert_close(weights[1].sum(-1), torch.ones(7, 3))


def test_ownership_follows_the_gradient_through_levels():
    model = ple(lambda d: MLP(d, 6, 1), 4, heads())
    slices = model.task_slices()
    lower, upper = (slices[level.experts.module.layers[0][0].weight] for level in model.levels)
    assert lower.all()
    assert upper.tolist() == [[True, False, False], [False, True, False], [False, False, True], [True, True, True]]


def test_wrong_number_of_outputs():
    with pytest.raises(ValueError, match="Each of 2 tasks needs an output of the last level, got 3"):
        Experts([Level(stack(lambda: MLP(4, 6, 1), 3), CrossStitch(3))], heads(2))


@pytest.mark.parametrize("budget", [1, 30, 45, 10_000])
def test_chunks_change_neither_outputs_nor_gradients(budget):
    torch.manual_seed(0)
    whole = Experts([Level(stack(lambda: MLP(4, 6, 1), 5), MMoE(4, 3, 5))], heads()).double()
    chunked = Experts(list(whole.levels), whole.heads, budget=budget)
    x = torch.randn(7, 4, dtype=torch.float64)
    gradients = []
    for model in (whole, chunked):
        model.zero_grad()
        out = model(x)["regression"]
        out.square().sum().backward()
        gradients.append([out, *(parameter.grad.clone() for parameter in model.parameters())])
    torch.testing.assert_close(*gradients)


class Watch(torch.utils._python_dispatch.TorchDispatchMode):
    """Numbers in every tensor that an operation makes."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        made = out if isinstance(out, tuple | list) else [out]
        self.sizes += [each.numel() for each in made if isinstance(each, torch.Tensor)]
        return out


@pytest.mark.parametrize("build", [mmoe, dselect, polytropon, one_gate])
def test_features_of_rows_by_tasks_are_never_built(build):
    tasks, rows, features = 30, 20, 200
    wide = Heads(features, {"regression": [1] * tasks}, {"regression": range(tasks)})
    model = build(lambda size: MLP(size, features, 1), 4, wide, experts=4)
    with Watch() as watch:
        model(torch.randn(rows, 4))["regression"].sum().backward()
    assert max(watch.sizes) == rows * 4 * features < rows * tasks * features


def test_chunks_hold_no_more_than_the_budget():
    model = Experts([Level(stack(lambda: MLP(4, 6, 1), 5), MMoE(4, 300, 5))], heads(300), budget=15_000)
    with Watch() as watch, torch.no_grad():
        model(torch.randn(100, 4))
    assert max(watch.sizes) == 100 * 300
    with pytest.raises(ValueError, match=r"must be positive, got `budget=0`"):
        Experts(list(model.levels), model.heads, budget=0)

import pytest
import torch
from torch import Tensor, nn

from sharewise import gradients
from sharewise._core import Aggregator, Objective, Weighting
from sharewise.gradients import backward, gramian
from sharewise.objectives import UW

K, N, D, H = 3, 8, 4, 5


class Inverse(Weighting):
    """Weights that depend on the Gramian: one over the norm."""

    def forward(self, gramian: Tensor, present: Tensor) -> Tensor:
        return torch.where(present, (gramian.diagonal() + 1).rsqrt(), 0.0)


class SignSum(Aggregator):
    """Nothing that weights could express."""

    def forward(self, jacobian: Tensor, present: Tensor) -> Tensor:
        return jacobian.where(present[:, None], 0.0).sign().sum(0)


class Squares(Objective):
    def forward(self, losses: Tensor, present: Tensor) -> Tensor:
        return losses.square().where(present, 0.0).sum()


class Model(nn.Module):
    """A trunk, a part of tasks 0 and 1 only, a head each, a stack of heads, a frozen and an unused layer."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(D, H)
        self.pair = nn.Linear(H, H)
        self.heads = nn.ModuleList(nn.Linear(H, 1) for _ in range(K))
        self.stack = nn.Parameter(torch.randn(K + 1, H))  # the last slice belongs to all
        self.frozen = nn.Linear(H, H).requires_grad_(False)
        self.unused = nn.Linear(2, 2)

    def task_slices(self):
        return {self.stack: torch.cat([torch.eye(K, dtype=torch.bool), torch.ones(1, K, dtype=torch.bool)])}

    def losses(self, x: Tensor) -> Tensor:
        h = self.frozen(self.trunk(x).tanh()).tanh()
        stacked = h @ self.stack.T
        inputs = [self.pair(h).tanh(), self.pair(h).tanh(), h]
        out = [head(z).squeeze(-1) for head, z in zip(self.heads, inputs, strict=True)]
        return torch.stack([(out[k] + stacked[:, k] * stacked[:, K]).square().mean() for k in range(K)]) / 2


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Model().double()


def explicit(model: Model, x: Tensor) -> dict[str, Tensor]:
    """Gradient of each loss: [K, *shape] by name."""
    losses = model.losses(x)
    named = {name: p for name, p in model.named_parameters() if p.requires_grad and "unused" not in name}
    rows = [
        torch.autograd.grad(loss, list(named.values()), retain_graph=True, materialize_grads=True, allow_unused=True)
        for loss in losses
    ]
    return {name: torch.stack(c) for name, c in zip(named, zip(*rows, strict=True), strict=True)}


def reference_gramian(grads: dict[str, Tensor], tasks: list[int]) -> Tensor:
    shared = [g.flatten(1) for name, g in grads.items() if name.startswith(("trunk", "pair"))]
    J = torch.cat([*shared, grads["stack"][:, K]], dim=1)
    mask = torch.zeros(K, 1, dtype=J.dtype)
    mask[tasks] = 1
    return (J * mask) @ (J * mask).T


def assert_weighted(model: Model, grads: dict[str, Tensor], weights: Tensor, present: Tensor, times: int = 1) -> None:
    plain = present.double()
    for name, g in grads.items():
        w = weights if name.startswith(("trunk", "pair")) else plain
        expected = torch.einsum("k,k...->...", w, g)
        if name == "stack":
            expected[K] = weights @ g[:, K]
        torch.testing.assert_close(model.get_parameter(name).grad, times * expected, rtol=1e-10, atol=1e-12)
    assert all(p.grad is None for p in [*model.frozen.parameters(), *model.unused.parameters()])


@pytest.mark.parametrize("tasks", [[0, 1, 2], [0, 2], [1]])
def test_weighting(model, tasks):
    x = torch.randn(N, D, dtype=torch.double)
    present = torch.zeros(K, dtype=torch.bool)
    present[tasks] = True
    grads = explicit(model, x)
    G = reference_gramian(grads, tasks)
    for times in (1, 2):  # `.grad` accumulates
        info = backward(model.losses(x), Inverse(), present=present, task=model)
        torch.testing.assert_close(info.gramian, G, rtol=1e-10, atol=1e-12)
        assert_weighted(model, grads, Inverse()(G, present), present, times)
    assert info.finite


def test_earlier_weights_are_used_again(model):
    x, weights = torch.randn(N, D, dtype=torch.double), torch.tensor([0.2, 0.5, 3.0], dtype=torch.double)
    info = backward(model.losses(x), weights, task=model)
    assert info.gramian is None
    assert_weighted(model, explicit(model, x), weights, torch.ones(K, dtype=torch.bool))


@pytest.mark.parametrize("tasks", [[0, 1, 2], [0, 2]])
def test_aggregator(model, tasks):
    x = torch.randn(N, D, dtype=torch.double)
    present = torch.zeros(K, dtype=torch.bool)
    present[tasks] = True
    grads = explicit(model, x)
    info = backward(model.losses(x), SignSum(), present=present, task=model)
    torch.testing.assert_close(info.gramian, reference_gramian(grads, tasks))
    for name, g in grads.items():
        expected = g[tasks].sign().sum(0) if name.startswith(("trunk", "pair")) else g[tasks].sum(0)
        if name == "stack":
            expected[K] = g[tasks, K].sign().sum(0)
        torch.testing.assert_close(model.get_parameter(name).grad, expected)


def test_objective_is_one_ordinary_backward(model):
    x, present = torch.randn(N, D, dtype=torch.double), torch.tensor([True, False, True])
    info = backward(model.losses(x), Squares(), present=present, task=model)
    got = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    losses = model.losses(x)
    losses.square()[present].sum().backward()
    for name, p in model.named_parameters():
        assert (p.grad is None) == (name not in got)
        if p.grad is not None:
            torch.testing.assert_close(got[name], p.grad)
    torch.testing.assert_close(info.weights, 2 * losses.detach() * present)


def test_chosen_layers_are_compared_and_the_rest_weighted_all_the_same(model):
    x, present = torch.randn(N, D, dtype=torch.double), torch.ones(K, dtype=torch.bool)
    grads = explicit(model, x)
    info = backward(model.losses(x), Inverse(), shared=model.trunk.parameters(), task=model)
    J = torch.cat([grads[f"trunk.{name}"].flatten(1) for name in ("weight", "bias")], dim=1)
    torch.testing.assert_close(info.gramian, J @ J.T)
    assert_weighted(model, grads, Inverse()(J @ J.T, present), present)


def test_features_are_compared_instead_of_parameters(model):
    x = torch.randn(N, D, dtype=torch.double)
    h = model.trunk(x)
    losses = torch.stack([head(h.tanh()).square().mean() for head in model.heads])
    J = torch.stack([torch.autograd.grad(loss, h, retain_graph=True)[0].flatten() for loss in losses])
    expected = torch.autograd.grad(losses, model.trunk.weight, Inverse()(J @ J.T, losses > 0), retain_graph=True)
    info = backward(losses, Inverse(), shared=[h])
    torch.testing.assert_close(info.gramian, J @ J.T)
    torch.testing.assert_close(model.trunk.weight.grad, expected[0])


def test_an_aggregator_cannot_move_features(model):
    h = model.trunk(torch.randn(N, D, dtype=torch.double))
    losses = torch.stack([head(h).square().mean() for head in model.heads])
    with pytest.raises(ValueError, match="`shared` must be parameters under an `Aggregator`, got a tensor of shape"):
        backward(losses, SignSum(), shared=[h])


def test_the_graph_can_be_kept(model):
    losses = model.losses(torch.randn(N, D, dtype=torch.double))
    backward(losses, Inverse(), task=model, retain_graph=True)
    first = model.trunk.weight.grad.clone()
    backward(losses, Inverse(), task=model)
    torch.testing.assert_close(model.trunk.weight.grad, 2 * first)
    with pytest.raises(RuntimeError, match="second time"):
        losses.sum().backward()


def test_measuring_changes_nothing(model):
    losses = model.losses(torch.randn(N, D, dtype=torch.double))
    G = gramian(losses, model.trunk.parameters())
    assert all(p.grad is None for p in model.parameters())
    info = backward(losses, Inverse(), shared=model.trunk.parameters(), task=model)
    torch.testing.assert_close(info.gramian, G)


def test_infinite_gradients_are_reported_not_raised(model):
    x = torch.full((N, D), float("inf"), dtype=torch.double)
    assert not backward(model.losses(x), Inverse(), task=model).finite


@pytest.mark.parametrize(
    "losses", [torch.ones(3), torch.ones((), requires_grad=True), torch.ones(2, 2, 2, requires_grad=True)]
)
def test_losses_must_have_tasks_and_a_gradient(losses):
    with pytest.raises(ValueError, match=r"`losses` must be \[K\] or \[M, K\] with a gradient, got shape"):
        backward(losses, Inverse())


@pytest.mark.parametrize("tasks", [1, 2, 7])
def test_every_public_method_fills_gradients(tasks):
    torch.manual_seed(0)
    methods = [getattr(gradients, name) for name in gradients.__all__]
    methods = [method for method in methods if isinstance(method, type) and issubclass(method, Weighting | Aggregator)]
    trunk, heads = nn.Linear(D, H), nn.Parameter(torch.randn(tasks, H))
    for method in methods:
        try:
            made = method()
        except TypeError:  # methods of methods and given weights have their own tests
            continue
        losses = (trunk(torch.randn(N, D)).tanh() @ heads.T - 1).square().mean(0)
        info = backward(losses, made, task={heads: torch.eye(tasks, dtype=torch.bool)})
        assert info.finite
        assert trunk.weight.grad.isfinite().all()
    assert len(methods) > 10


def test_a_scale_reaches_the_parameters_of_the_objective_too():
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    found = []
    for scale in (1.0, 1024.0):
        method, weight.grad = UW(2), None
        backward(torch.stack([weight.sum(), weight.prod()]), method, scale=scale)
        found.append([each.grad / scale for each in (weight, *method.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)

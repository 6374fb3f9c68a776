"""Losses [M, K] of M models in one graph: each model gets what it would get alone."""

import inspect

import pytest
import torch
from tests.gradients.loops import least_memory
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from sharewise import gradients
from sharewise._core import Aggregator, Weighting
from sharewise.gradients import MGDA, ConFIG, Mean, UPGrad, backward, gramian
from sharewise.objectives import GLS, UW

M, K, N, D, H = 3, 4, 9, 5, 6
METHODS = {
    "MGDA": MGDA,
    "UPGrad": UPGrad,
    "ConFIG": ConFIG,
    "GLS": GLS,
    "weights": lambda: torch.linspace(0.2, 2.0, K, dtype=torch.double),
}


class Model(nn.Module):
    """A trunk, stacked heads with an owner each, a stack of which one slice belongs to all, and a head of task 0."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(D, H), nn.Tanh(), nn.LayerNorm(H), nn.Linear(H, H), nn.Tanh())
        self.heads = nn.Parameter(torch.randn(K, H))
        self.mixed = nn.Parameter(torch.randn(K + 1, H))
        self.zeroth = nn.Linear(H, 1)

    def forward(self, x):
        h = self.trunk(x)
        both = (h @ self.heads.T) * (h @ self.mixed[:K].T + h @ self.mixed[K:].T)
        first = both[:, 0] + self.zeroth(h).squeeze(-1)
        return [(out - 1).square().mean() for out in (first, *both[:, 1:].unbind(1))]


EYE = torch.eye(K, dtype=torch.bool)
SLICES = {"heads": EYE, "mixed": torch.cat([EYE, torch.ones(1, K, dtype=torch.bool)])}


@pytest.fixture
def models():
    torch.manual_seed(0)
    return [Model().double() for _ in range(M)]


@pytest.fixture
def x():
    return torch.randn(M, N, D, dtype=torch.double, generator=torch.Generator().manual_seed(1))


def together(models, x):
    """Losses [M, K] of all models, and their stacked parameters."""
    parameters, _ = stack_module_state(models)

    def one(parameters, x):
        return functional_call(models[0], parameters, (x,))

    return torch.stack(vmap(one)(parameters, x), dim=-1), parameters


def slices(parameters):
    return {parameters[name]: owners for name, owners in SLICES.items()}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("scale", [1.0, 64.0])
def test_each_model_gets_what_it_gets_alone(models, x, name, tight, scale):
    present = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 0]], dtype=torch.bool)
    losses, parameters = together(models, x)
    given = {"method": METHODS[name](), "present": present, "task": slices(parameters), "scale": scale}
    tight = tight and name in ("MGDA", "UPGrad", "ConFIG")  # the others take one pass
    memory = least_memory(lambda least: backward(losses, **given, memory=least)) if tight else None
    info = backward(losses, **given, memory=memory)
    for m, model in enumerate(models):
        owners = {model.get_parameter(leaf): who for leaf, who in SLICES.items()}
        alone = backward(torch.stack(model(x[m])), METHODS[name](), present=present[m], task=owners, scale=scale)
        for got, expected in ((info.weights, alone.weights), (info.gramian, alone.gramian)):
            assert (got is None) == (expected is None)
            if expected is not None:
                torch.testing.assert_close(got[m], expected, rtol=1e-9, atol=1e-12)
        for leaf, parameter in model.named_parameters():
            torch.testing.assert_close(parameters[leaf].grad[m], parameter.grad, rtol=1e-9, atol=1e-12)


def test_ownership_is_found_as_it_is_for_one_model(models, x):
    losses, parameters = together(models, x)
    info = backward(losses, MGDA(), task=slices(parameters))
    assert info.paths[parameters["zeroth.weight"]] == info.paths[parameters["heads"]] == "one task: plain gradient"
    assert info.paths[parameters["mixed"]] == "shared: shared rows, whole"
    assert info.norms.shape == (M, K)
    assert info.cosines.shape == (M, K, K)
    assert info.finite.tolist() == [True] * M


def test_operations_with_rules_keep_models_apart(models):
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(M, 40, 50, dtype=torch.double))
    inputs, heads = torch.randn(M, N, 40, dtype=torch.double), torch.randn(M, 50, K, dtype=torch.double)
    info = backward((torch.bmm(inputs, weight).tanh() @ heads).square().mean(1), MGDA())
    assert info.paths[weight] == "shared: shared rows, kernel"
    for m in range(M):
        alone = weight.detach()[m].requires_grad_()
        expected = backward(((inputs[m] @ alone).tanh() @ heads[m]).square().mean(0), MGDA())
        torch.testing.assert_close(info.gramian[m], expected.gramian)
        torch.testing.assert_close(weight.grad[m], alone.grad)


@pytest.mark.parametrize("name", [name for name in gradients.__all__ if inspect.isclass(getattr(gradients, name))])
def test_every_public_method_takes_models(models, x, name):
    kind = getattr(gradients, name)
    if not issubclass(kind, Weighting | Aggregator) or "method" in inspect.signature(kind).parameters:
        return
    options = {"tasks": (M, K), "weights": torch.ones(K), "seed": [0] * M}
    losses, parameters = together(models, x)
    shared = [p for leaf, p in parameters.items() if leaf.startswith("trunk")]
    options["parameters"] = sum(p[0].numel() for p in shared)
    made = kind(**{key: value for key, value in options.items() if key in inspect.signature(kind).parameters})
    info = backward(losses, made, shared=shared, task=slices(parameters))
    assert info.finite.shape == (M,)
    assert info.finite.all()
    assert all(p.grad.isfinite().all() for p in parameters.values())


def test_parameters_of_an_objective_add_up_over_models(models, x):
    losses, _ = together(models, x)
    method = UW((M, K))
    backward(losses, method)
    expected = torch.autograd.grad(method(losses.detach(), losses > 0).sum(), list(method.parameters()))
    torch.testing.assert_close([p.grad for p in method.parameters()], list(expected))


def test_a_broken_model_harms_no_other(models, x):
    losses, parameters = together(models, torch.cat([x[:1] * torch.inf, x[1:]]))
    info = backward(losses, MGDA(), task=slices(parameters))
    assert info.finite.tolist() == [False, True, True]
    assert parameters["trunk.0.weight"].grad[1:].isfinite().all()


def test_measuring_takes_models_too(models, x):
    losses, parameters = together(models, x)
    found = gramian(losses, [parameters["trunk.0.weight"]])
    for m, model in enumerate(models):
        torch.testing.assert_close(found[m], gramian(torch.stack(model(x[m])), [model.trunk[0].weight]))


def test_a_parameter_of_all_models_is_refused(x):
    w = torch.ones(D, requires_grad=True, dtype=torch.double)
    with pytest.raises(ValueError, match=r"the first axis of every parameter must be that of the 3 models .*\(5,\)"):
        backward((x * w).sum(1)[:, :K], Mean())


def test_rows_of_one_model_only(models, x):
    with pytest.raises(ValueError, match=r"`rows` must be None for losses \[M, K\]"):
        backward(together(models, x)[0], Mean(), rows=torch.zeros(N, dtype=torch.long))

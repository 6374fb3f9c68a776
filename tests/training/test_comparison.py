"""Weightings and aggregators in populations against each training alone; the methods are found in `__all__`."""

import inspect
from dataclasses import replace

import pytest
import torch
from tests.training.populations import assert_same, both, distance

from sharewise import gradients
from sharewise._core import Aggregator, Weighting
from sharewise.mixing import Mixture, by_task
from sharewise.training import Recipe, Training, can_join
from sharewise.training._comparison import products

METHODS = [
    kind
    for name in gradients.__all__
    if inspect.isclass(kind := getattr(gradients, name)) and issubclass(kind, Weighting | Aggregator)
]
WIDTH, K = 8, 3
SHARED = 4 * WIDTH + WIDTH  # of a trunk of one layer
every = pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.__name__)


def make(kind, seed):
    """A method with numbers of its own for each model."""
    names = inspect.signature(kind).parameters
    given = {
        "tasks": K,
        "parameters": SHARED,
        "weights": [1.0, 0.5 + seed, 0.3],
        "seed": seed,
        "preference": [1.0, 1.0 + seed, 2.0],
        "method": gradients.GradVac(K, seed=seed) if issubclass(kind, Weighting) else gradients.GradDrop(seed=seed),
    }
    return kind(**{name: value for name, value in given.items() if name in names})


def training(made, kind, seed, *, dtype=torch.float64, data=None, **numbers):
    given = {"batch_size": 24, "steps": 200, "evaluate_every": 50, "patience": 200, "seed": seed}
    return Training(
        made.model(width=WIDTH, dtype=dtype, seed=seed),
        made.tasks,
        made.data(missing=0.3, dtype=dtype) if data is None else data,
        made.split(),
        method=make(kind, seed),
        recipe=Recipe(**({"learning_rate": 10 ** (-2 - seed / 2)} | given | numbers)),
    )


@every
@pytest.mark.slow  # together
def test_float64_after_200_steps(made, kind):
    assert_same(lambda: [training(made, kind, seed) for seed in range(2)])


@every
def test_float32_after_20_steps(made, kind):
    make = lambda: [training(made, kind, s, dtype=torch.float32, steps=20, evaluate_every=10) for s in range(3)]  # noqa: E731
    assert_same(make, 1e-5)


@every
def test_absent_tasks_and_models_that_finish_early(made, kind):
    """Batches of four rows, most without labels of some task; state goes on in the models that are left."""
    data = made.data(missing=0.7, dtype=torch.float64)

    def some():
        numbers = {"batch_size": 4, "steps": 24, "evaluate_every": 4}
        return [training(made, kind, s, data=data, patience=(50, 1, 2)[s], **numbers) for s in range(3)]

    for alone, fit, together, other in both(some):
        assert other.steps == fit.steps
        assert distance(alone.model, together.model) < 1e-9
        states = zip(alone.method.state_dict().values(), together.method.state_dict().values(), strict=True)
        for one, two in states:
            torch.testing.assert_close(two, one, rtol=1e-7, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("kind", [gradients.UPGrad, gradients.GradDrop])
def test_rows_of_one_task_each(made, kind):
    data = made.one_form(made.data(dtype=torch.float64))

    def some():
        found = []
        for seed in range(3):
            given = training(made, kind, seed, data=data, steps=30, evaluate_every=10)
            sources = by_task(data.task, made.split().train, K)
            mixture = Mixture(sources, torch.tensor([1.0, 2.0, seed]), batch_size=24, seed=seed)
            found.append(replace(given, mixture=mixture))
        return found

    assert_same(some)


@pytest.mark.parametrize("kind", [gradients.MGDA, gradients.GradDrop])
def test_dropout_is_what_each_draws_alone(made, kind):
    def some():
        found = []
        for seed in range(2):
            given = training(made, kind, seed, steps=30, evaluate_every=10)
            found.append(replace(given, model=made.model(dropout=0.3, dtype=torch.float64, seed=seed)))
        return found

    assert_same(some)


class TestWhatCannotJoin:
    def test_a_method_that_takes_one_gramian_only(self, made):
        class First(Weighting):
            def forward(self, gramian, present):
                return present * gramian[0, 0].sqrt()

        given = [training(made, gradients.MGDA, seed) for seed in range(2)]
        given = [Training(each.model, each.tasks, each.data, each.split, method=First()) for each in given]
        assert "takes no losses or gradients of several models" in can_join(given)

    def test_a_method_that_learns(self, made):
        class Learnt(Weighting):
            def __init__(self):
                super().__init__()
                self.weights = torch.nn.Parameter(torch.ones(K))

            def forward(self, gramian, present):  # noqa: ARG002
                return self.weights * present

        each = training(made, gradients.MGDA, 0)
        given = Training(each.model, each.tasks, each.data, each.split, method=Learnt())
        assert can_join([given]) == "`Learnt` compares gradients and has parameters of its own"

    def test_settings_that_differ(self, made):
        one, other = (training(made, gradients.MGDA, seed) for seed in range(2))
        pair = [
            Training(each.model, each.tasks, each.data, each.split, method=gradients.CAGrad(c=c))
            for each, c in ((one, 0.2), (other, 0.4))
        ]
        assert "their methods differ" in can_join(pair)


def test_products_of_long_gradients_are_summed_by_pieces():
    rows = torch.randn(2, 3, 20_000, generator=torch.Generator().manual_seed(0))
    exact = torch.stack([each.double() @ each.double().T for each in rows])
    torch.testing.assert_close(products(rows).double(), exact, rtol=1e-5, atol=2e-2)
    one, other = torch.ones(1, 1, 2**25), torch.full((1, 1, 2**25), 0.1)
    assert products(one + other - other).item() == pytest.approx(2**25, rel=1e-6)

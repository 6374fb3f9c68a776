"""What every objective must do; the objectives are found in `__all__`."""

import copy
import inspect

import pytest
import torch
from torch import Tensor

from sharewise import objectives
from sharewise._core import Objective

CLASSES = [
    value
    for name in objectives.__all__
    if inspect.isclass(value := getattr(objectives, name)) and issubclass(value, Objective)
]
# weights made of this step's losses and held: their value is the weighted sum, or (FAMO) a sum of logarithms
HELD = {objectives.UWSO: lambda weights, losses: weights @ losses, objectives.FAMO: None}
every = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def make(kind: type[Objective], tasks: int | tuple[int, int], places: Tensor | None = None) -> Objective:
    """An objective for K or (M, K) tasks; `places` picks the weights of some of a larger number of tasks."""
    names = inspect.signature(kind).parameters
    models, K = tasks if isinstance(tasks, tuple) else (None, tasks)
    options = {}
    if "tasks" in names:
        options["tasks"] = tasks
    if "weights" in names:
        options["weights"] = torch.linspace(0.5, 2.0, 50)[torch.arange(K) if places is None else places]
    if "seed" in names and models:
        options["seed"] = [0] * models
    return kind(**options)


def step(objective: Objective, losses: Tensor, present: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """One step with everything a loop would call: value and gradient."""
    losses = losses.clone().requires_grad_()
    value = objective(losses, present)
    (gradient,) = torch.autograd.grad(value.sum(), losses)
    if isinstance(objective, objectives.FAMO):
        objective.update(after)
    if isinstance(objective, objectives.DTP):
        objective.update(1 / (1 + after), present)
    if isinstance(objective, objectives.DWA):
        objective.end_epoch()
    return value.detach(), gradient


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype) * 3 + 0.1


def everyone(losses: Tensor) -> Tensor:
    return torch.ones_like(losses, dtype=torch.bool)


@every
@pytest.mark.parametrize("tasks", [1, 2, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_for_any_size_of_loss(kind: type[Objective], tasks: int, dtype: torch.dtype) -> None:
    objective = make(kind, tasks)
    for t, size in enumerate([1.0, 1e-8, 1e8, 0.0, 1.0]):
        losses = draw(tasks, seed=t, dtype=dtype) * size
        value, gradient = step(objective, losses, everyone(losses), losses)
        assert value.shape == ()
        assert value.dtype == dtype
        assert value.isfinite()
        assert gradient.isfinite().all()


@every
def test_absent_tasks_are_truly_left_out(kind: type[Objective]) -> None:
    places = torch.tensor([0, 2, 3])
    present = torch.zeros(5, dtype=torch.bool)
    present[places] = True
    some, alone = make(kind, 5), make(kind, 3, places)
    for t in range(5):
        losses, after = draw(5, seed=t), draw(5, seed=t + 100)
        value, gradient = step(some, losses, present, after)
        expected, slope = step(alone, losses[places], present[places], after[places])
        torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(gradient[places], slope, rtol=1e-12, atol=1e-12)
        assert (gradient[~present] == 0).all()


@every
def test_a_population_is_its_models(kind: type[Objective]) -> None:
    M, K = 3, 4
    together, alone = make(kind, (M, K)), [make(kind, K) for _ in range(M)]
    for t in range(5):
        losses, after, present = draw(M, K, seed=t), draw(M, K, seed=t + 100), draw(M, K, seed=t + 200) > 1.0
        value, gradient = step(together, losses, present, after)
        assert value.shape == (M,)
        for m, objective in enumerate(alone):
            expected, slope = step(objective, losses[m], present[m], after[m])
            torch.testing.assert_close(value[m], expected)
            torch.testing.assert_close(gradient[m], slope)


@every
def test_permuted_tasks_give_the_same(kind: type[Objective]) -> None:
    if "seed" in inspect.signature(kind).parameters:
        _assert_equal_in_distribution(kind)
        return
    order = torch.tensor([2, 0, 3, 1])
    one, other = make(kind, 4), make(kind, 4, order)
    for t in range(5):
        losses, after = draw(4, seed=t), draw(4, seed=t + 100)
        value, gradient = step(one, losses, everyone(losses), after)
        expected, slope = step(other, losses[order], everyone(losses), after[order])
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(gradient[order], slope)


def _assert_equal_in_distribution(kind: type[Objective]) -> None:
    """Random in the task: the mean over many seeds does not depend on the order of the tasks."""
    M, losses = 20_000, draw(3).expand(20_000, 3)
    one = kind(seed=list(range(M)))(losses, everyone(losses))
    other = kind(seed=list(range(M, 2 * M)))(losses[:, [2, 0, 1]], everyone(losses))
    assert (one.mean() - other.mean()).abs() < 5 * ((one.var() + other.var()) / M).sqrt()


@every
@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_its_gradient_is_the_gradient_of_its_value_with_the_weights_held(kind: type[Objective], tasks: int) -> None:
    """Where weights are computed from the losses they are constants of the step, as the papers have it."""
    objective = make(kind, tasks)
    for t in range(3):
        step(objective, draw(tasks, seed=t), draw(tasks, seed=t) > 0, draw(tasks, seed=t + 100))
    objective.eval()
    losses, present = draw(tasks, seed=9).requires_grad_(), everyone(draw(tasks))
    if kind in HELD:
        (weights,) = torch.autograd.grad(objective(losses, present), losses)
        torch.testing.assert_close(weights.sum().item(), 1.0)
        if (value := HELD[kind]) is not None:
            torch.testing.assert_close(objective(losses, present).detach(), value(weights, losses.detach()))
    else:
        assert torch.autograd.gradcheck(lambda losses: objective(losses, present), losses)


@every
def test_equal_losses_are_treated_equally(kind: type[Objective]) -> None:
    if "seed" in inspect.signature(kind).parameters or kind is objectives.Weighted:
        return  # weights drawn for each task, or given
    losses = torch.full((4,), 0.7, dtype=torch.float64).requires_grad_()
    (weights,) = torch.autograd.grad(make(kind, 4)(losses, everyone(losses)), losses)
    torch.testing.assert_close(weights, weights[:1].expand(4))


@every
def test_no_task_at_all_gives_zero(kind: type[Objective]) -> None:
    losses = draw(2, 3)
    value, gradient = step(make(kind, (2, 3)), losses, torch.tensor([[False] * 3, [True] * 3]), losses)
    assert value[0] == 0
    assert (gradient[0] == 0).all()
    assert value[1].isfinite()
    assert gradient[1].any()


@every
def test_a_state_continues_identically(kind: type[Objective]) -> None:
    objective = make(kind, 4)
    for t in range(4):
        step(objective, draw(4, seed=t), draw(4, seed=t + 9) > 1, draw(4, seed=t + 100))
    other = make(kind, 4)
    other.load_state_dict(copy.deepcopy(objective.state_dict()))
    for t in range(4, 8):
        losses, present, after = draw(4, seed=t), draw(4, seed=t + 9) > 1, draw(4, seed=t + 100)
        for got, expected in zip(
            step(other, losses, present, after), step(objective, losses, present, after), strict=True
        ):
            assert torch.equal(got, expected)


@every
def test_evaluation_leaves_the_state_and_the_generators_alone(kind: type[Objective]) -> None:
    objective = make(kind, 3).eval()
    before, noise = copy.deepcopy(objective.state_dict()), torch.get_rng_state()
    objective(draw(3), everyone(draw(3)))
    assert torch.equal(noise, torch.get_rng_state())
    for name, value in objective.state_dict().items():
        torch.testing.assert_close(value, before[name], equal_nan=True, rtol=0, atol=0)


@every
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_loss_that_is_not_finite_shows_and_harms_nobody(kind: type[Objective], bad: float) -> None:
    objective, untouched = make(kind, (2, 3)), make(kind, (2, 3))
    for t in range(3):
        losses, after = draw(2, 3, seed=t), draw(2, 3, seed=t + 100)
        step(objective, losses, everyone(losses), after)
        step(untouched, losses, everyone(losses), after)
    losses = draw(2, 3, seed=7)
    losses[0, 1] = bad
    with torch.no_grad():
        value = objective(losses, everyone(losses))
        healthy = untouched(draw(2, 3, seed=7), everyone(losses))
    assert not value[0].isfinite()
    assert torch.equal(value[1], healthy[1])
    value, gradient = step(objective, draw(2, 3, seed=8), everyone(losses), draw(2, 3, seed=9))
    assert value.isfinite().all()
    assert gradient.isfinite().all()


@every
def test_scaling_is_as_declared(kind: type[Objective]) -> None:
    one, other = make(kind, 4), make(kind, 4)
    for t in range(5):
        losses, after = draw(4, seed=t), draw(4, seed=t + 100)
        # performances of DTP are no losses: they do not scale
        value, _ = step(one, losses, everyone(losses), after)
        factor = 3.0 if not isinstance(one, objectives.DTP) else 1.0
        scaled, _ = step(other, losses * 3.0, everyone(losses), after * factor)
        if kind.homogeneous:
            torch.testing.assert_close(scaled, value * 3.0, rtol=1e-6, atol=1e-6)


@every
def test_says_where_it_comes_from(kind: type[Objective]) -> None:
    assert kind.reference
    assert kind.passes
    assert inspect.getdoc(kind)

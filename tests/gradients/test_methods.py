"""What every weighting and aggregator must do; the methods are found in `__all__`."""

import copy
import inspect
from typing import TypeAlias

import pytest
import torch
from torch import Tensor

from sharewise import gradients
from sharewise._core import Aggregator, Weighting

Method: TypeAlias = Weighting | Aggregator
CLASSES = [
    value
    for name in gradients.__all__
    if inspect.isclass(value := getattr(gradients, name)) and issubclass(value, Weighting | Aggregator)
]
COLUMNS = 12
every = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
# what is compared is the update: weights among dependent gradients need not be unique
OWN_SCALE = {"Mean", "Constant", "FairGrad"}
NO_CONFLICT = {"MGDA", "UPGrad", "DualProj", "NashMTL", "FairGrad", "ConFIG", "Normalize", "NormalizeDirection"}


def make(kind: type[Method], tasks: int | tuple[int, int], *, columns: int = COLUMNS) -> Method:
    names = inspect.signature(kind).parameters
    models, tasks_of_each = tasks if isinstance(tasks, tuple) else (None, tasks)
    options: dict[str, object] = {}
    if "tasks" in names:
        options["tasks"] = tasks
    if "parameters" in names:
        options["parameters"] = columns
    if "weights" in names:
        options["weights"] = [1.5] * tasks_of_each
    if "seed" in names and models:
        options["seed"] = [0] * models
    if "method" in names:
        options["method"] = gradients.MGDA() if issubclass(kind, Weighting) else gradients.ConFIG()
    return kind(**options)


def update(method: Method, jacobian: Tensor, present: Tensor, losses: Tensor | None = None) -> Tensor:
    """The update direction [*, P] of any method."""
    rows = jacobian.masked_fill(~present.unsqueeze(-1), 0.0)
    if isinstance(method, Aggregator):
        return method(rows, present)
    given = [torch.ones_like(rows[..., 0]) if losses is None else losses] if method.needs_losses else []
    weights = method(rows @ rows.mT, present, *given)
    assert (weights[~present] == 0).all()
    return (weights.unsqueeze(-2) @ rows).squeeze(-2)


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def everyone(jacobian: Tensor) -> Tensor:
    return torch.ones_like(jacobian[..., 0], dtype=torch.bool)


def hostile(tasks: int) -> dict[str, Tensor]:
    rows = draw(tasks, COLUMNS)
    twice, opposite, with_zero = rows.clone(), rows.clone(), rows.clone()
    twice[tasks // 2 :] = rows[: tasks - tasks // 2]
    opposite[tasks // 2 :] = -rows[: tasks - tasks // 2]
    with_zero[0] = 0.0
    return {
        "usual": rows,
        "all zero": torch.zeros_like(rows),
        "one zero": with_zero,
        "duplicate": twice,
        "opposite": opposite,
        "one direction": rows[:1] * draw(tasks, 1, seed=1),
        "two directions": draw(tasks, 2, seed=2) @ rows[:1].expand(2, -1).clone().mul_(draw(2, COLUMNS, seed=3)),
        "nearly equal": rows[:1] + 1e-6 * rows,
    }


@every
@pytest.mark.parametrize("tasks", [1, 2, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_on_hostile_gradients_of_any_size(kind: type[Method], tasks: int, dtype: torch.dtype) -> None:
    sizes = (1e-8, 1.0, 1e8) if dtype == torch.float32 else (1e-15, 1.0, 1e15)
    method = make(kind, tasks)
    for name, rows in hostile(tasks).items():
        for size in sizes:
            got = update(method, (rows * size).to(dtype), everyone(rows))
            assert got.dtype == dtype
            assert got.shape == (COLUMNS,)
            assert got.isfinite().all(), (name, size)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_with_tiny_beside_huge_gradients(kind: type[Method], dtype: torch.dtype) -> None:
    exponent = 8.0 if dtype == torch.float32 else 15.0
    rows = draw(4, COLUMNS) * 10 ** torch.linspace(-exponent, exponent, 4).double().unsqueeze(1)
    assert update(make(kind, 4), rows.to(dtype), everyone(rows)).isfinite().all()


@every
def test_absent_tasks_are_truly_left_out(kind: type[Method]) -> None:
    places = torch.tensor([0, 2, 3])
    present = torch.zeros(5, dtype=torch.bool)
    present[places] = True
    some, alone = make(kind, 5), make(kind, 3)
    for t in range(4):
        rows, losses = draw(5, COLUMNS, seed=t), draw(5, seed=t + 50).exp()
        got = update(some, rows, present, losses)
        expected = update(alone, rows[places], present[places], losses[places])
        torch.testing.assert_close(got, expected, rtol=1e-7, atol=1e-8)


@every
def test_a_population_is_its_models(kind: type[Method]) -> None:
    together, alone = make(kind, (3, 4)), [make(kind, 4) for _ in range(3)]
    for t in range(4):
        rows, losses, present = (
            draw(3, 4, COLUMNS, seed=t),
            draw(3, 4, seed=t + 50).exp(),
            draw(3, 4, seed=t + 99) > -0.5,
        )
        rows[1, 2] = -rows[1, 0]
        got = update(together, rows, present, losses)
        for m, method in enumerate(alone):
            torch.testing.assert_close(got[m], update(method, rows[m], present[m], losses[m]), rtol=1e-9, atol=1e-9)


@every
def test_permuted_tasks_give_the_same_update(kind: type[Method]) -> None:
    if "seed" in inspect.signature(kind).parameters:
        _assert_equal_in_distribution(kind)
        return
    order = torch.tensor([2, 0, 3, 1, 4])
    one, other = make(kind, 5), make(kind, 5)
    for t in range(4):
        rows, losses = draw(5, COLUMNS, seed=t), draw(5, seed=t + 50).exp()
        got = update(other, rows[order], everyone(rows), losses[order])
        torch.testing.assert_close(got, update(one, rows, everyone(rows), losses), rtol=1e-7, atol=1e-8)


def _assert_equal_in_distribution(kind: type[Method]) -> None:
    """Random in the task: the mean update over many seeds does not depend on the order of the tasks."""
    M, order = 4000, torch.tensor([2, 0, 1])
    rows = draw(3, 4).expand(M, 3, 4)
    means = []
    for first, jacobian in ((0, rows), (M, rows[:, order])):
        names = inspect.signature(kind).parameters
        seeds = {"seed": list(range(first, first + M))}
        method = kind(**seeds, **({"tasks": (M, 3)} if "tasks" in names else {}))
        got = update(method, jacobian, everyone(jacobian))
        means.append((got.mean(0), got.std(0) / M**0.5))
    (one, one_error), (other, other_error) = means
    assert ((one - other).abs() <= 5 * (one_error**2 + other_error**2).sqrt() + 1e-9).all()


@every
def test_no_task_at_all_gives_zero(kind: type[Method]) -> None:
    rows = draw(2, 3, COLUMNS)
    got = update(make(kind, (2, 3)), rows, torch.tensor([[False] * 3, [True] * 3]))
    assert (got[0] == 0).all()
    assert got[1].any()


@every
def test_a_state_continues_identically(kind: type[Method]) -> None:
    method, other = make(kind, 4), make(kind, 4)

    def step(of: Method, t: int) -> Tensor:
        return update(of, draw(4, COLUMNS, seed=t), draw(4, seed=t + 9) > -1, draw(4, seed=t + 50).exp())

    for t in range(4):
        step(method, t)
    other.load_state_dict(copy.deepcopy(method.state_dict()))
    assert all(torch.equal(step(method, t), step(other, t)) for t in range(4, 8))


@every
def test_the_same_seed_gives_the_same_and_no_global_generator_is_used(kind: type[Method]) -> None:
    before, rows = torch.get_rng_state(), draw(4, COLUMNS)
    assert torch.equal(update(make(kind, 4), rows, everyone(rows)), update(make(kind, 4), rows, everyone(rows)))
    assert torch.equal(before, torch.get_rng_state())


@every
def test_evaluation_leaves_the_state_alone(kind: type[Method]) -> None:
    method = make(kind, 4).eval()
    before = copy.deepcopy(method.state_dict())
    update(method, draw(4, COLUMNS), everyone(draw(4, 1)))
    for name, value in method.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0, equal_nan=True)


@every
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_numbers_that_are_not_finite_show_and_harm_nobody(kind: type[Method], bad: float) -> None:
    method, untouched = make(kind, (2, 3)), make(kind, (2, 3))
    rows = draw(2, 3, COLUMNS)
    broken = rows.clone()
    broken[0, 1] = bad
    got, healthy = update(method, broken, everyone(rows)), update(untouched, rows, everyone(rows))
    assert not got[0].isfinite().any()
    assert torch.equal(got[1], healthy[1])
    assert update(method, draw(2, 3, COLUMNS, seed=1), everyone(rows)).isfinite().all()


@every
def test_agreeing_tasks_give_the_step_of_the_plain_sum(kind: type[Method]) -> None:
    rows = draw(1, COLUMNS).expand(3, COLUMNS)
    got = update(make(kind, 3), rows, everyone(rows))
    if kind.__name__ not in OWN_SCALE:
        torch.testing.assert_close(got, rows.sum(0), rtol=1e-6, atol=1e-8)
    else:
        torch.testing.assert_close(torch.cosine_similarity(got, rows[0], dim=0).item(), 1.0)


@every
@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_scaling_is_as_declared(kind: type[Method], size: float) -> None:
    one, other = make(kind, 4), make(kind, 4)
    for t in range(3):
        rows = draw(4, COLUMNS, seed=t)
        plain, scaled = update(one, rows, everyone(rows)), update(other, rows * size, everyone(rows))
        if kind.homogeneous:
            torch.testing.assert_close(scaled, plain * size, rtol=1e-6, atol=1e-6 * size)


@every
def test_no_conflict_where_it_is_claimed(kind: type[Method]) -> None:
    if kind.__name__ not in NO_CONFLICT:
        return
    for t in range(20):
        rows = draw(5, COLUMNS, seed=t) + 2.0 * draw(1, COLUMNS, seed=t + 100) * draw(5, 1, seed=t + 200).sign()
        got = update(make(kind, 5), rows, everyone(rows))
        assert (rows @ got > -1e-9 * rows.norm(dim=1) * got.norm()).all()


@every
def test_says_where_it_comes_from(kind: type[Method]) -> None:
    assert kind.reference
    assert kind.passes
    assert inspect.getdoc(kind)

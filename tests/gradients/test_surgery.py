import pytest
import torch
from torch import Tensor
from torchjd.aggregation import GradVacWeighting, PCGradWeighting

from sharewise.gradients import GradVac, PCGrad
from sharewise.gradients._surgery import random_order


def conflicting(tasks: int, seed: int) -> Tensor:
    return torch.randn(tasks, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def surgery(rows: Tensor, orders: Tensor) -> Tensor:
    """Algorithm 1 of PCGrad on the gradients themselves."""
    total = torch.zeros_like(rows[0])
    for i, order in enumerate(orders.tolist()):
        gradient = rows[i].clone()
        for j in order:
            if j != i and gradient @ rows[j] < 0:
                gradient -= (gradient @ rows[j]) / (rows[j] @ rows[j]) * rows[j]
        total += gradient
    return total


def vaccine(rows: Tensor, orders: Tensor, target: Tensor, beta: float) -> Tensor:
    """Algorithm 1 of GradVac on the gradients themselves; the targets move in place."""
    total = torch.zeros_like(rows[0])
    for i, order in enumerate(orders.tolist()):
        gradient = rows[i].clone()
        for j in order:
            if j == i:
                continue
            cosine, goal = torch.cosine_similarity(gradient, rows[j], dim=0), target[i, j].clone()
            if cosine < goal:
                up = gradient.norm() * (goal * (1 - cosine**2).sqrt() - cosine * (1 - goal**2).sqrt())
                gradient = gradient + up / (rows[j].norm() * (1 - goal**2).sqrt()) * rows[j]
            target[i, j] = (1 - beta) * goal + beta * cosine
        total += gradient
    return total


@pytest.mark.parametrize("tasks", [2, 3, 7])
def test_pcgrad_from_the_gramian_is_surgery_on_gradients(tasks: int) -> None:
    method, present = PCGrad(seed=1), torch.ones(tasks, dtype=torch.bool)
    for t in range(5):
        rows = conflicting(tasks, t)
        orders = random_order(method.seed, method.step, present)
        torch.testing.assert_close(method(rows @ rows.T, present) @ rows, surgery(rows, orders))


def test_pcgrad_of_two_tasks_agrees_with_torchjd() -> None:
    for seed in range(5):
        rows = conflicting(2, seed)
        got = PCGrad()(rows @ rows.T, torch.ones(2, dtype=torch.bool))
        torch.testing.assert_close(got, PCGradWeighting()(rows @ rows.T))


def test_a_task_is_not_projected_on_itself() -> None:
    # a loop that held the task itself would still leave a lone gradient alone, but not one made negative to itself
    rows = torch.tensor([[1.0, 0.0], [-4.0, 1.0]], dtype=torch.float64)
    changed = surgery(rows, torch.tensor([[0, 1], [0, 1]]))
    for seed in range(8):
        torch.testing.assert_close(PCGrad(seed)(rows @ rows.T, torch.ones(2, dtype=torch.bool)) @ rows, changed)


def test_orders_differ_by_step_task_and_seed_and_are_fair() -> None:
    present = torch.ones(3, dtype=torch.bool)
    orders = torch.stack([random_order(torch.tensor(0), torch.tensor(t), present) for t in range(600)])
    first = torch.nn.functional.one_hot(orders[:, :, 0], 3).double().mean(0)
    torch.testing.assert_close(first, torch.full((3, 3), 1 / 3).double(), rtol=0, atol=0.08)
    assert not torch.equal(orders[:, 0], orders[:, 1])
    assert orders.sort(-1).values.eq(torch.arange(3)).all()


@pytest.mark.parametrize("tasks", [2, 3, 7])
def test_gradvac_from_the_gramian_is_the_vaccine_on_gradients(tasks: int) -> None:
    method, present = GradVac(tasks, beta=0.3, seed=1), torch.ones(tasks, dtype=torch.bool)
    target = torch.zeros(tasks, tasks, dtype=torch.float64)
    for t in range(6):
        rows = conflicting(tasks, t)
        orders = random_order(method.seed, method.step, present)
        expected = vaccine(rows, orders, target, 0.3)
        torch.testing.assert_close(method(rows @ rows.T, present) @ rows, expected)
        torch.testing.assert_close(method.target, target)
    assert target.abs().max() > 0.1


def test_gradvac_of_two_tasks_agrees_with_torchjd() -> None:
    ours, theirs = GradVac(2, beta=0.5), GradVacWeighting(beta=0.5, eps=0.0)
    for seed in range(6):
        rows = conflicting(2, seed)
        got = ours(rows @ rows.T, torch.ones(2, dtype=torch.bool))
        torch.testing.assert_close(got, theirs(rows @ rows.T))


def test_gradvac_without_targets_is_pcgrad() -> None:
    rows = conflicting(5, 0)
    present = torch.ones(5, dtype=torch.bool)
    torch.testing.assert_close(GradVac(5, beta=0.0)(rows @ rows.T, present), PCGrad()(rows @ rows.T, present))


def test_a_beta_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="got `beta=2"):
        GradVac(2, beta=2.0)

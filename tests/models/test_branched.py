import pytest
import torch
from torch import nn

from sharewise.models import Heads, branched, count_parameters

X = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def built(**options):
    heads = Heads(6, {"regression": [1, 1, 1]}, {"regression": [0, 1, 2]})
    torch.manual_seed(0)
    return branched(lambda d: nn.Sequential(nn.Linear(d, 6), nn.Tanh()), 4, heads, **options).double()


@pytest.mark.parametrize(("levels", "shared"), [(2, 1), (3, 1), (3, 2)])
def test_shared_layers_then_a_branch_for_each_task(levels, shared):
    model = built(levels=levels, shared=shared)
    networks = [level.experts.unstack() for level in model.levels]
    found = model(X)["regression"]
    for task in range(3):
        h = X
        for level in networks:
            h = level[task if len(level) > 1 else 0](h)
        expected = h @ model.heads.weight[task] + model.heads.bias[task]
        torch.testing.assert_close(found[:, task, 0], expected)
    first, later = 4 * 6 + 6, 6 * 6 + 6
    assert count_parameters(model) == first + (shared - 1) * later + 3 * (levels - shared) * later + 3 * 7


def test_a_task_s_loss_moves_the_shared_layers_and_its_own_branch():
    model = built()
    model(X)["regression"][:, 1].square().sum().backward()
    shared, own = (level.experts.stacked()[0].grad for level in model.levels)
    assert shared.any()
    assert [bool(each.any()) for each in own] == [False, True, False]


@pytest.mark.parametrize(("levels", "shared"), [(2, 0), (2, 2), (1, 1)])
def test_nothing_shared_or_nothing_own_is_another_form(levels, shared):
    with pytest.raises(ValueError, match=f"got `shared={shared}`, `levels={levels}`"):
        built(levels=levels, shared=shared)

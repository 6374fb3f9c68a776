import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from sharewise.models import TableTrunk

BINS = torch.tensor([[0.0, 0.5, 1.0, 2.0], [-1.0, -1.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0]])
FORMS = [{"bins": BINS}, {"frequencies": 4}, {}]


def inputs(n: int = 6) -> dict[str, torch.Tensor]:
    return {"numeric": torch.randn(n, 3), "categorical": torch.randint(3, (n, 2))}


@pytest.mark.parametrize("numbers", FORMS)
def test_gradient_reaches_every_parameter(numbers):
    torch.manual_seed(0)
    trunk = TableTrunk(3, [2, 4], width=8, **numbers)
    trunk(inputs()).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in trunk.parameters())


@pytest.mark.parametrize("numbers", FORMS)
def test_population_equals_trunks_alone(numbers):
    torch.manual_seed(0)
    trunks = [TableTrunk(3, [2, 4], width=8, **numbers).eval() for _ in range(3)]
    x = inputs()
    out = vmap(lambda p, b: functional_call(trunks[0], (p, b), (x,)))(*stack_module_state(trunks))
    for index, trunk in enumerate(trunks):
        torch.testing.assert_close(out[index], trunk(x))


def test_columns_of_categories_do_not_mix():
    torch.manual_seed(0)
    trunk = TableTrunk(0, [2, 4], width=8)
    rows = torch.tensor([[0, 0], [2, 0], [0, 4], [2, 4]])
    used = trunk.categories(rows + trunk.offset)
    assert (used[0] == 0).all()
    assert torch.equal(used[1, 0], trunk.categories.weight[2])
    assert torch.equal(used[2, 1], trunk.categories.weight[7])
    assert len(trunk.categories.weight) == 8


def test_either_part_may_be_absent():
    numeric = TableTrunk(3, width=8)
    assert numeric({"numeric": torch.randn(1, 3)}).shape == (1, 8)
    categorical = TableTrunk(0, [1], width=8)
    assert categorical({"categorical": torch.zeros(1, 1, dtype=torch.long)}).shape == (1, 8)


def test_inputs_stay_as_they_are():
    trunk, x = TableTrunk(3, [2, 4], bins=BINS, width=8), inputs()
    before = {key: value.clone() for key, value in x.items()}
    trunk(x)
    assert all(torch.equal(before[key], x[key]) for key in x)


def test_bad_tables():
    with pytest.raises(ValueError, match="needs columns, got `numeric=0`"):
        TableTrunk(0)
    with pytest.raises(ValueError, match="must have 2 rows, one for each numeric column, got 3"):
        TableTrunk(2, bins=BINS)

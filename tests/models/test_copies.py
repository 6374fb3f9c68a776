import pytest
import torch
from torch import nn

from sharewise.models import Factorised, FactorisedStack, StackedLinear, copy_distances, soften, stack, to_mean
from sharewise.models._copies import numbers_of

KINDS = {
    "any": lambda: stack(lambda: nn.Linear(3, 2), 4),
    "linear": lambda: StackedLinear(4, 3, 2),
    "few factors": lambda: Factorised(4, 3, 2, rank=2),
    "few factors of any": lambda: FactorisedStack([nn.Linear(3, 2) for _ in range(4)], 4, rank=2),
}


@pytest.mark.parametrize("copies", [make() for make in KINDS.values()], ids=KINDS)
def test_numbers_are_those_that_stand_for_the_copies(copies):
    """Read off from what the copies compute."""
    offset = copies(torch.zeros(1, 3))
    weight = (copies(torch.eye(3)) - offset).mT
    found = sorted(numbers_of(copies), key=lambda each: -each.dim())
    torch.testing.assert_close(found[0], weight)
    torch.testing.assert_close(found[1], offset.squeeze(1))
    torch.testing.assert_close(soften(copies, to_mean), to_mean(weight) + to_mean(offset))
    flat = torch.cat([weight.flatten(1), offset.squeeze(1)], 1)
    expected = torch.cdist(flat, flat) / flat.norm(dim=1).mean()
    torch.testing.assert_close(copy_distances(copies), expected, atol=1e-5, rtol=1e-4)
    own = copies.stacked()
    assert all(len(each) == 4 for each in own)


def test_of_a_plain_module_its_parameters():
    layer = nn.Linear(3, 2)
    assert all(one is other for one, other in zip(numbers_of(layer), layer.parameters(), strict=True))

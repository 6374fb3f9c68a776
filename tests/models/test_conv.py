import pytest
import torch
from torch.func import functional_call, stack_module_state, vmap

from sharewise.models import ConvTrunk


def test_population_equals_trunks_alone():
    torch.manual_seed(0)
    trunks = [ConvTrunk((1, 8, 16), width=10).double() for _ in range(2)]
    x = torch.randn(3, 1, 8, 16, dtype=torch.float64)
    out = vmap(lambda p, b: functional_call(trunks[0], (p, b), (x,)))(*stack_module_state(trunks))
    torch.testing.assert_close(out, torch.stack([trunk(x) for trunk in trunks]))


def test_places_are_told_apart():
    trunk = ConvTrunk((1, 8, 16))
    x = torch.zeros(2, 1, 8, 16)
    x[0, 0, 2, 2] = x[1, 0, 2, 13] = 1.0
    out = trunk(x)
    assert not torch.allclose(out[0], out[1])


def test_small_images_are_refused():
    with pytest.raises(ValueError, match=r"at least 4 by 4, got `shape=\(1, 3, 9\)`"):
        ConvTrunk((1, 3, 9))

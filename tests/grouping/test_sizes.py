import pytest
from torch import nn

from sharewise.grouping import GroupingProtocol
from sharewise.grouping._contenders import extremes
from sharewise.grouping._sizes import Sizes, fitting
from sharewise.runs import Network, Perform, Run


def sizes(made, width=24, **more):
    like = Run("together", tuple("abcd"), 0, network=Network(width, 1))
    return Sizes(Perform(made), like, GroupingProtocol(**more))


def counted(trunks, width):
    """Weights and biases of `trunks` layers from 20 inputs, and of four heads."""
    return trunks * (20 * width + width) + 4 * (width + 1)


def test_parameters_are_those_that_are_served(made):
    assert sizes(made).parameters(3, 7) == counted(3, 7)


@pytest.mark.parametrize("networks", [2, 3, 4])
def test_widths_make_equal_parameters(made, networks):
    found = sizes(made)
    best = min(range(1, 25), key=lambda width: abs(counted(networks, width) - counted(1, 24)))
    assert found.width(networks) == best
    assert found.equal


def test_networks_of_equal_size_if_asked_for(made):
    assert sizes(made, equal="networks").width(4) == 24


def test_what_is_too_large_is_left_out_with_its_reason(made):
    kept, reasons = fitting(extremes("abcd"), sizes(made, width=1))
    assert [each.name for each in kept] == ["together"]
    assert "4 networks cannot cost as much as one" in reasons["alone"]


def trunk():
    return nn.Linear(20, 3)


def test_a_trunk_of_ones_own_keeps_its_size(made):
    like = Run("together", tuple("abcd"), 0)
    found = Sizes(Perform(made, trunk), like, GroupingProtocol())
    assert not found.equal
    assert found.parameters(2, found.width(2)) == 2 * (20 * 3 + 3) + 4 * 4

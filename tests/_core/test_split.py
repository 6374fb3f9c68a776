"""Roles share no rows."""

import pytest
import torch

from sharewise._core import ROLES, Split


def test_roles_and_sizes():
    split = Split(*torch.arange(10).split([4, 3, 2, 1]))
    assert [len(split.rows(role)) for role in ROLES] == [4, 3, 2, 1]
    assert split.sizes == {"train": 4, "valid": 3, "select": 2, "test": 1}


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 3), (1, 2), (2, 3)])
def test_a_shared_row_is_named(first, second):
    parts = [torch.arange(5 * place, 5 * place + 3) for place in range(4)]
    for place in (first, second):
        parts[place] = torch.cat([parts[place], torch.tensor([77])])
    with pytest.raises(ValueError, match="row 77 in two roles"):
        Split(*parts)


def test_roles_may_be_empty():
    nothing = torch.empty(0, dtype=torch.long)
    assert Split(torch.arange(3), nothing, nothing, nothing).sizes["test"] == 0

import numpy as np
import pytest
import torch

from sharewise._core import ROLES, InputError
from sharewise.mixing import FRACTIONS, fold_split
from sharewise.mixing._folds import LARGE, draw_split


def fine(split):
    return None


def drawn(rows, replicate, lacking=fine, **more):
    return draw_split(
        rows, replicate, fractions=FRACTIONS, **({"strata": None, "groups": None} | more), lacking=lacking
    )


@pytest.mark.parametrize("rows", [10, 97, 1000])
def test_every_row_is_tested_once_in_a_repetition(rows):
    for repetition in range(2):
        tests = [fold_split(rows, 5 * repetition + fold).test for fold in range(5)]
        assert torch.equal(torch.cat(tests).sort().values, torch.arange(rows))
    assert not torch.equal(fold_split(rows, 0).test, fold_split(rows, 5).test)


def test_roles_cover_all_rows_in_their_shares():
    split = fold_split(1000, 7)
    assert torch.equal(torch.cat([split.rows(role) for role in ROLES]).sort().values, torch.arange(1000))
    assert split.sizes == {"train": 600, "valid": 100, "select": 100, "test": 200}


def test_strata_come_into_every_fold_as_often_as_their_share():
    strata = (torch.arange(1000) % 50 == 0).long()
    for replicate in range(5):
        split = fold_split(1000, replicate, strata=strata)
        assert [int(strata[split.rows(role)].sum()) for role in ROLES] == [12, 2, 2, 4]


def test_groups_stay_together_and_are_all_tested():
    group = np.random.default_rng(0).integers(0, 40, 600)
    tested = []
    for replicate in range(5):
        split = fold_split(600, replicate, groups=group)
        parts = [set(group[split.rows(role).numpy()]) for role in ROLES]
        assert all(parts)
        assert sum(map(len, parts)) == len(set().union(*parts)) == len(set(group))
        tested.append(split.test)
    assert torch.equal(torch.cat(tested).sort().values, torch.arange(600))


def test_other_test_shares_have_other_folds():
    fractions = (0.5, 0.1, 0.1, 0.3)
    tests = [fold_split(90, replicate, fractions=fractions).test for replicate in range(3)]
    assert torch.equal(torch.cat(tests).sort().values, torch.arange(90))
    assert len(fold_split(10, 0, fractions=(0.5, 0.3, 0.2, 0)).test) == 0


def test_too_few_rows_or_groups():
    with pytest.raises(InputError, match="4 roles need at least 4 rows, got 3"):
        fold_split(3, 0)
    with pytest.raises(InputError, match="5 parts need as many groups, got 4"):
        fold_split(8, 0, groups=[0, 0, 1, 1, 2, 2, 3, 3])


def test_small_data_get_folds_and_large_ones_one_hold_out():
    assert not torch.equal(drawn(LARGE, 0).test, drawn(LARGE, 1).test)
    assert torch.equal(drawn(LARGE + 1, 0).test, drawn(LARGE + 1, 1).test)
    assert torch.equal(drawn(LARGE + 1, 0).train, drawn(LARGE + 1, 1).train)


@pytest.mark.parametrize("rows", [100, LARGE + 1])
def test_what_lacks_is_drawn_again(rows):
    seen = []

    def lacking(split):
        seen.append(split.test[:50])
        return "Task `a` has no labels" if len(seen) < 3 else None

    drawn(rows, 0, lacking)
    assert len(seen) == 3
    assert not torch.equal(seen[0], seen[1])
    with pytest.raises(InputError, match="Task `a` has no labels in 30 random splits; label more rows"):
        drawn(rows, 0, lambda _: "Task `a` has no labels")

from itertools import pairwise

import numpy as np
import pytest
import torch

from sharewise._core import ROLES, InputError
from sharewise.mixing import FRACTIONS, column_split, group_split, random_split, time_split


def rows_of(split):
    return torch.cat([split.rows(role) for role in ROLES])


def assert_covers(split, count):
    assert torch.equal(rows_of(split).sort().values, torch.arange(count))


class TestRandom:
    @pytest.mark.parametrize("count", [4, 5, 10, 97, 1797])
    def test_sizes(self, count):
        split = random_split(count)
        assert_covers(split, count)
        for role, fraction in zip(ROLES, FRACTIONS, strict=True):
            assert len(split.rows(role)) >= 1
            assert abs(len(split.rows(role)) - fraction * count) < 2

    def test_seeds(self):
        assert torch.equal(random_split(50, seed=1).test, random_split(50, seed=1).test)
        assert not torch.equal(random_split(50, seed=1).test, random_split(50, seed=2).test)

    def test_strata_of_several_tasks(self):
        generator = torch.Generator().manual_seed(0)
        strata = torch.stack(
            [torch.randint(0, 10, (2000,), generator=generator), (torch.rand(2000, generator=generator) < 0.01).long()],
            1,
        )
        split = random_split(2000, strata=strata, seed=5)
        assert_covers(split, 2000)
        for column in strata.T:
            for label in column.unique():
                for role, fraction in zip(ROLES, FRACTIONS, strict=True):
                    share = (column[split.rows(role)] == label).sum() / (column == label).sum()
                    assert share > 0
                    assert abs(share - fraction) < 0.06

    def test_a_role_of_no_rows(self):
        assert random_split(10, fractions=(0.5, 0.3, 0, 0.2)).sizes == {"train": 5, "valid": 3, "select": 0, "test": 2}

    def test_fewer_rows_than_roles(self):
        with pytest.raises(InputError, match="4 roles need at least 4 rows, got 3"):
            random_split(3)

    @pytest.mark.parametrize(
        "fractions", [(0.5, 0.5), (0.6, 0.2, 0.2, 0.2), (1.2, -0.2, 0, 0), (float("nan"), 0, 0, 1)]
    )
    def test_wrong_fractions(self, fractions):
        with pytest.raises(InputError, match="sum to 1, got"):
            random_split(10, fractions=fractions)


class TestGroups:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("groups", [4, 5, 30, 500])
    def test_no_group_in_two_roles(self, groups, seed):
        group = np.random.default_rng(seed).integers(0, groups, 2000)
        split = group_split(group, seed=seed)
        assert_covers(split, 2000)
        parts = [set(group[split.rows(role).numpy()]) for role in ROLES]
        assert all(parts)
        assert sum(map(len, parts)) == len(set().union(*parts)) == len(set(group))

    def test_sizes_are_near_the_fractions(self):
        sizes = np.random.default_rng(0).pareto(1.5, 200).astype(int) + 1
        group = np.repeat(np.arange(200), sizes)
        split = group_split(group)
        for role, fraction in zip(ROLES, FRACTIONS, strict=True):
            assert abs(len(split.rows(role)) / len(group) - fraction) < 0.02

    def test_seeds_differ(self):
        group = np.arange(100) // 5
        assert not torch.equal(group_split(group, seed=0).test, group_split(group, seed=1).test)
        assert torch.equal(group_split(group, seed=1).test, group_split(group, seed=1).test)

    @pytest.mark.parametrize(
        "convert", [list, torch.tensor, lambda g: np.array(g).astype(str), lambda g: [str(x) for x in g]]
    )
    def test_forms_of_groups(self, convert):
        group = [row % 7 for row in range(70)]
        assert torch.equal(group_split(convert(group)).train, group_split(group).train)

    def test_too_few_groups(self):
        with pytest.raises(InputError, match="at least 4 groups, got 3"):
            group_split(["a", "b", "c", "c"])

    @pytest.mark.parametrize("missing", [None, float("nan")])
    def test_a_row_without_group(self, missing):
        with pytest.raises(InputError, match=r"needs a group, got (None|nan) in row 2"):
            group_split([1.0, 2.0, missing, 3.0, 4.0])
        with pytest.raises(InputError, match=r"needs a group, got (None|nan) in row 2"):
            group_split(["a", "b", missing, "c", "d"])


class TestTimes:
    def test_the_oldest_train_and_the_newest_test(self):
        time = np.random.default_rng(0).permutation(1000)
        split = time_split(time)
        assert_covers(split, 1000)
        assert split.sizes == {"train": 600, "valid": 100, "select": 100, "test": 200}
        for older, newer in pairwise(ROLES):
            assert time[split.rows(older).numpy()].max() < time[split.rows(newer).numpy()].min()

    def test_rows_of_one_time_stay_together(self):
        time = np.random.default_rng(0).integers(0, 12, 500)
        split = time_split(time)
        times = [set(time[split.rows(role).numpy()]) for role in ROLES]
        assert all(times)
        assert sum(map(len, times)) == 12

    def test_dates_and_texts(self):
        days = np.array("2024-01-01", dtype="datetime64[D]") + np.random.default_rng(0).permutation(50)
        assert torch.equal(time_split(days).test, time_split(days.astype(str)).test)
        assert torch.equal(time_split(days).test, time_split(days.astype(int)).test)

    def test_one_old_time_with_most_rows(self):
        split = time_split([0] * 90 + list(range(1, 11)))
        assert torch.equal(split.train, torch.arange(90))
        assert min(split.sizes.values()) >= 1

    @pytest.mark.parametrize("times", [[1.0, 2.0, float("nan"), 4.0], ["2020", "2021", None, "2023"]])
    def test_a_row_without_time(self, times):
        with pytest.raises(InputError, match=r"needs a time, got (None|nan) in row 2"):
            time_split(times)
        with pytest.raises(InputError, match="NaT in row 1"):
            time_split(np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"))

    def test_too_few_times(self):
        with pytest.raises(InputError, match="at least 4 different times, got 2"):
            time_split([1, 1, 2, 2])


class TestColumn:
    def test_all_roles_given(self):
        values = np.array([ROLES[row % 4] for row in range(20)])
        split = column_split(values)
        for number, role in enumerate(ROLES):
            assert torch.equal(split.rows(role), torch.arange(20)[number::4])

    def test_valid_and_select_are_carved_out_of_train(self):
        values = ["test"] * 30 + ["train"] * 80
        split = column_split(values)
        assert_covers(split, 110)
        assert torch.equal(split.test, torch.arange(30))
        assert split.sizes == {"train": 60, "valid": 10, "select": 10, "test": 30}
        assert not torch.equal(split.valid, column_split(values, seed=1).valid)

    def test_only_select_is_carved(self):
        values = ["train"] * 70 + ["valid"] * 5 + ["test"] * 5
        split = column_split(values)
        assert torch.equal(split.valid, torch.arange(70, 75))
        assert len(split.select) == 10

    def test_what_is_carved_is_stratified(self):
        values = ["train"] * 800 + ["test"] * 10
        strata = torch.zeros(810, dtype=torch.long)
        strata[::100] = 1
        split = column_split(values, strata=strata)
        assert all(strata[split.rows(role)].sum() >= 1 for role in ROLES)

    def test_an_unknown_role(self):
        with pytest.raises(InputError, match="got `dev` in row 1"):
            column_split(["train", "dev", "test"])

    @pytest.mark.parametrize("lacking", ["train", "test"])
    def test_a_role_that_cannot_be_carved(self, lacking):
        with pytest.raises(InputError, match=f"no row `{lacking}`"):
            column_split([role for role in ROLES if role != lacking] * 3)

    def test_too_few_rows_to_carve_from(self):
        with pytest.raises(InputError, match="3 roles need at least 3 rows, got 2"):
            column_split(["train", "train", "test"])

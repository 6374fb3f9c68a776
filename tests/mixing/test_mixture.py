import subprocess
import sys

import pytest
import torch

from sharewise._core import InputError
from sharewise.mixing import Mixture, Mixtures, by_task, equal, proportional


def sources(*sizes):
    return list(torch.arange(sum(sizes)).split_with_sizes(list(sizes)))


def drawn(mixture, stop, start=0):
    return torch.stack([mixture.rows(step) for step in range(start, stop)])


@pytest.mark.parametrize(
    ("sizes", "rates", "batch_size"),
    [
        ([100], None, 7),
        ([1], None, 256),
        ([3], None, 256),
        ([1000, 1], [0.5, 0.5], 256),
        ([50, 60, 70], [0.2, 0.0, 0.8], 16),
        ([5] * 139, None, 64),
        ([5000, 3, 40], [0.98, 0.001, 0.019], 1),
        ([300, 20_000], [1.0, 2.0], 20_000),
    ],
)
class TestAnyMixture:
    def make(self, sizes, rates, batch_size, seed=3):
        rates = None if rates is None else torch.tensor(rates)
        return Mixture(sources(*sizes), rates, batch_size=batch_size, seed=seed)

    def test_batches_are_full_and_of_known_rows(self, sizes, rates, batch_size):
        rows = drawn(self.make(sizes, rates, batch_size), 70)
        assert rows.shape == (70, batch_size)
        assert rows.dtype is torch.int64
        assert rows.min() >= 0
        assert rows.max() < sum(sizes)

    def test_seen_counts_what_was_drawn(self, sizes, rates, batch_size):
        mixture = self.make(sizes, rates, batch_size)
        owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        counts = torch.zeros(len(sizes), dtype=torch.long)
        for step in range(70):
            assert torch.equal(mixture.seen(step), counts)
            own = owner[mixture.rows(step)]
            assert torch.equal(own, own.sort().values)  # in the order of the sources
            counts += torch.bincount(own, minlength=len(sizes))

    def test_rates_hold_after_any_number_of_steps(self, sizes, rates, batch_size):
        mixture = self.make(sizes, rates, batch_size)
        for step in (1, 2, 10, 63, 64, 1000, 10**6, 10**9):
            expected = step * batch_size * mixture.rates
            assert (mixture.seen(step) - expected).abs().max() < 2
            assert mixture.seen(step).sum() == step * batch_size

    def test_a_new_mixture_continues_anywhere(self, sizes, rates, batch_size):
        whole = drawn(self.make(sizes, rates, batch_size), 140)
        for step in (139, 0, 64, 63, 65, 100, 3):
            assert torch.equal(self.make(sizes, rates, batch_size).rows(step), whole[step])

    def test_any_order_of_steps(self, sizes, rates, batch_size):
        mixture = self.make(sizes, rates, batch_size)
        whole = drawn(mixture, 140)
        for step in torch.randperm(140, generator=torch.Generator().manual_seed(0)).tolist():
            assert torch.equal(mixture.rows(step), whole[step])

    def test_every_pass_of_a_source_is_a_permutation_of_it(self, sizes, rates, batch_size):
        mixture = self.make(sizes, rates, batch_size)
        flat = drawn(mixture, 70).flatten()
        first = 0
        for size in sizes:
            stream = flat[(flat >= first) & (flat < first + size)]
            for part in stream[: len(stream) // size * size].view(-1, size)[:50]:
                assert torch.equal(part.sort().values, torch.arange(first, first + size))
            first += size


def test_one_source_is_plain_epochs():
    mixture = Mixture([torch.arange(12)], batch_size=4)
    assert mixture.steps_per_epoch == 3
    epochs = drawn(mixture, 300).view(100, 12)
    assert torch.equal(epochs.sort(1).values, torch.arange(12).expand(100, 12))
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 100


def test_orders_are_uniform():
    # chi-square with (12 - 1)^2 = 121 degrees of freedom: 99.9 % quantile 173
    epochs = drawn(Mixture([torch.arange(12)], batch_size=12), 3000)
    table = torch.stack([torch.bincount(column, minlength=12) for column in epochs.T]).double()
    assert ((table - 250) ** 2 / 250).sum() < 173


def test_orders_differ_between_seeds_and_sources():
    one, other = (Mixture(sources(500), batch_size=500, seed=seed).rows(0) for seed in (0, 1))
    assert not torch.equal(one, other)
    both = Mixture([torch.arange(500), torch.arange(500)], batch_size=1000).rows(0)
    assert not torch.equal(both[:500], both[500:])


def test_another_process_draws_the_same_rows():
    program = (
        "import torch; from sharewise.mixing import Mixture\n"
        "m = Mixture([torch.arange(70), torch.arange(70, 75)], torch.tensor([0.7, 0.3]), batch_size=9, seed=4)\n"
        "print(m.rows(1234).tolist())"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    mixture = Mixture([torch.arange(70), torch.arange(70, 75)], torch.tensor([0.7, 0.3]), batch_size=9, seed=4)
    assert printed.strip() == str(mixture.rows(1234).tolist())


def test_a_huge_step():
    mixture = Mixture(sources(10, 1000), torch.tensor([0.3, 0.7]), batch_size=100)
    rows = mixture.rows(10**12)
    assert rows.shape == (100,)
    assert ((rows < 10).sum() - 30).abs() <= 3
    assert mixture.seen(10**12).sum() == 10**14


def test_rows_of_a_source_need_not_be_in_order():
    rows = torch.tensor([7, 3, 11])
    assert set(Mixture([rows], batch_size=6).rows(5).tolist()) == {3, 7, 11}


def test_steps_per_epoch_counts_sources_in_use():
    assert Mixture(sources(10, 90), torch.tensor([1.0, 0.0]), batch_size=4).steps_per_epoch == 3
    assert Mixture(sources(10, 90), batch_size=10).steps_per_epoch == 10


def test_balanced_batches():
    mixture = Mixture(sources(1000, 10), equal([1000, 10]), batch_size=64)
    assert all((mixture.rows(step) < 1000).sum() == 32 for step in range(20))


def test_an_empty_source_without_rate_is_allowed():
    sizes = [0, 5]
    assert (Mixture([torch.arange(0), torch.arange(5)], proportional(sizes), batch_size=5).rows(0) < 5).all()


def test_misuse():
    with pytest.raises(ValueError, match="2 rates for 1 sources"):
        Mixture(sources(3), torch.tensor([0.5, 0.5]))
    with pytest.raises(ValueError, match="got none in source 1"):
        Mixture([torch.arange(3), torch.arange(0)], torch.tensor([0.5, 0.5]))
    with pytest.raises(ValueError, match="batch_size=0"):
        Mixture(sources(3), batch_size=0)
    with pytest.raises(ValueError, match="step=-1"):
        Mixture(sources(3)).seen(-1)
    with pytest.raises(ValueError, match="must not be negative"):
        Mixture(sources(3)).rows(-1)
    with pytest.raises(InputError, match="for source 0"):
        Mixture(sources(3), torch.tensor([-1.0]))


def test_mixtures_have_each_model_in_its_own_order():
    members = [Mixture(sources(30), batch_size=4, seed=0), Mixture([torch.arange(50, 55)], batch_size=4, seed=1)]
    both = Mixtures(members)
    assert both.steps_per_epoch == 8
    for step in (0, 9):
        assert torch.equal(both.rows(step), torch.stack([member.rows(step) for member in members]))
    assert both.seen(3).tolist() == [[12], [12]]


def test_mixtures_need_one_batch_size():
    with pytest.raises(ValueError, match=r"got \[4, 5\]"):
        Mixtures([Mixture(sources(9), batch_size=size) for size in (4, 5)])


def test_by_task_divides_the_rows():
    generator = torch.Generator().manual_seed(0)
    task = torch.randint(0, 7, (100,), generator=generator)
    rows = torch.randperm(100, generator=generator)[:60]
    parts = by_task(task, rows, 9)
    assert [part.tolist() for part in parts] == [[row for row in rows.tolist() if task[row] == k] for k in range(9)]

import pytest
import torch

from sharewise.mixing import Mixture
from sharewise.training._draws import Draws, move, shared


def mixture(*, seed=0, rates=(1.0, 2.0), sizes=(9, 5), batch_size=6):
    sources = list(torch.arange(sum(sizes)).split(list(sizes)))
    return Mixture(sources, torch.tensor(rates), batch_size=batch_size, seed=seed)


def test_rows_are_those_of_each_mixture():
    members = [mixture(seed=seed) for seed in (0, 1, 0, 2, 1)]
    draws = Draws(members)
    assert len(draws.distinct) == 3
    for step in (0, 7, 3):
        assert torch.equal(draws.rows(step), torch.stack([member.rows(step) for member in members]))


def test_the_same_rows_are_one_tensor():
    rows = Draws([mixture() for _ in range(3)]).rows(2)
    assert shared(rows)
    assert torch.equal(rows, mixture().rows(2).expand(3, -1))
    assert shared(move(rows, torch.device("cpu")))
    assert not shared(Draws([mixture()]).rows(2))


@pytest.mark.parametrize("other", [{"seed": 1}, {"rates": (2.0, 1.0)}, {"sizes": (8, 6)}])
def test_whatever_differs_keeps_them_apart(other):
    assert len(Draws([mixture(), mixture(**other)]).distinct) == 2

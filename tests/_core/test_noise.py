import torch
from scipy import stats

from sharewise._core import uniform


def test_draws_are_uniform_and_independent_of_neighbours() -> None:
    place = torch.arange(200)
    draws = uniform(torch.tensor([3, 4]).view(2, 1, 1), place.view(-1, 1), place)
    assert stats.kstest(draws.flatten().numpy(), "uniform").pvalue > 1e-3
    pairs = [(draws[0], draws[1]), (draws[0, 1:], draws[0, :-1]), (draws[0, :, 1:], draws[0, :, :-1])]
    for one, other in [*pairs, (draws[0], draws[0].T)]:
        assert torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1].abs() < 0.02
    assert len(draws.unique()) == draws.numel()


def test_a_draw_depends_on_its_coordinates_alone() -> None:
    all_draws = uniform(torch.tensor(1), torch.tensor(2), torch.arange(10))
    before = torch.get_rng_state()
    one = uniform(torch.tensor([1]), torch.tensor(2), torch.tensor(7))
    assert one == all_draws[7]
    assert torch.equal(before, torch.get_rng_state())


def test_draws_stay_the_same_in_later_versions() -> None:
    draws = uniform(torch.tensor(-5), torch.tensor([0, 1, 2**40]))
    expected = [0.20438263571802345, 0.29745937361007563, 0.9850034084172266]
    assert draws.tolist() == expected

import pytest
import torch

from sharewise._core import InputError
from sharewise.mixing import equal, given, proportional, temperature

SIZES = [1000, 10, 90, 0]


@pytest.mark.parametrize("t", [0.3, 1.0, 2.0, 5.0, 1e3])
def test_temperature_follows_its_formula(t):
    raw = [size ** (1 / t) if size else 0.0 for size in SIZES]
    wanted = torch.tensor([rate / sum(raw) for rate in raw], dtype=torch.float64)
    torch.testing.assert_close(temperature(SIZES, t), wanted)


def test_temperature_lies_between_proportional_and_equal():
    torch.testing.assert_close(temperature(SIZES, 1), proportional(SIZES))
    torch.testing.assert_close(temperature(SIZES, 1e9), equal(SIZES), atol=1e-7, rtol=0)


def test_a_tiny_temperature_does_not_overflow():
    assert temperature([10**9, 10**8], 0.001).tolist() == [1.0, 0.0]


def test_sources_without_rows_get_no_rate():
    for rates in (equal(SIZES), proportional(SIZES), temperature(SIZES, 3.0)):
        assert rates[3] == 0
        assert rates.sum().item() == pytest.approx(1.0, abs=1e-12)


def test_sizes_may_be_a_tensor():
    assert torch.equal(proportional(torch.tensor([3, 1])), torch.tensor([0.75, 0.25], dtype=torch.float64))


@pytest.mark.parametrize(
    ("rates", "message"),
    [([0.5, -0.1], "got -0.1 for source 1"), ([0.5, float("nan")], "nan for source 1"), ([0.0, 0.0], "not all be 0")],
)
def test_impossible_rates_are_refused(rates, message):
    with pytest.raises(InputError, match=message):
        given(rates)


@pytest.mark.parametrize("t", [0.0, -1.0, float("nan")])
def test_impossible_temperatures_are_refused(t):
    with pytest.raises(InputError, match="positive, got"):
        temperature([1, 2], t)


def test_no_rows_at_all_are_refused():
    for plan in (equal, proportional, lambda sizes: temperature(sizes, 2.0)):
        with pytest.raises(InputError, match="not all be 0"):
            plan([0, 0])

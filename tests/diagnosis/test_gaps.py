"""The split of a gap is exact, and its hint follows the numbers."""

import numpy as np
import pytest

from sharewise.diagnosis import split_gap


def arms(seed, train=0.0, new=0.0, replicates=8):
    draw = np.random.default_rng(seed)
    alone = {"train": draw.normal(0.1, 0.01, replicates), "new": draw.normal(0.3, 0.01, replicates)}
    together = {
        "train": alone["train"] + train + draw.normal(0, 0.01, replicates),
        "new": alone["new"] + new + draw.normal(0, 0.01, replicates),
    }
    return alone, together


@pytest.mark.parametrize("seed", range(5))
def test_parts_add_up_exactly(seed):
    gaps = split_gap(*arms(seed, train=0.1, new=0.2))
    assert gaps.new.estimate == pytest.approx(gaps.train.estimate + gaps.generalisation.estimate, abs=1e-12)


def test_where_the_harm_sits():
    assert split_gap(*arms(0, train=0.1, new=0.1)).where == "train"
    assert split_gap(*arms(0, train=0.0, new=0.1)).where == "generalisation"
    assert split_gap(*arms(0)).where == "unclear"


def test_swapping_the_arms_flips_every_sign():
    alone, together = arms(3, train=0.1, new=0.2)
    one, other = split_gap(alone, together), split_gap(together, alone)
    assert one.train.estimate == pytest.approx(-other.train.estimate)
    assert one.new.low == pytest.approx(-other.new.high)


def test_arms_must_be_paired():
    alone, together = arms(0)
    with pytest.raises(ValueError, match="a loss for each replicate"):
        split_gap(alone, {**together, "new": together["new"][:3]})

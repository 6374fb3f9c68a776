import numpy as np
import pytest

from sharewise.diagnosis import Setup, hurt_tasks
from sharewise.diagnosis._harm import shifted, sits_on
from sharewise.evidence import t_interval

SETUP = Setup()


def test_harm_must_be_sure_and_matter(table):
    losses = table({("alone", task): 0.5 for task in "abc"} | {("together", "a"): 0.6, ("together", "b"): 0.4})
    losses |= table({("together", "c"): 0.504}, noise=0.0) | table({("alone", "c"): 0.5}, noise=0.0)
    assert hurt_tasks(losses, "abc", SETUP, t_interval) == ("a",)
    assert hurt_tasks(losses, "abc", Setup(margin=0.001), t_interval) == ("a", "c")


def test_without_harm_false_claims_keep_to_half_the_level():
    draw, claimed = np.random.default_rng(0), 0
    for _ in range(1000):
        losses = {(arm, task, "select"): draw.normal(size=10) for arm in ("alone", "together") for task in "abcd"}
        claimed += bool(hurt_tasks(losses, "abcd", SETUP, t_interval))
    assert 10 <= claimed <= 40  # 25 expected


@pytest.mark.parametrize(
    ("together", "rows"), [((0.6, 0.6, 0.6), "train"), ((0.5, 0.6, 0.6), "select"), ((0.53, 0.6, 0.6), "select")]
)
def test_harm_sits_where_most_of_it_is(table, together, rows):
    losses = table({("alone", "a"): 0.5, ("together", "a"): together}, noise=0.002)
    assert sits_on(losses, "a", t_interval) == rows


def test_what_others_pay_is_summed(table):
    losses = table(
        {("together", "a"): 0.5, ("together", "b"): 0.4, ("UPGrad", "a"): 0.7, ("UPGrad", "b"): 0.3}, noise=0.0
    )
    assert shifted(losses, ["a", "b", "unknown"], "UPGrad", "train") == pytest.approx(0.2 - 0.1)

import pytest

from sharewise.diagnosis import Recovery, gradients, own_stop, recovery, shared_by, subsampled, wider
from sharewise.diagnosis._recover import Arms, ordered, ranked, worth_combining
from sharewise.evidence import recovered, t_interval

BASE = {("alone", "a"): 0.1, ("together", "a"): 0.5, ("alone", "b"): 0.2, ("together", "b"): 0.2}


def arms(losses):
    return Arms(losses, ["a", "b"], t_interval, recovered, {"UPGrad": {"method": "UPGrad"}})


def of(table, more, tried, noise=0.005):
    return recovery("a", tried, (tried.cause,), arms(table(BASE | more, noise=noise)))


def test_the_share_compares_both_arms_with_the_change(table):
    more = {("width x2", "a"): 0.25, ("width x2, alone", "a"): 0.05}
    found = of(table, more, wider(2))
    assert found.share.estimate == pytest.approx(1 - 0.2 / 0.4, abs=0.02)
    assert found.rows == "train"
    assert (found.before, found.after) == pytest.approx((0.4, 0.2), abs=0.01)


@pytest.mark.parametrize(("after", "enough"), [(0.15, True), (0.28, True), (0.32, False), (0.5, False)])
def test_more_than_half_must_go_away(table, after, enough):
    assert of(table, {("UPGrad", "a"): after, ("UPGrad", "b"): 0.2}, gradients("UPGrad", "")).enough is enough


def test_surely_more_than_a_quarter_must_go_away(table):
    losses = table(BASE, noise=0.0) | table({("UPGrad", "a"): 0.25, ("UPGrad", "b"): 0.2}, noise=0.4)
    found = recovery("a", gradients("UPGrad", ""), ("optimisation",), arms(losses))
    assert found.share.low < 0.25
    assert not found.enough


@pytest.mark.parametrize(("other", "enough"), [(0.2, True), (0.3, True), (0.5, False)])
def test_harm_that_is_moved_to_others_is_not_cured(table, other, enough):
    found = of(table, {("UPGrad", "a"): 0.1, ("UPGrad", "b"): other}, gradients("UPGrad", ""))
    assert found.moved == pytest.approx((other - 0.2) / 0.4, abs=0.03)
    assert found.enough is enough
    assert found.run == {"method": "UPGrad"}


def test_what_is_no_cure_hands_no_training_over(table):
    few = subsampled({"a": 500, "b": 20})
    losses = table(BASE | {("equal sizes", "a"): 0.1, ("equal sizes, alone", "a"): 0.1})
    given = Arms(losses, ["a", "b"], t_interval, recovered, {"equal sizes": {"labels": {"a": 40}}})
    found = recovery("a", few, (few.cause,), given)
    assert (found.enough, found.run) == (True, {})


def test_own_stops_are_judged_on_new_rows(table):
    losses = table(BASE | {("own stop", "a"): 0.1, ("own stop", "b"): 0.2})
    found = recovery("a", own_stop(), ("overfitting",), arms(losses))
    assert (found.rows, found.enough, found.run) == ("select", True, {})


def test_what_was_not_measured_is_not_judged(table):
    assert of(table, {}, wider(2)) is None


def test_overfitting_comes_first_where_the_harm_is_on_new_rows():
    tried = (own_stop(), gradients("UPGrad", ""), wider(2))
    assert ordered(tried[::-1], "train") == tried[::-1]
    assert ordered(tried[::-1], "select") == (tried[0], tried[2], tried[1])


@pytest.fixture
def made(known):
    def build(name, cause, estimate, *, enough=False, run=True):
        share = known(estimate)
        return Recovery(
            intervention=name,
            causes=(cause,),
            what="",
            rows="train",
            share=share,
            before=1.0,
            after=1 - estimate,
            select=share,
            test=share,
            enough=enough,
            run={"method": name} if run else {},
        )

    return build


def test_enough_in_the_order_given_then_the_others_by_share(made):
    found = [
        made("x", "optimisation", 0.2),
        made("y", "optimisation", 0.6, enough=True),
        made("z", "too small a network", 0.4),
        made("w", "too small a network", 0.9, enough=True),
    ]
    assert [each.intervention for each in ranked(found)] == ["y", "w", "z", "x"]


def test_the_best_of_two_causes_are_combined_where_none_is_enough(made):
    some = [
        made("x", "optimisation", 0.4),
        made("y", "optimisation", 0.45),
        made("z", "too small a network", 0.3),
        made("stop", "overfitting", 0.49, run=False),
        made("sharing soft", "contradictory tasks", 1.0, enough=False),
    ]
    assert [each.intervention for each in worth_combining(some)] == ["y", "z"]
    assert worth_combining([*some, made("w", "too small a network", 0.9, enough=True)]) is None
    assert worth_combining([some[0], some[1], made("z", "too small a network", 0.05)]) is None


def test_sharing_less_has_its_arms_alone(table):
    more = {("sharing soft", "a"): 0.1, ("sharing soft, alone", "a"): 0.1}
    assert of(table, more, shared_by("soft", "")).share.estimate == pytest.approx(1, abs=0.03)

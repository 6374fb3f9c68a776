import json

import pytest

from sharewise.study import Protocol
from sharewise.study._budget import Budget, fit_budget


def cost(each):
    """Seconds of a made-up study."""
    arms = 6 + 6 * ("shuffled" in each.treatments) + ("weighted" in each.treatments) + ("worst task" in each.treatments)
    return each.replicates * (each.trials * arms + 20 * bool(each.transfer is not False) + 10 * each.references) * 1.0


WANTED = Protocol(replicates=10)


def test_a_study_that_fits_stays_whole():
    found = fit_budget(WANTED, float(cost(WANTED)), cost)
    assert (found.protocol, found.left_out) == (WANTED, {})


def test_what_matters_least_goes_first():
    seen = []
    for seconds in range(int(cost(WANTED)), 0, -1):
        found = fit_budget(WANTED, float(seconds), cost)
        assert cost(found.protocol) <= seconds or "nevertheless" in found.left_out["time"]
        seen += [topic for topic in found.left_out if topic not in seen]
    assert seen == ["transfer", "objectives", "replicates", "trials", "control", "outside", "time"]


def test_replicates_are_kept_at_five_while_anything_else_can_go():
    found = fit_budget(WANTED, 0.0, cost)
    assert (found.protocol.replicates, found.protocol.trials) == (3, 1)
    assert found.left_out["time"] == "it is expected to take 18 s nevertheless: nothing more can be left out"
    assert fit_budget(WANTED, 150.0, cost).protocol.replicates == 5


def test_as_many_replicates_as_fit():
    found = fit_budget(Protocol(replicates=10, transfer=False, treatments=()), 339.0, cost)
    assert found.protocol.replicates == 9
    assert found.left_out == {"replicates": "9 replicates instead of 10"}


def test_it_is_continued_as_it_was_written():
    found = fit_budget(WANTED, 200.0, cost).cut(4)
    again = Budget.continued(json.loads(json.dumps(found.describe())), WANTED)
    assert again == found
    assert again.left_out["time"] == "the time was over after 4 of 5 replicates"


@pytest.mark.parametrize("replicates", [1, 2])
def test_fewer_than_the_fewest_stay(replicates):
    assert fit_budget(Protocol(replicates=replicates), 0.0, cost).protocol.replicates == replicates

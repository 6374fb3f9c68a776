import pytest

from sharewise.grouping import GroupingProtocol
from sharewise.runs import recipe, settings


def test_settings_and_recipes_are_those_of_studies():
    protocol = GroupingProtocol(trials=3, steps=50, batch_size=16, seed=2)
    assert protocol.settings == settings(3, 2)
    assert protocol.recipe(900, 1, 4) == recipe(settings(3, 2)[1], 900, batch_size=16, steps=50, seed=6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"groups": 0}, "`groups` must be positive, got 0"),
        ({"replicates": 0}, "`replicates` must be positive, got 0"),
        ({"randoms": -1}, "`randoms` must be at least 0, got -1"),
        ({"short": 1.5}, "`short` must lie above 0 and be at most 1, got `short=1.5`"),
        ({"margin": 0.0}, "`margin` must lie above 0"),
    ],
)
def test_numbers_out_of_range_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        GroupingProtocol(**given)


def test_no_random_partitions_may_be_asked_for():
    assert GroupingProtocol(randoms=0).randoms == 0

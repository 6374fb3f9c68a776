import pytest

from sharewise.diagnosis import Setup
from sharewise.runs import settings


def test_settings_are_the_usual_ones_or_those_given():
    usual = [Setup(trials=3).recipe(500, trial, 0) for trial in range(3)]
    assert [(each.learning_rate, each.weight_decay) for each in usual] == list(settings(3))
    own = Setup(trials=1, settings=((0.5, 0.0),), steps=7, batch_size=4).recipe(500, 0, 3)
    assert (own.learning_rate, own.weight_decay, own.steps, own.batch_size, own.seed) == (0.5, 0.0, 7, 4, 3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"replicates": 1}, "`replicates` must be at least 2, got `replicates=1`"),
        ({"trials": 0}, "`trials` must be at least 1"),
        ({"settings": ((0.1, 0.0),)}, "one for each of 2 trials, got 1"),
        ({"margin": 0.0}, "`margin` must be positive"),
    ],
)
def test_wrong_numbers_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Setup(**wrong)

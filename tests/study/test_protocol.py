import pytest

from sharewise.runs._tuned import SETTINGS
from sharewise.study import Protocol


def test_more_trials_begin_with_the_same_settings():
    """So that a study with more trials continues one with fewer."""
    many = Protocol(trials=9).settings()
    assert many[:4] == SETTINGS
    assert all(Protocol(trials=count).settings() == many[:count] for count in range(1, 9))
    assert len(set(many)) == 9
    assert all(1e-4 < rate <= 1e-2 and 1e-3 <= decay <= 1 for rate, decay in many)


def test_another_seed_draws_other_settings():
    assert Protocol(trials=6).settings()[4:] != Protocol(trials=6, seed=1).settings()[4:]


def test_replicates_have_seeds_of_their_own_and_trials_share_them():
    protocol = Protocol(seed=5)
    assert [protocol.recipe(1000, trial, 2).seed for trial in range(4)] == [7, 7, 7, 7]
    assert protocol.recipe(1000, 0, 3).seed == 8
    rates = [protocol.recipe(1000, trial, 0).learning_rate for trial in range(4)]
    assert rates == [rate for rate, _ in SETTINGS]


@pytest.mark.parametrize("rows", [10, 100, 5_000, 100_000])
def test_batches_and_steps_suit_the_rows(rows):
    recipe = Protocol().recipe(rows, 0, 0)
    assert recipe.batch_size <= max(8, rows // 4)
    assert 600 <= recipe.steps <= 4000
    assert recipe.steps // recipe.evaluate_every == 40


def test_given_sizes_are_taken():
    recipe = Protocol(batch_size=7, steps=33).recipe(10_000, 0, 0)
    assert (recipe.batch_size, recipe.steps, recipe.evaluate_every) == (7, 33, 1)


@pytest.mark.parametrize(("name", "value"), [("replicates", 0), ("trials", -1), ("margin", 0.0), ("looks", 0)])
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be positive, got `{name}={value}`"):
        Protocol(**{name: value})

import math

import pytest

from sharewise.training import Recipe


def test_the_rate_rises_then_falls_as_a_cosine():
    recipe = Recipe(learning_rate=0.1, steps=200, warmup=0.1, final_rate=0.2)
    assert recipe.rate(0) == pytest.approx(0.1 / 20)
    assert recipe.rate(19) == pytest.approx(0.1)
    half = 20 + 90
    assert recipe.rate(half) == pytest.approx(0.1 * (0.2 + 0.8 * 0.5 * (1 + math.cos(math.pi / 2))))
    assert recipe.rate(200) == pytest.approx(0.02)
    falling = [recipe.rate(step) for step in range(19, 201)]
    assert falling == sorted(falling, reverse=True)


def test_a_single_step_has_the_whole_rate():
    assert Recipe(steps=1, learning_rate=0.3).rate(0) == 0.3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"learning_rate": 0.0}, r"`learning_rate` must be positive, got `learning_rate=0.0`"),
        ({"learning_rate": math.nan}, "`learning_rate` must be positive"),
        ({"steps": 0}, "`steps` must be positive"),
        ({"patience": 0}, "`patience` must be positive"),
        ({"weight_decay": -1.0}, "`weight_decay` must not be negative, got `weight_decay=-1.0`"),
        ({"clip": 0.0}, "`clip` must be positive or None"),
        ({"warmup": 1.5}, r"`warmup` must be from 0 to 1, got `warmup=1.5`"),
        ({"final_rate": -0.1}, "`final_rate` must be from 0 to 1"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**wrong)

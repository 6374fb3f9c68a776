from dataclasses import FrozenInstanceError

import pytest

from sharewise.tasks import Kind, Regression


def test_kinds_are_final_values(kind):
    assert type(kind).__final__
    assert type(kind).__bases__ == (Kind,)
    assert hash(kind) == hash(kind)
    with pytest.raises(FrozenInstanceError):
        kind.key = "other"


def test_every_kind_says_how_it_is_scored_and_found(kind):
    assert kind.key.isidentifier()
    assert kind.width >= 1
    assert kind.target_width is None or kind.target_width >= 1
    assert len({metric.name for metric in kind.metrics}) == len(kind.metrics) > 0


def test_a_kind_must_say_all():
    with pytest.raises(TypeError, match="abstract"):
        Kind()


def test_sizes_below_the_least_are_refused():
    with pytest.raises(ValueError, match="`outputs` must be at least 1, got `outputs=-2`"):
        Regression(-2)

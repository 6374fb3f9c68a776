"""Records and errors are plain."""

from dataclasses import FrozenInstanceError, asdict

import pytest

from sharewise._core import InputError, Record


def test_records_are_frozen_and_round_trip():
    record = Record("gradient_cosine", -0.5, "train", "a", other="b", step=3)
    assert Record(**asdict(record)) == record
    with pytest.raises(FrozenInstanceError):
        record.value = 1.0


def test_wrong_input_is_a_value_error():
    assert issubclass(InputError, ValueError)
    with pytest.raises(ValueError, match="column `age`"):
        raise InputError("column `age` is missing")

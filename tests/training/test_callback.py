import pytest

from sharewise.training import Callback
from sharewise.training._callback import told


def test_it_is_told_of_the_end_of_a_failure_too(made):
    noted = made.noted()
    assert isinstance(noted, Callback)
    with pytest.raises(made.kill), told([noted], 10):
        raise made.kill
    assert noted.told == [("start", 10), "end"]


def test_what_is_no_callback_is_told_apart():
    assert not isinstance(object(), Callback)

import io

import pytest
from rich.console import Console

from sharewise.cli._progress import StudyBar, TrainingBar
from sharewise.training import Callback


def drawn(use):
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with StudyBar(console) as bar:
        use(bar)
    return console.file.getvalue()


def test_each_part_has_its_bar():
    def use(bar):
        bar.start("networks", 4)
        bar.advance(3)
        bar.advance(1)
        bar.start("outside models", 0)

    text = drawn(use)
    assert "networks" in text
    assert "4/4" in text
    assert "outside models" not in text


def test_a_training_shows_its_steps():
    def use(bar):
        training = TrainingBar(bar, "weight [kg]")
        assert isinstance(training, Callback)
        training.start(100)
        training.record(25, [])
        training.record(50, [])
        training.end()

    text = drawn(use)
    assert "50/100" in text
    assert "weight [kg]" in text


def test_the_bar_ends_with_an_error():
    def use(bar):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drawn(use)

import click

from sharewise.cli._main import main
from sharewise.cli._options import DATA, SIZE, given, options
from sharewise.cli._settings import Settings


def test_what_was_not_given_is_left_out():
    assert given({"a": None, "b": (), "c": ("x",), "d": 0, "e": False}) == {"c": ["x"], "d": 0, "e": False}


def test_options_keep_their_order():
    command = click.command()(options(DATA, SIZE)(lambda **_: None))
    names = [each.name for each in command.params]
    assert names[:3] == ["task", "feature", "exclude"]
    assert names.index("config") < names.index("width")


def test_every_setting_has_an_option_and_every_option_a_setting():
    """One word for each choice, in files and on the command line."""
    words = {each.name for each in main.commands["study"].params}
    run_only = {"out", "workers", "config", "tensorboard", "diagnosed", "choose_groups", "hints", "help"}
    assert words - run_only == set(Settings.model_fields)

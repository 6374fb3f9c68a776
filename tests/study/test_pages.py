import pytest
from jinja2 import UndefinedError

from sharewise.study._pages import pages, style


def test_names_of_users_are_escaped():
    text = pages().from_string("{{ name }} {{ 0.5 | number(2) }} {{ 3 | count('task') }}").render(name="<b>")
    assert text == "&lt;b&gt; 0.50 three tasks"


def test_an_unknown_name_is_an_error():
    with pytest.raises(UndefinedError, match="'nothing' is undefined"):
        pages().from_string("{{ nothing }}").render()


def test_the_style_is_ours_and_loads_nothing():
    assert ":root" in style()
    assert "http" not in style()
    assert "@import" not in style()

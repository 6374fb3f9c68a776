"""Pages that are made from the code are current."""

import doctest
import inspect
import re
import runpy
from pathlib import Path

from sharewise import grouping
from sharewise.runs import sharing_names

DOCS = Path(__file__).parents[1] / "docs"


def words(text):
    """Without line breaks, which depend on the version of click."""
    return text.split()


def test_page_of_the_command_line_is_current():
    made = runpy.run_path(str(DOCS / "make_cli.py"))["text"]()
    assert words((DOCS / "cli.md").read_text(encoding="utf-8")) == words(made)


def test_page_names_every_command():
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    commands = ("diagnose", "fit", "group", "predict", "report", "study")
    assert all(f"## sharewise {name}" in page for name in commands)


def test_page_of_sharing_runs_and_names_every_form():
    page = DOCS / "sharing.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0
    named = set(re.findall(r"`([a-z_]+)`", page.read_text(encoding="utf-8").split("**Strength")[0]))
    assert set(sharing_names()) - {"shared_bottom"} <= named


def test_page_of_grouping_runs_and_names_every_estimate():
    page = DOCS / "grouping.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0
    named = set(re.findall(r"`(\w+)", page.read_text(encoding="utf-8")))
    assert {name for name, each in vars(grouping).items() if _gives(each, grouping.Affinity, grouping.Gains)} <= named


def _gives(function, *kinds):
    if not inspect.isfunction(function):
        return False
    form = inspect.signature(function)
    return form.return_annotation in kinds and "bench" in form.parameters


def test_examples_of_the_guide_run():
    found = doctest.testfile(str(DOCS / "guide.md"), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0

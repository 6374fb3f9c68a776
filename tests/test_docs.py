"""Pages that are made from the code are current."""

import doctest
import re
import runpy
from pathlib import Path

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
    assert all(f"## sharewise {name}" in page for name in ("diagnose", "fit", "predict", "report", "study"))


def test_page_of_sharing_runs_and_names_every_form():
    page = DOCS / "sharing.md"
    assert doctest.testfile(str(page), module_relative=False).failed == 0
    named = set(re.findall(r"`([a-z_]+)`", page.read_text(encoding="utf-8").split("**Strength")[0]))
    assert set(sharing_names()) - {"shared_bottom"} <= named


def test_examples_of_the_guide_run():
    found = doctest.testfile(str(DOCS / "guide.md"), module_relative=False)
    assert found.attempted > 0
    assert found.failed == 0

"""Pages that are made from the code are current."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def words(text):
    """Without line breaks, which depend on the version of click."""
    return text.split()


def test_page_of_the_command_line_is_current():
    made = runpy.run_path(str(DOCS / "make_cli.py"))["text"]()
    assert words((DOCS / "cli.md").read_text(encoding="utf-8")) == words(made)


def test_page_names_every_command():
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert all(f"## sharewise {name}" in page for name in ("fit", "predict", "report", "study"))

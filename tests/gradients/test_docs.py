"""The page of methods is made from the code, and current."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_methods_is_current() -> None:
    spec = importlib.util.spec_from_file_location("make_methods", DOCS / "make_methods.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    expected = module.page()
    assert (DOCS / "methods.md").read_text() == expected, "run `python docs/make_methods.py`"
    assert "| `NashMTL` |" in expected

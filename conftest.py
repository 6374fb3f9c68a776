"""README and examples run in a folder of their own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folder(request: pytest.FixtureRequest) -> None:
    if Path(request.node.path).name == "README.md":
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path"))

"""What every benchmark that makes a page of the docs does in the end: print it, and write what is asked."""

import argparse
import json
from pathlib import Path
from typing import Any


def add_outputs(parser: argparse.ArgumentParser, page: Path) -> None:
    """Options `--json FILE` and `--write`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to this file")
    parser.add_argument("--write", action="store_true", help=f"write {page}")


def publish(given: argparse.Namespace, text: str, numbers: Any, page: Path) -> None:  # noqa: ANN401  # what JSON holds
    """Print a page, and write it and its numbers where that is asked.

    Args:
        given: options, those of `add_outputs` among them.
        text: of the page.
        numbers: behind it.
        page: its file.
    """
    print(text)
    if given.json:
        given.json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    if given.write:
        page.write_text(text, encoding="utf-8")

"""Write docs/cli.md from the help of the commands: `python docs/make_cli.py`."""

from pathlib import Path

import click
from click.testing import CliRunner

from sharewise.cli import main

PAGE = Path(__file__).with_name("cli.md")
OPENING = """# The command line

Made from the commands' own help by `docs/make_cli.py`. Errors of the user end with exit code 2 and one message,
failures with 1, Ctrl-C with 130.
"""


def text() -> str:
    """The whole page."""
    parts = [OPENING, _section("sharewise", [])]
    parts += [_section(f"sharewise {name}", [name]) for name in main.list_commands(click.Context(main))]
    return "\n".join(parts)


def _section(title: str, words: list[str]) -> str:
    shown = CliRunner().invoke(main, [*words, "--help"], prog_name="sharewise", terminal_width=100)
    return f"## {title}\n\n```text\n{shown.output.rstrip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")

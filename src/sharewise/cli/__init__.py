"""The command line."""

from sharewise.cli._main import main

__all__ = ["main"]

"""Errors as a person at a terminal should see them."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sharewise._core import InputError
from sharewise.training import NonFiniteLossError

WRONG_INPUT, FAILED, INTERRUPTED = 2, 1, 130


@contextmanager
def told_plainly(again: str) -> Iterator[None]:
    """One clear message instead of a traceback, and an exit code: 2 for wrong input, 1 for failures, 130 for Ctrl-C.

    Args:
        again: what happens if the command is repeated after an interruption.
    """
    try:
        yield
    except InputError as error:
        _leave(str(error), WRONG_INPUT)
    except NonFiniteLossError as error:
        _leave(f"{error}.", FAILED)
    except KeyboardInterrupt:
        _leave(f"stopped. {again}", INTERRUPTED)
    except OSError as error:
        if error.errno in (None, errno.EPIPE):  # not about files, or a reader such as `head` that has had enough
            raise
        place = f" `{error.filename}`" if error.filename else ""
        _leave(f"cannot read or write{place}: {os.strerror(error.errno)}. {again}", FAILED)


def _leave(message: str, code: int) -> None:
    click.secho("Error: ", fg="red", bold=True, err=True, nl=False)
    click.echo(message, err=True)
    raise SystemExit(code)

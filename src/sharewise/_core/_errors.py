"""The error of bad input."""

from typing import final


@final
class InputError(ValueError):
    """Something the user gave is wrong: the message says what, where, the value and the remedy.

    The command line prints the message alone and exits with code 2; from Python it is a `ValueError`.

    Example:
        >>> raise InputError("column `age` is missing in `new.csv`; add it or train without it")
        Traceback (most recent call last):
        sharewise._core._errors.InputError: column `age` is missing in `new.csv`; add it or train without it
    """

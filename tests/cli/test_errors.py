import errno

import pytest

from sharewise._core import InputError
from sharewise.cli._errors import told_plainly
from sharewise.training import NonFiniteLossError


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InputError("there is no column `x`"), 2, "Error: there is no column `x`\n"),
        (NonFiniteLossError("the loss of task `a`"), 1, "Error: the loss of task `a`.\n"),
        (KeyboardInterrupt(), 130, "Error: stopped. Again.\n"),
        (
            OSError(errno.ENOSPC, "No space", "/x/y"),
            1,
            "Error: cannot read or write `/x/y`: No space left on device. Again.\n",
        ),
        (PermissionError(errno.EACCES, "no", "/x"), 1, "Error: cannot read or write `/x`: Permission denied. Again.\n"),
        (
            OSError(errno.ENOSPC, "Error writing bytes"),
            1,
            "Error: cannot read or write: No space left on device. Again.\n",
        ),
    ],
)
def test_one_line_and_a_code(capsys, error, code, text):
    with pytest.raises(SystemExit) as caught, told_plainly("Again."):
        raise error
    assert caught.value.code == code
    captured = capsys.readouterr()
    assert captured.err == text
    assert captured.out == ""


@pytest.mark.parametrize("error", [ValueError("ours"), OSError("no number"), BrokenPipeError(errno.EPIPE, "head")])
def test_our_own_mistakes_are_not_hidden(error):
    with pytest.raises(type(error)), told_plainly("Again."):
        raise error

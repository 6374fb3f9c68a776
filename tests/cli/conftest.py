"""Commands in this process, and a small table."""

import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from sharewise.cli import main

QUICK = ("--steps", "8", "--replicates", "2", "--trials", "1", "--width", "8", "--blocks", "1", "--no-references",
         "--treatment", "none", "--no-transfer", "--workers", "1")  # fmt: skip
SHORT = ("--steps", "8", "--width", "8", "--blocks", "1")


def people(*, rows=160, seed=0):
    draw = np.random.default_rng(seed)
    age, weight = draw.normal(40, 10, rows).round(1), draw.normal(70, 8, rows).round(1)
    colour = draw.choice(["red", "green", "blue"], rows)
    made = pd.DataFrame({"age": age, "weight [kg]": weight, "colour": colour})
    made["income"] = (age * 100 + draw.normal(0, 100, rows)).round(2)
    made["late"] = np.where(weight > 70 + draw.normal(0, 3, rows), "yes", "no")
    return made


class Told:
    """What a command printed and how it ended."""

    def __init__(self, result):
        self.code, self.out = result.exit_code, result.stdout
        self.error = " ".join(result.stderr.split())
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output

    def refused(self, pattern, *, code=2):
        """One message, and an exit code."""
        assert self.code == code, self.error
        assert len(re.findall(r"\bError: ", self.error)) == 1, self.error
        assert re.search(pattern, self.error), self.error

    def done(self):
        assert self.code == 0, self.error
        return self


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in an empty folder."""
    (tmp_path / "here").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("sys.argv", ["sharewise"])

    def command(*words):
        return Told(CliRunner().invoke(main, [str(word) for word in words]))

    return command


@pytest.fixture
def here(run, tmp_path):
    """The empty folder, with a table in it."""
    people().to_csv(tmp_path / "here" / "people.csv", index=False)
    return tmp_path / "here"


@pytest.fixture(scope="session")
def quick():
    return QUICK


@pytest.fixture(scope="session")
def short():
    return SHORT


@pytest.fixture(scope="session")
def made():
    return people


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A model that `fit` wrote."""
    folder = tmp_path_factory.mktemp("fitted")
    people().to_csv(folder / "people.csv", index=False)
    words = [
        "fit",
        str(folder / "people.csv"),
        "--task",
        "income",
        "--task",
        "late",
        "--out",
        str(folder / "model"),
        *SHORT,
    ]
    Told(CliRunner().invoke(main, words)).done()
    return folder / "model"


@pytest.fixture
def stoppable():
    """Code of a command that Ctrl-C reaches, also where tests run in the background, whose processes ignore it."""
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    return f"{heard}; from sharewise.cli import main; main()"

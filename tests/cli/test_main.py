import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["", "study", "group", "fit", "predict", "report"])
def test_help_tells_all(run, command):
    found = run(*command.split(), "--help").done()
    assert "Usage: main" in found.out
    if command in ("study", "group", "fit"):
        for word in ("--task", "--group", "--time", "--split", "--by", "--plan", "--config", "regression, binary"):
            assert word in found.out


def test_help_comes_without_heavy_libraries():
    heavy = "{'torch', 'pandas', 'sklearn', 'matplotlib'}"
    code = f"import sys, sharewise.cli; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_version(run):
    assert "version 0." in run("--version").done().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("studdy",), "No such command 'studdy'"),
        (("study", "--replicates", "few"), "'few' is not a valid integer"),
        (("study", "a.csv", "--nonsense"), "No such option '--nonsense'|No such option: --nonsense"),
        (("fit", "a.csv"), "Missing option '--out'"),
        (("fit", "a.csv", "--out", "m", "--learning-rate", "0"), "0.0 is not in the range"),
        (("fit", "a.csv", "--out", "m", "--weight-decay", "-1"), "-1.0 is not in the range"),
        (("fit", "a.csv", "--out", "m", "--sharing", "sotf"), "there is no sharing `sotf`; did you mean `soft`"),
        (("study",), "source: must be given"),
        (("study", "digits", "--replicates", "0", "--width", "0"), "replicates: .* got 0 width: .* got 0"),
    ],
)
def test_wrong_words_are_refused(run, tmp_path, words, message):
    run(*words).refused(message)
    assert list((tmp_path / "here").iterdir()) == []


def test_ctrl_c_while_libraries_are_imported(run, monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr("sharewise.cli._main.import_module", interrupted)
    run("study", "digits").refused("stopped before anything was done", code=130)

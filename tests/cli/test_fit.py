"""`sharewise fit`."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sharewise.runs import TrainedModel

TASKS = ("--task", "income", "--task", "late")


@pytest.fixture
def fit(run, here, short):
    def command(*words, out="model"):
        return run("fit", "people.csv", *TASKS, *short, *words, "--out", out)

    return command


def test_it_trains_tells_and_writes_a_model(fit, here):
    found = fit().done()
    assert "rmse" in found.out
    assert found.out.strip().endswith("model  model")
    assert {path.suffix for path in (here / "model").iterdir()} == {".json", ".safetensors"}
    assert [path.name for path in here.iterdir() if path.name.startswith(".")] == []
    assert len(TrainedModel.load(here / "model").parts) == 1


def test_a_network_for_each_task(fit, here):
    fit("--sharing", "none").done()
    assert [part.serves for part in TrainedModel.load(here / "model").parts] == [("income",), ("late",)]


@pytest.mark.parametrize(
    "words",
    [
        ("soft", "--sharing-option", "strength=0.1"),
        ("mmoe", "--sharing-option", "experts=3"),
        ("film",),
        ("cross-stitch",),
    ],
)
def test_forms_of_sharing_by_name(fit, run, here, words):
    fit("--sharing", *words).done()
    model = TrainedModel.load(here / "model")
    assert [(part.serves, part.sharing.key) for part in model.parts] == [
        (("income", "late"), words[0].replace("-", "_"))
    ]
    run("predict", "model", "people.csv", "--out", "found.csv").done()


def test_a_slow_trunk(fit, here):
    fit().done()
    fit("--trunk-rate", "0.001", out="slow").done()
    weights = [TrainedModel.load(here / name).parts[0].module.trunk.enter.weight for name in ("model", "slow")]
    assert (weights[0] - weights[1]).abs().max() > 1e-3


@pytest.mark.parametrize("method", ["MinMax", "UW", "PCGrad", "MGDA"])
def test_methods_by_name(fit, here, method):
    fit("--method", method).done()
    assert (here / "model" / "model.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--method", "pcgrad"), "there is no method `pcgrad`; did you mean `PCGrad`?"),
        (("--method", "Losses"), "there is no method `Losses`; There are .*Sum"),
        (("--method", "Weighted"), "method `Weighted` does not take .*weights"),
        (("--sharing", "mmo"), "there is no sharing `mmo`; did you mean `mmoe`?"),
        (("--sharing", "mmoe", "--sharing-option", "own=2"), "sharing `mmoe` cannot be built with .*'own': 2"),
        (("--sharing", "mmoe", "--sharing-option", "experts"), "must be NAME=VALUE.* got `experts`"),
        (("--sharing", "mmoe", "--sharing-option", "experts=["), "experts` must be a number.* got `\\["),
        (("--sharing", "none", "--sharing-option", "strength=1"), "sharing `none` has no options, got .*strength"),
        (("--trunk-rate", "0"), "--trunk-rate.*0.* is not in the range"),
        (("--exclude", "agee"), "agee.*did you mean `age`"),
    ],
)
def test_wrong_choices_are_refused_before_training(fit, here, words, message):
    fit(*words).refused(message)
    assert [path.name for path in here.iterdir()] == ["people.csv"]


def test_a_folder_of_something_else_is_refused_before_training(fit, here):
    (here / "model").mkdir()
    (here / "model" / "thesis.doc").write_text("years")
    fit().refused("`model` is not empty and holds no model")
    assert sorted(path.name for path in here.rglob("*")) == ["model", "people.csv", "thesis.doc"]


def test_a_model_is_replaced(fit, here):
    fit().done()
    fit("--sharing", "none").done()
    assert len(TrainedModel.load(here / "model").parts) == 2
    assert len(list((here / "model").iterdir())) == 2


def test_the_folder_it_is_in(run, here, short, monkeypatch):
    (here / "empty").mkdir()
    monkeypatch.chdir(here / "empty")
    run("fit", "../people.csv", *TASKS, *short, "--out", ".").done()
    assert len(TrainedModel.load(here / "empty").tasks) == 2


def test_a_training_that_fails_is_told_plainly(fit, here, monkeypatch):
    from sharewise.training import NonFiniteLossError, Training

    def failing(self):
        raise NonFiniteLossError("the loss of task `income` is not finite at step 3, in row 8")

    monkeypatch.setattr(Training, "run", failing)
    fit().refused("^(?!.*Traceback).*the loss of task `income` is not finite at step 3, in row 8", code=1)
    assert not (here / "model").exists()


def test_a_full_disk_keeps_the_old_model(fit, here, monkeypatch):
    fit().done()
    before = {path.name: path.read_bytes() for path in (here / "model").iterdir()}

    def full(self, *_, **__):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_text", full)  # the description of the model
    fit("--sharing", "none").refused("No space left on device. The last checkpoint is kept", code=1)
    monkeypatch.undo()
    assert {path.name for path in (here / "model").iterdir()} >= before.keys()
    assert all((here / "model" / name).read_bytes() == content for name, content in before.items())
    assert len(TrainedModel.load(here / "model").parts) == 1


def test_ctrl_c_keeps_the_checkpoint_and_the_same_command_continues(here, run, short, stoppable):
    words = ["fit", "people.csv", *TASKS, "--steps", "3000", *short[2:], "--out", "model"]
    sharewise = [sys.executable, "-c", stoppable, *words]
    process = subprocess.Popen(sharewise, cwd=here, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until = time.monotonic() + 120
    while not list(here.glob(".model.unfinished/*.pt")) and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 130, error
    assert error.splitlines()[-1] == "Error: stopped. The last checkpoint is kept: the same command continues."
    assert "Traceback" not in error
    assert not (here / "model").exists()
    run(*words).done()
    assert (here / "model" / "model.json").exists()
    assert not (here / ".model.unfinished").exists()

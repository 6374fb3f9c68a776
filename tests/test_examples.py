"""The examples, in small."""

import importlib.util
import sys
from pathlib import Path

import pytest

from sharewise.runs import Network
from sharewise.study import Protocol

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
QUICK = Protocol(replicates=2, trials=1, steps=10, batch_size=32, network=Network(8, 1), references=False)


@pytest.fixture
def example(request, tmp_path, monkeypatch):
    """The named example, in a folder of its own and on one process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    path = next(each for each in EXAMPLES if each.stem == request.param)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("example", ["images"], indirect=True)
def test_images(example):
    result = example.main(200, protocol=QUICK)
    assert [task.name for task in result.summary.tasks] == ["left", "right"]
    assert Path("runs/images/report.html").exists()


@pytest.mark.parametrize("example", ["loop"], indirect=True)
def test_loop(example):
    scores = example.main(steps=150)
    assert scores["price"]["r2"] > 0.9
    assert scores["sold"]["auroc"] > 0.9


@pytest.mark.parametrize("example", ["search"], indirect=True)
def test_search(example):
    assert example.main(steps=5).best_params_.keys() == {"sharing", "width"}


@pytest.mark.parametrize("example", ["table"], indirect=True)
def test_table(example):
    predictions = example.main(protocol=QUICK)
    assert predictions.columns.tolist() == ["target", "s6", "sex", "sex: 1", "sex: 2"]
    assert len(predictions) == 5


def test_every_example_is_tested():
    own = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in EXAMPLES} <= own

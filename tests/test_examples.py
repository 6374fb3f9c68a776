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


@pytest.mark.parametrize("example", ["relatedness"], indirect=True)
def test_relatedness(example):
    """The forms rank as theory says: what matches the relation of the tasks wins, what contradicts it loses."""
    errors = example.main(repeats=2)
    assert Path("runs/relatedness.png").stat().st_size > 5000
    subspace, none, opposed, clusters = (
        errors[name] for name in ("one subspace", "unrelated", "contradictory", "two clusters")
    )
    assert sorted(subspace, key=subspace.get)[:2] == ["hard", "soft: trace norm"]
    assert subspace["hard"] < 0.5 * subspace["separate"]
    assert none["separate"] < min(none.values()) + 0.05  # nothing to gain
    assert none["hard"] > 2 * none["separate"]
    assert {"hard", "soft: trace norm"} == set(sorted(opposed, key=opposed.get)[:2])
    assert opposed["pooled"] > 0.9  # who is not told the task cannot serve tasks that contradict each other
    assert opposed["soft: to the mean"] > 2 * opposed["hard"]
    assert min(clusters, key=clusters.get) == "soft: friends"
    assert clusters["soft: friends"] < 0.6 * clusters["soft: to the mean"] < 0.6 * clusters["pooled"]


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

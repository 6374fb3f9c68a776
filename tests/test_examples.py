"""The examples, in small."""

import importlib.util
import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sharewise import gradients, objectives
from sharewise.runs import Network
from sharewise.study import Protocol

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
QUICK = Protocol(replicates=2, trials=1, steps=10, batch_size=32, network=Network(8, 1), references=False)


@pytest.fixture
def example(request, tmp_path, monkeypatch):
    """The named example, in a folder of its own and on one process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sharewise.runs._bench.cores", lambda: 1)
    path = next(each for each in EXAMPLES if each.stem == request.param)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, path.stem, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("example", ["attention"], indirect=True)
def test_attention(example):
    """Together a network turns to the right features where the tasks have them in common, and only there."""
    found = example.main(setup=replace(example.SETUP, replicates=2, trials=1, steps=200), tasks=1)
    assert Path("runs/attention.png").stat().st_size > 5000
    (same,), (own,) = found.values()
    assert same.known_gain.estimate > 0 > own.known_gain.estimate
    assert same.known["together"].mean() > same.known["shuffled"].mean() + 0.03


@pytest.mark.parametrize("example", ["augmentation"], indirect=True)
def test_augmentation(example):
    """With a twin of half as many labels each of one's own is worth two; few replicates say so vaguely."""
    (worth,) = example.main(setup=replace(example.SETUP, replicates=2, steps=80), twins=(48,)).values()
    assert Path("runs/augmentation.png").stat().st_size > 5000
    assert worth.ratio.low <= 2 <= worth.ratio.high
    half = worth.sizes.index(48)
    curves = {arm: curve.mean(0) for arm, curve in worth.curves.items()}
    assert curves["together"][half] == pytest.approx(curves["alone"][0], abs=0.02)
    assert curves["together"][half] > curves["alone"][half] + 0.02


@pytest.mark.parametrize("example", ["hints"], indirect=True)
def test_hints(example):
    """What measures the hidden quantity helps, and is proposed; what has nothing to do with it is neither."""
    found = example.main(setup=replace(example.SETUP, replicates=2, trials=1, steps=100))
    assert Path("runs/hints.png").stat().st_size > 5000
    assert {hint.candidate.place for hint in found.tried} == {example.READING, example.WEATHER}
    gains = {(hint.candidate.place, hint.way): hint.test.estimate for hint in found.tried}
    assert gains[example.READING, "also"] > max(0, gains[example.WEATHER, "also"])


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


@pytest.mark.parametrize("example", ["landscape"], indirect=True)
def test_landscape(example):
    at = torch.tensor([[-8.5, 7.5], [1.0, -4.0]], dtype=torch.float64)
    above = math.log(abs(-0.75 - math.tanh(7.5))), math.log(abs(-5.75 + math.tanh(7.5) - 2))  # as the papers write them
    bowls = ((1 - 7) ** 2 + 0.1 * (4 - 8) ** 2) / 10 - 20, ((1 + 7) ** 2 + 0.1 * (4 - 8) ** 2) / 10 - 20
    expected = [[(loss + 6) * math.tanh(3.75) for loss in above], [loss * math.tanh(2.0) for loss in bowls]]
    torch.testing.assert_close(example.losses(at) / example.SCALE.double() - 21, torch.tensor(expected).double())

    ends = example.main(steps=3, out="way.png")
    names = {name for room in (gradients, objectives) for name in room.__all__}
    assert {"Sum", "FAMO", "DWA", "DTP", "MGDA", "GradDrop", "ExcessMTL"} <= ends.keys() <= names
    assert all(end.isfinite().all() and not torch.equal(end, example.STARTS) for end in ends.values())
    assert Path("way.png").stat().st_size > 10_000
    way = example.train(example.methods(5)["DBMTLLog"], 700, 0.1)
    assert (example.distance(way[-1]) < 0.6).all()
    assert (example.distance(way[0]) > 4).all()


@pytest.mark.parametrize("example", ["fronts"], indirect=True)
def test_fronts(example):
    found = example.main(models=11, steps=400, out="fronts.png")
    assert Path("fronts.png").stat().st_size > 5_000
    for name, problem in example.PROBLEMS.items():
        line = example.front(problem, 2000)
        for label, points in found[name].items():
            gaps = torch.cdist(points, line)
            assert gaps.amin(1).max() < 0.01, (name, label)  # all are best compromises
            holes = torch.cdist(line, points).amin(1).max()  # of the front, how far any of them is
            assert (holes < 0.3) == ((name, label) != ("concave front", "weighted sum"))


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


@pytest.mark.parametrize("example", ["zero_shot"], indirect=True)
def test_zero_shot(example):
    means = example.main(steps=400)
    assert Path("runs/zero_shot.png").stat().st_size > 5000
    assert means["between"]["told the task"] < 0.5 * means["between"]["the nearest trained task"]
    assert means["between"]["told the task"] < example.NOISE
    assert means["beyond"]["told the task"] > 2 * means["between"]["told the task"]


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

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from tests.diagnosis.worlds import interval

from sharewise.diagnosis import FewShot, measure_few_shot
from sharewise.diagnosis._fewshot import area, best_source
from sharewise.runs import labelled, thin

SHARES = (0.5, 0.1)


@pytest.fixture(scope="module")
def found(bench, arms):
    return measure_few_shot(bench, arms, ["down", "late"], shares=SHARES)


def test_the_area_is_the_mean_over_the_logarithm():
    sizes, curve = (64, 16, 8, 2), np.array([[0.5, 0.2, 0.1, -0.3], [1.0, 1.0, 1.0, 1.0]])
    at = np.linspace(np.log(2), np.log(64), 200_001)
    for row, value in zip(curve, area(curve, sizes), strict=True):
        assert value == pytest.approx(np.interp(at, np.log(sizes[::-1]), row[::-1]).mean(), abs=1e-4)
    assert area(curve[:, :1], (64,)).tolist() == [0.5, 1.0]


def test_from_scratch_is_the_task_alone_with_few_labels(found, bench, arms):
    assert [each.task for each in found] == ["late", "down"]
    down = found[1]
    run = replace(arms.alone["down"][1], labels={"down": down.sizes[1]})
    records = bench.perform(run).records
    value = next(each.value for each in records if (each.name, each.role) == ("r2", "test"))
    assert down.curves["from scratch"][1, 1] == pytest.approx(value, abs=1e-4)
    assert not np.allclose(down.curves["from scratch"], down.curves["fine-tuned"])


def test_the_frozen_trunk_is_a_linear_model_on_what_the_others_learnt(found, bench, arms):
    """The best of scikit-learn's ridge models on the donor's features, by the valid rows."""
    down, replicate = found[1], 0
    donor = replace(arms.together[replicate], treatment="without down", tasks=("up", "late"), keep=True)
    ((_, finished),) = bench.train("donor", [donor])
    dataset, perform = bench.perform.dataset, bench.perform
    model = perform.model([(donor, ("down",), finished)]).parts[0].module
    split, prepared = perform.prepared(replicate)
    with torch.no_grad():
        features = model.trunk(prepared.batch.inputs).double().numpy()
    few = thin(dataset.raw, dataset.tasks, split, replace(donor, labels={"down": down.sizes[0]}))
    train, y = labelled(few, split.train, 2).numpy(), dataset.raw.targets["regression"][:, 1].double().numpy()
    features = (features - features[split.train].mean(0)) / np.maximum(features[split.train].std(0), 1e-12)
    models = [Ridge(10.0**power).fit(features[train], y[train]) for power in range(-2, 5)]
    valid, test = split.valid.numpy(), split.test.numpy()
    best = min(models, key=lambda each: ((each.predict(features[valid]) - y[valid]) ** 2).mean())
    expected = r2_score(y[test], best.predict(features[test]))
    assert down.curves["frozen trunk"][replicate, 0] == pytest.approx(expected, abs=0.02)


def test_all_ways_are_compared_with_scratch(found):
    for each in found:
        assert set(each.gains) == {"fine-tuned", "frozen trunk", "random trunk", "best single source"}
        for way, gain in each.gains.items():
            differences = area(each.curves[way] - each.curves["from scratch"], each.sizes)
            assert gain.estimate == pytest.approx(float(differences.mean()))


def test_the_best_single_source_is_chosen_on_select_rows(found, bench, arms):
    down, perform, task = found[1], bench.perform, bench.perform.dataset.tasks[2]
    runs = {
        name: [replace(run, treatment="one source", keep=True) for run in arms.alone[name]] for name in ("up", "late")
    }
    singles = {name: bench.train("one source", each) for name, each in runs.items()}
    each = {name: best_source(perform, task, {name: own}, down.sizes)[1] for name, own in singles.items()}
    assert not np.allclose(each["up"], each["late"])
    assert down.source == "up"  # `late` needs an input that tells nothing about `down`
    np.testing.assert_allclose(down.curves["best single source"], each["up"], atol=1e-4)
    assert best_source(perform, task, {"down": singles["up"]}, down.sizes) == ("", None)


def test_sentences():
    gains = {"fine-tuned": interval(0.2, 0.1, 0.3), "frozen trunk": interval(0.1, -0.1, 0.3)}
    assert FewShot("x", (40, 5), {}, gains).sentence == (
        "`x` learns faster on the trunk of the other tasks (fine-tuned) than from scratch, from 5 to 40 labels: +0.200 "
        "of score on average (+0.100 to +0.300)."
    )
    single = {**gains, "random trunk": interval(0.0, -0.1, 0.1), "best single source": interval(0.3, 0.2, 0.4)}
    assert "on that of `y` alone, the best single source, +0.300" in FewShot("x", (40, 5), {}, single, "y").sentence
    gains |= {"fine-tuned": interval(-0.2, -0.3, -0.1), "random trunk": interval(-0.4, -0.5, -0.3)}
    assert FewShot("x", (40, 5), {}, gains).sentence.endswith("linear on that trunk +0.100, on a random one -0.400.")

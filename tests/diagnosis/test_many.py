from dataclasses import replace

import numpy as np
import pytest
from tests.diagnosis.worlds import interval

from sharewise.diagnosis import ManyTasks, measure_many_tasks, needed_labels

SIZES = (400, 200, 100, 50, 25)


def made(own, common, *, noise, seed=0, replicates=10, counts=(1, 2, 4, 8)):
    """Errors `(a + b / K) / m`, as scores: the error 1 is reached at m(K) = a + b / K."""
    draw = np.random.default_rng(seed)
    sizes = np.array(SIZES)
    return {
        count: -np.log((own + common / count) / sizes) + noise * draw.normal(size=(replicates, len(sizes)))
        for count in counts
    }


@pytest.mark.parametrize(("own", "common"), [(40, 200), (100, 0), (150, -60)])
def test_the_planted_line_is_found(own, common):
    found = needed_labels(made(own, common, noise=0.0), SIZES, 0.0)
    np.testing.assert_allclose(found.needs, own + common / np.array([1, 2, 4, 8]), rtol=1e-6)
    assert (found.own, found.common.estimate) == pytest.approx((own, common), abs=1e-4)


def test_the_interval_covers_the_planted_slope():
    hits = 0
    for seed in range(20):
        slope = needed_labels(made(60, 150, noise=0.2, seed=seed, replicates=8), SIZES, 0.0).common
        hits += slope.low <= 150 <= slope.high
    assert hits >= 17


def test_a_score_beyond_the_curves_is_not_extrapolated():
    found = needed_labels(made(40, 200, noise=0.0), SIZES, float(np.log(5)))
    assert np.isfinite(found.needs).tolist() == [False, False, False, True]
    assert np.isnan(found.own)
    assert (found.common.low, found.common.high) == (-np.inf, np.inf)
    assert "not reached" in found.sentence
    with pytest.raises(ValueError, match=r"got \[1\]"):
        needed_labels({1: np.zeros((2, 5))}, SIZES, 0.0)


def test_each_of_the_tasks_has_so_many_labels(bench, arms):
    asked = []
    train = bench.train
    bench.train = lambda what, plan: asked.extend(plan) or train(what, plan)
    try:
        found = measure_many_tasks(bench, arms, "down", shares=(0.5, 0.2))
    finally:
        del bench.train
    assert found.counts == (1, 2, 3)
    sizes = {size for run in asked for size in run.labels.values()}
    assert len(sizes) == 2
    for run in asked:
        assert set(run.labels) == set(run.tasks)
        assert "down" in run.tasks
    assert {len(run.tasks) for run in asked} == {1, 2, 3}
    alone = replace(arms.alone["down"][0], labels={"down": min(sizes)})
    assert alone in asked


def test_sentences():
    found = ManyTasks((1, 4), np.array([240.0, 90.0]), 40.0, interval(200.0, 150.0, 260.0), 0.7)
    assert found.sentence == (
        "More tasks save labels: for the score 0.700 each needs 40 + 200 / K (150 to 260) of them among K tasks."
    )
    assert replace(found, common=interval(1.0, -9.0, 9.0)).sentence.startswith("More tasks do not surely save labels")

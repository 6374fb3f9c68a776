"""Cosines of gradients against a loop over the evaluations of single runs."""

from dataclasses import replace

import numpy as np
import pytest
from tests.grouping.small import small_bench, small_run

from sharewise._core import Record
from sharewise.grouping import gradient_cosine
from sharewise.grouping._cosine import mean_cosines

NAMES = ("one", "two", "three")


def test_it_is_the_mean_over_evaluations_and_runs(tmp_path):
    bench, like = small_bench(tmp_path, NAMES), small_run(NAMES)
    found = gradient_cosine(bench, like, replicates=range(2))
    values = {}
    for replicate in range(2):
        recipe = replace(like.recipe, seed=like.recipe.seed + replicate)
        finished = bench.perform(replace(like, replicate=replicate, recipe=recipe, probe=True))
        for record in finished.records:
            if record.name == "gradient_cosine":
                values.setdefault((record.task, record.other), []).append(record.value)
    assert {len(each) for each in values.values()} == {4}
    for (task, other), each in values.items():
        assert found.of(task, other) == pytest.approx(np.mean(each), abs=1e-3)
        assert found.of(other, task) == found.of(task, other)
    assert found.cost == pytest.approx(2 + 4 * (1 + 6) / 3 / 10)


def test_evaluations_are_averaged_and_other_records_passed_by():
    def record(name, value, step, other=None):
        return Record(name, value, "train", "one", other=other, step=step)

    rows = [record("gradient_cosine", value, step, "two") for step, value in ((5, 0.2), (10, 0.6))]
    found, count = mean_cosines([record("loss", 3.0, 5), *rows], NAMES)
    assert count == 2
    assert found[0, 1] == found[1, 0] == pytest.approx(0.4)
    assert np.isnan(found[[0, 2], [0, 1]]).all()
    assert mean_cosines([], NAMES)[1] == 0

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from tests.diagnosis.worlds import three_tasks

from sharewise.diagnosis import Amount, Amounts, label_amounts
from sharewise.mixing import Columns, Table
from sharewise.runs import Run, build_mixture
from sharewise.training import Recipe


def run_of(data, **more):
    return Run("together", tuple(task.name for task in data.tasks), 0, recipe=Recipe(batch_size=16, steps=60), **more)


def drawn(data, run):
    """How often labels of each task are drawn, counted step by step."""
    mixture = build_mixture(run, data.raw, data.split(0), torch.ones(len(data.tasks), dtype=torch.bool))
    counts = torch.zeros(len(data.tasks))
    for step in range(run.recipe.steps):
        rows = mixture.rows(step)
        counts += (
            data.raw.observed[rows].sum(0)
            if data.raw.task is None
            else torch.bincount(data.raw.task[rows], minlength=len(counts))
        )
    return counts


def test_missing_labels_are_seen_less():
    data = three_tasks(rows=400)
    known = torch.arange(400)[:, None] % torch.tensor([1, 2, 8]) == 0
    data.raw = replace(data.raw, observed=known)
    found = label_amounts(data, run_of(data))
    counts = drawn(data, run_of(data))
    train = data.split(0).train
    for place, each in enumerate(found.tasks):
        assert each.labels == int(known[train, place].sum())
        assert each.share == pytest.approx(float(counts[place] / counts.sum()), abs=0.02)
        assert each.passes == pytest.approx(float(counts[place]) / each.labels, rel=0.15)
    classes = data.raw.targets["binary"][train[known[train, 1]], 0]
    assert found.tasks[1].rarest == min(int(classes.sum()), int((1 - classes.long()).sum()))
    assert found.tasks[0].rarest is None
    assert not found.mixable


@pytest.mark.parametrize("plan", ["proportional", "equal", "temperature"])
def test_the_mixing_plan_decides_what_small_tasks_get(plan):
    draw = np.random.default_rng(0)
    who = np.repeat(["a", "b", "c"], [300, 60, 30])
    frame = pd.DataFrame({"x": draw.normal(size=390), "who": who, "y": draw.normal(size=390)})
    data = Table.from_frame(frame, {"y": "regression"}, columns=Columns(by="who"))
    run = run_of(data, plan=plan)
    found, counts = label_amounts(data, run), drawn(data, run)
    for each, count in zip(found.tasks, counts.tolist(), strict=True):
        assert each.passes == pytest.approx(count / each.labels, rel=0.1)
    assert found.mixable
    assert found.reading == "not met"
    assert "--plan" in found.sentence


def amounts(*counts, rarest=None, passes=10.0, mixable=False):
    tasks = tuple(Amount(f"t{place}", count, rarest, 0.5, passes) for place, count in enumerate(counts))
    return Amounts(tasks, "proportional", mixable)


def test_readings():
    assert amounts(100, 100).reading == "met"
    assert amounts(100, 100).sentence == "All tasks have about 100 training labels."
    assert amounts(100, 20).reading == "open"
    assert amounts(100, 20).sentence == "`t0` has 100 training labels, `t1` 20."
    assert amounts(1000, 100).reading == "not met"
    assert "try weights" in amounts(1000, 100).sentence
    assert "Labels of `t0` are seen 900 times" in amounts(100, 100, passes=900.0).sentence
    assert "few labels in `t0` (3), `t1` (3): no comparison" in amounts(100, 100, rarest=3).sentence
    assert "and 2 more tasks" in amounts(*[100] * 7, rarest=3).sentence

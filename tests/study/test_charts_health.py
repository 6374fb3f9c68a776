import re

import pandas as pd
import pytest
import torch

from sharewise.mixing import Tensors, from_arrays
from sharewise.models import Experts
from sharewise.runs import Network, Perform, Run
from sharewise.study._charts_health import charts
from sharewise.study._frame import tidy
from sharewise.training import Recipe

TASKS = ["a", "b", "c"]


def row(name, value, task=None, other=None, *, treatment="mmoe", chosen=True, replicate=0):
    return {
        "run": 0, "treatment": treatment, "trained": "all", "replicate": replicate, "trial": 0, "chosen": chosen,
        "role": "valid", "task": task, "other": other, "name": name, "step": None, "value": value,
    }  # fmt: skip


def numbers(svg):
    """The numbers written in cells."""
    return [float(each) for each in re.findall(r">(-?\d\.\d\d)</text>", svg)]


@pytest.fixture
def uses():
    shares = {"a": (0.9, 0.1), "b": (0.2, 0.8), "c": (0.5, 0.5)}
    rows = [
        row(f"expert_use.0.{e}", share + shift, task, replicate=replicate)
        for replicate, shift in enumerate((0.0, 0.04))
        for task, each in shares.items()
        for e, share in enumerate(each)
    ]
    rows += [row("expert_entropy.0", 0.3, task) for task in TASKS] + [row("dead_experts.0", 1.0)]
    return rows


def test_use_is_the_mean_over_replicates_task_by_task(uses):
    found = charts(pd.DataFrame(uses), TASKS)
    assert list(found) == ["mmoe: use of experts, level 1"]
    svg = found["mmoe: use of experts, level 1"]
    assert numbers(svg) == [0.92, 0.12, 0.22, 0.82, 0.52, 0.52]
    assert "the largest share is 0.92, the mean entropy 0.30 of at most 0.69 nats, 1 experts are dead" in svg


def test_runs_that_were_not_chosen_and_other_steps_do_not_count(uses):
    more = [{**each, "value": 5.0, "chosen": False} for each in uses]
    more += [{**each, "value": 5.0, "step": 3} for each in uses]
    assert charts(pd.DataFrame(uses + more), TASKS) == charts(pd.DataFrame(uses), TASKS)


def test_distances_are_drawn_both_ways():
    rows = [row("copy_distance", value, *pair, treatment="soft") for pair, value in
            ((("a", "b"), 0.25), (("a", "c"), 0.5), (("b", "c"), 0.75))]  # fmt: skip
    svg = charts(pd.DataFrame(rows), TASKS)["soft: distance between copies"]
    assert numbers(svg) == [0.25, 0.5, 0.25, 0.75, 0.5, 0.75]
    assert "from 0.25 to 0.75" in svg


def test_stitches_below_zero_have_another_colour():
    rows = [row(f"stitch.{place}", 1.0 if task == other else -0.1 * place, task, other, treatment="cross_stitch")
            for place in (0, 1) for task in TASKS for other in TASKS]  # fmt: skip
    found = charts(pd.DataFrame(rows), TASKS)
    assert list(found) == ["cross_stitch: stitches, place 1", "cross_stitch: stitches, place 2"]
    first, second = found.values()
    assert "var(--alone)" not in first
    assert "var(--alone)" in second
    assert numbers(second)[:2] == [1.0, -0.1]
    assert "1.00 its own on average, 0.10 in size each other one" in second


def test_no_ids_are_shared_by_two_charts(uses):
    rows = uses + [{**each, "treatment": "ple", "name": each["name"].replace(".0", ".1", 1)} for each in uses] + uses
    ids = [each for svg in charts(pd.DataFrame(rows), TASKS).values() for each in re.findall(r' id="([^"]+)"', svg)]
    assert len(ids) == len(set(ids))


def test_many_tasks_or_no_records_have_no_charts(uses):
    assert charts(pd.DataFrame(), TASKS) == {}
    assert charts(pd.DataFrame(uses), [str(k) for k in range(41)]) == {}


def test_records_of_real_runs_are_drawn(tmp_path):
    x = torch.randn(160, 2, generator=torch.Generator().manual_seed(0))
    dataset = Tensors(*from_arrays(x, {"a": x[:, 0], "b": x[:, 1], "c": x.sum(1)}))
    recipe = Recipe(steps=4, batch_size=16, evaluate_every=4)
    runs = [Run(form, tuple(TASKS), 0, sharing=form, network=Network(8, 1), recipe=recipe)
            for form in ("mmoe", "soft", "cross_stitch", "hard")]  # fmt: skip
    perform = Perform(dataset)
    results = [(run, perform(run)) for run in runs]
    found = charts(tidy(results, results), TASKS)
    assert list(found) == [
        "mmoe: use of experts, level 1",
        "soft: distance between copies",
        "cross_stitch: stitches, place 1",
        "cross_stitch: stitches, place 2",
    ]
    assert isinstance(perform.network(runs[0]), Experts)

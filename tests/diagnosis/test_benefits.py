from dataclasses import replace

import torch
from tests.diagnosis.worlds import bench_of, three_tasks

from sharewise.diagnosis import choose_tasks, measure_benefits


def test_every_benefit_is_measured_for_every_task(bench, arms):
    found = measure_benefits(bench, arms, tasks=["up"], control=False)
    assert (found.tasks, found.total) == (("up",), 3)
    parts = dict(found.parts())
    names = "Implicit data augmentation, Attention focusing, Hints, Representation bias, Regularisation"
    assert ", ".join(parts) == names
    for results in parts.values():
        assert [each.task for each in results] == ["up"]
        assert all("`up`" in each.sentence for each in results)
    assert found.worth[0].presence is None


def test_tasks_with_the_fewest_labels_are_chosen(tmp_path):
    data = three_tasks()
    known = torch.arange(240)[:, None] % torch.tensor([2, 1, 3]) == 0
    data.raw = replace(data.raw, observed=known)
    bench = bench_of(data, tmp_path)
    assert choose_tasks(bench, most=2) == ("up", "down")
    assert choose_tasks(bench) == ("up", "late", "down")

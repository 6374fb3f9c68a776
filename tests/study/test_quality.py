import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import TEST, Finished, Run
from sharewise.study._quality import BINS, bins_of
from sharewise.tasks import Binary, Multiclass, Regression, Task, labels


def data(rows=1000):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 2))
    targets = {"y": x[:, 0] + draw.normal(size=rows), "p": (draw.random(rows) < 0.3).astype(int)}
    targets |= {"c": draw.integers(0, 3, rows), "two": x}
    tasks = [Task("y", Regression()), Task("p", Binary()), Task("c", Multiclass(3)), Task("two", Regression(outputs=2))]
    return Tensors(*from_arrays(x, targets, tasks=tasks))


def found_by(dataset, name, predicted, *, replicate=0, treatment="together"):
    run = Run(treatment, tuple(task.name for task in dataset.tasks), replicate)
    return bins_of([(run, Finished(tensors={TEST + name: predicted}))], dataset)


def test_bins_are_of_like_size_and_hold_all_rows():
    dataset = data()
    test = dataset.split(0).test
    predicted = dataset.raw.inputs[test, 0].double()
    bins = found_by(dataset, "y", predicted)["y"]["together"]
    assert len(bins) == BINS
    assert sum(each.count for each in bins) == len(test)
    assert all(abs(each.count - len(test) / BINS) <= 1 for each in bins)
    order = predicted.argsort()[: bins[0].count]
    target = labels_of(dataset, "y", test)
    assert bins[0].observed == pytest.approx(target[order].mean())
    assert bins[0].predicted == pytest.approx(float(predicted[order].mean()))
    assert [each.predicted for each in bins] == sorted(each.predicted for each in bins)


def test_numbers_show_the_middle_of_what_was_observed():
    dataset = data()
    test = dataset.split(0).test
    target = labels_of(dataset, "y", test)
    predicted = torch.zeros(len(test), dtype=torch.float64)
    (only,) = found_by(dataset, "y", predicted)["y"]["together"]
    assert only.observed == pytest.approx(float(target.mean()))
    assert (only.low, only.high) == pytest.approx(np.quantile(target, [0.1, 0.9]).tolist())


def labels_of(dataset, name, rows):
    for task, own in zip(dataset.tasks, labels(dataset.tasks, dataset.raw.take(rows)), strict=True):
        if task.name == name:
            return own.targets.double().numpy()
    raise AssertionError(name)


def test_shares_have_the_interval_of_wilson():
    dataset = data()
    test = dataset.split(0).test
    target = labels_of(dataset, "p", test)
    (only,) = found_by(dataset, "p", torch.full((len(test),), 0.3, dtype=torch.float64))["p"]["together"]
    wanted = binomtest(int(target.sum()), len(target)).proportion_ci(0.95, "wilson")
    assert (only.observed, only.low, only.high) == pytest.approx((target.mean(), wanted.low, wanted.high))


def test_of_several_classes_the_likeliest_is_checked():
    dataset = data()
    test = dataset.split(0).test
    target = labels_of(dataset, "c", test)
    predicted = torch.tensor([[0.2, 0.7, 0.1]], dtype=torch.float64).expand(len(test), 3)
    (only,) = found_by(dataset, "c", predicted)["c"]["together"]
    assert (only.predicted, only.observed) == pytest.approx((0.7, (target == 1).mean()))


def test_other_kinds_and_other_replicates_have_none():
    dataset = data()
    test = dataset.split(0).test
    assert found_by(dataset, "two", torch.zeros(len(test), 2, dtype=torch.float64)) == {}
    assert found_by(dataset, "y", torch.zeros(len(test), dtype=torch.float64), replicate=1) == {}

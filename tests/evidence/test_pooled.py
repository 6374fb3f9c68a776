import numpy as np
import torch

from sharewise._core import Split
from sharewise.evidence import Arrays, pooled_trees, trees
from sharewise.tasks import Binary, Multiclass, Multilabel, Regression, Task


def split(n):
    sizes = [n // 2, n // 6, n // 6, n - n // 2 - 2 * (n // 6)]
    return Split(*torch.randperm(n, generator=torch.manual_seed(0)).split(sizes))


def error(found, truth, rows):
    return float(np.nanmean((found - truth)[rows] ** 2))


def test_tasks_with_few_rows_gain_from_the_pool():
    rng = np.random.default_rng(0)
    n = 480
    x = rng.normal(size=(n, 5))
    truth = np.sin(2 * x[:, 0]) + x[:, 1]
    owner = np.arange(n) % 8  # every row belongs to one task
    targets = {str(k): np.where(owner == k, 100 * k + truth * (k + 1), np.nan) for k in range(8)}
    arrays = Arrays(x, np.zeros(5, dtype=bool), targets, split(n))
    tasks = [Task(name, Regression()) for name in targets]
    test = arrays.rows("test")
    pooled, alone = pooled_trees(arrays, tasks), trees(arrays, tasks)
    for k in range(8):
        scale = (k + 1) ** 2 * truth.var()
        own = test & (owner == k)
        assert error(pooled[str(k)], targets[str(k)], own) < 0.5 * scale
        assert np.isnan(pooled[str(k)][~own & test]).all()
    total = [sum(error(f[str(k)], targets[str(k)], test) / (k + 1) ** 2 for k in range(8)) for f in (pooled, alone)]
    assert total[0] < total[1]


def test_the_task_is_a_feature():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    targets = {"plus": (x[:, 0] > 0) * 1.0, "minus": (x[:, 0] < 0) * 1.0}
    arrays = Arrays(x, np.zeros(2, dtype=bool), targets, split(300))
    found = pooled_trees(arrays, [Task(name, Binary()) for name in targets])
    test = arrays.rows("test")
    for name, target in targets.items():
        assert np.mean((found[name] > 0.5)[test] == target[test]) > 0.95


def test_one_task_is_no_pool():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    arrays = Arrays(x, np.zeros(2, dtype=bool), {"a": (x[:, 0] > 0) * 1.0}, split(300))
    tasks = [Task("a", Binary())]
    np.testing.assert_allclose(pooled_trees(arrays, tasks)["a"], trees(arrays, tasks)["a"])


def test_kinds_and_class_counts_keep_apart():
    rng = np.random.default_rng(0)
    n = 300
    x = rng.normal(size=(n, 2))
    targets = {
        "three": np.digitize(x[:, 0], [-0.5, 0.5]) * 1.0,
        "two": (x[:, 1] > 0) * 1.0,
        "three too": np.digitize(-x[:, 0], [-0.5, 0.5]) * 1.0,
        "labels": (x > 0) * 1.0,
    }
    tasks = [
        Task("three", Multiclass(3)),
        Task("two", Multiclass(2)),
        Task("three too", Multiclass(3)),
        Task("labels", Multilabel(2)),
    ]
    arrays = Arrays(x, np.zeros(2, dtype=bool), targets, split(n))
    found = pooled_trees(arrays, tasks, iterations=50)
    test = arrays.rows("test")
    for name in ("three", "two", "three too"):
        assert np.mean(found[name][test].argmax(axis=1) == targets[name][test]) > 0.9
    assert np.mean((found["labels"] > 0.5)[test] == targets["labels"][test]) > 0.9


def test_a_task_without_labels_in_train_is_not_made_up():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    arrays = Arrays(x, np.zeros(2, dtype=bool), {"a": x[:, 0].copy(), "b": x[:, 1].copy()}, split(120))
    arrays.targets["b"][arrays.rows("train")] = np.nan
    found = pooled_trees(arrays, [Task("a", Regression()), Task("b", Regression())], iterations=10)
    assert np.isfinite(found["a"][arrays.rows("test")]).all()
    assert np.isnan(found["b"]).all()


def test_the_limit_is_a_repeatable_choice():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    arrays = Arrays(x, np.zeros(2, dtype=bool), {"a": x[:, 0], "b": x[:, 1]}, split(200))
    tasks = [Task("a", Regression()), Task("b", Regression())]
    first, again, other = (pooled_trees(arrays, tasks, iterations=5, limit=80, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first["a"], again["a"])
    assert not np.allclose(first["a"], other["a"], equal_nan=True)

"""The benchmark of a step: its floor, its page and its reference, in small."""

import torch
from benchmarks._floor import floor
from benchmarks._networks import mlp, problem
from benchmarks._rows import Row
from benchmarks.step_cost import MLP, label, loop, ours
from benchmarks.step_cost_page import page

from sharewise.gradients import Mean


def count(sizes, rows):
    """Multiplications of a plain step, one by one: forward, weights' gradients, and activations' but the first."""
    return sum(rows * i * o * (2 if first else 3) for first, (i, o) in zip([True, False], sizes, strict=True))


def test_the_floor_counts_what_cannot_be_avoided():
    sizes, tasks, rows = [(5, 7), (7, 3)], 4, 2
    plain = count(sizes, tasks * rows)
    kernel = [(tasks * rows) ** 2 / 2 * (i + o) for i, o in sizes]
    explicit = [tasks * i * o * (rows + tasks / 2) for i, o in sizes]
    more = sum(map(min, kernel, explicit))
    assert floor(tasks, rows, separable=True, sizes=(5, 7, 3)) == 1 + more / plain
    shared = floor(tasks, 8, separable=False, sizes=(5, 7, 3))
    assert shared > 1 + (tasks - 1) * 8 * 21 / count(sizes, 8)  # the passes of the other tasks alone


def test_the_benchmark_compares_steps_that_give_the_same_gradients():
    for separable in (True, False):
        found = []
        for step in (loop, lambda at: ours(at, Mean())):
            at = problem(lambda: mlp(6, 8, 2), 6, 3, 4, separable=separable)
            step(at)
            found.append([p.grad for p in [*at.shared, at.heads]])
        torch.testing.assert_close(*found)


def test_the_page_shows_targets_floors_and_what_is_missed():
    rows = {label("MLP", *case[:3]): Row(label("MLP", *case[:3]), 1.5, case[3], True) for case in MLP}
    rows["MLP: separable, 40 x 32"] = Row("MLP: separable, 40 x 32", 2.25, 2.0, True)
    text = page(rows)
    assert "| separable, 40 x 32 | 2.25 | 2, missed | 1.56 |" in text
    assert text.count("missed |") == 1

from dataclasses import replace

import numpy as np
import pytest
from tests.diagnosis.worlds import SETUP, bench_of, interval

from sharewise.diagnosis import Capacity, measure_capacity
from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Network
from sharewise.tasks import Regression, Task


def test_a_network_too_narrow_for_its_tasks_gains_by_width(tmp_path):
    """Six tasks of one input each pass through one hidden unit, or through sixteen."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(400, 6))
    tasks = [Task(f"t{place}", Regression()) for place in range(6)]
    data = Tensors(*from_arrays(x, {task.name: x[:, place] for place, task in enumerate(tasks)}, tasks=tasks))
    setup = replace(SETUP, replicates=3, steps=100, network=Network(1, 1))
    found = measure_capacity(bench_of(data, tmp_path), setup, factors=(1, 16))
    assert (found.width, found.steps) == (1, 100)
    assert found.gains[16].estimate > 0.3
    assert found.reading == "not met"
    assert "16 times as wide gains" in found.sentence
    assert "take width 16, not 1" in found.sentence


@pytest.mark.parametrize(
    ("two", "four", "reading"),
    [
        (interval(0.0, -0.005, 0.005), interval(0.001, -0.002, 0.004), "met"),
        (interval(0.0, -0.005, 0.005), interval(0.05, 0.02, 0.08), "not met"),
        (interval(0.0, -0.005, 0.005), interval(0.004, 0.002, 0.006), "met"),
        (interval(0.0, -0.005, 0.005), interval(0.05, -0.02, 0.12), "open"),
    ],
)
def test_readings(two, four, reading):
    found = Capacity(96, 400, {2: two, 4: four})
    assert found.reading == reading
    words = {"met": "Width 96 is enough", "not met": "take width 384, not 96", "open": "is open"}
    assert words[reading] in found.sentence

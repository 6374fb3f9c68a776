import math
from dataclasses import replace

import pytest

from sharewise.study._charts_treatments import columns_of, gain_cells, mean_gains
from sharewise.study._parts import Effect


def test_mean_gains_lie_on_one_axis_in_per_cent(full):
    rows = {row.name: row for row in full.treatments}
    found = mean_gains(full.treatments)
    assert set(found.rows) == {"together", "weighted", "worst task", "shuffled"}  # alone has nothing to gain
    assert found.axis.place(0.0) == 50
    for name, interval in found.rows.items():
        gain = rows[name].gain
        for place, value in ((interval.point, gain.estimate), (interval.low, gain.low), (interval.high, gain.high)):
            assert place == pytest.approx(50 + 50 * 100 * value / found.axis.end, abs=0.01)
    largest = max(abs(end) for row in full.treatments for end in (row.gain.low, row.gain.high) if math.isfinite(end))
    assert found.axis.end == pytest.approx(108 * largest)


@pytest.mark.parametrize("end", [0.0004, 0.011, 0.037, 0.4])
def test_three_ticks_have_zero_in_the_middle(full, end):
    gain = Effect(estimate=0.0, low=-end, high=end / 2)
    found = mean_gains([replace(full.treatments[1], gain=gain)])
    left, middle, right = found.ticks
    assert middle[0] == 50
    assert float(middle[1]) == 0
    assert left[0] == pytest.approx(100 - right[0])
    assert found.axis.place(float(right[1])) == pytest.approx(right[0])
    assert right[0] > 70


def test_without_gains_nothing_is_drawn(full):
    assert mean_gains([replace(row, gain=Effect()) for row in full.treatments]).rows == {}
    assert mean_gains([]).rows == {}


def test_cells_are_gains_in_margins(full):
    cells = gain_cells(full.tasks)
    assert columns_of(full.tasks) == ["together", "weighted", "worst task", "shuffled", "information"]
    for task in full.tasks:
        cell = cells[task.name]["weighted"]
        assert cell.margins == pytest.approx(task.effects["weighted"].estimate / task.margin)
        assert cell.shade == pytest.approx(min(1, abs(cell.margins) / 5))
        assert cells[task.name]["together"].word == task.verdict


def test_unknown_effects_have_no_cell_and_no_margin_no_number(full):
    task = replace(full.tasks[0], margin=math.nan, effects={"soft": Effect()})
    assert columns_of([task]) == ["together", "soft"]
    (cell,) = gain_cells([task])[task.name].values()
    assert math.isnan(cell.margins)
    assert cell.shade == 0

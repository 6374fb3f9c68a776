import pandas as pd

from sharewise.study._charts_curves import chosen_records
from sharewise.study._pictures import pictures


def test_all_that_was_measured_is_drawn(full, digits_records):
    found = pictures(full, chosen_records(digits_records), ranked=full.tasks, shown=full.tasks)
    names = {task.name for task in full.tasks}
    assert set(found["curves"]) == set(found["fits"]) == names
    assert len(found["trades"]) == 7  # the strongest of 15 pairs
    costs = [pair.cost for pair, _ in found["trades"]]
    assert costs == sorted(costs, reverse=True)
    assert found["marks"] == ["together", "weighted", "worst task"]
    assert set(found["mark_shapes"]) == {"weighted", "worst task"}
    assert list(found["weights"]) == ["worst task"]
    assert found["pairs_matrix"].total == len(names)
    assert not found["overlap"].whole


def test_without_records_and_parts_all_is_empty(digits):
    found = pictures(digits, chosen_records(pd.DataFrame()), ranked=digits.tasks, shown=digits.tasks)
    for name in ("curves", "skill", "norms", "cosines", "weights", "fits", "trades", "trade_sentence", "overlap"):
        assert not found[name]


def test_of_many_tasks_the_ends_are_drawn(made):
    summary = made["fill"](made["many"](30))
    found = pictures(summary, chosen_records(pd.DataFrame()), ranked=summary.tasks, shown=summary.tasks[:16])
    assert [task.name for task in found["fitted"]] == [task.name for task in (*summary.tasks[:6], *summary.tasks[-6:])]
    assert found["histogram"]

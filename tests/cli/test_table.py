import io
from dataclasses import replace

from rich.console import Console

from sharewise.cli._table import MOST, print_summary
from sharewise.study import Summary, TaskSummary

TASK = TaskSummary(
    name="age", kind="regression", metric="rmse", higher_is_better=False, floor=10.0, alone=6.1, together=5.9,
    difference=0.2, low=0.05, high=0.35, margin=0.1, verdict="HELPS", chosen="together", references={"trees": 5.5},
)  # fmt: skip


def shown(*tasks):
    console = Console(file=io.StringIO(), width=120)
    print_summary(console, Summary(name="x", tasks=tasks, replicates=5, covers="all"))
    return console.file.getvalue()


def test_scores_difference_interval_and_verdict():
    text = shown(TASK, replace(TASK, name="job", low=float("nan"), verdict="UNDETERMINED", references={}))
    row = next(line for line in text.splitlines() if line.strip().startswith("age"))
    for part in ("rmse (low is good)", "6.1000", "5.9000", "+0.2000", "+0.050 to +0.350", "HELPS"):
        assert part in row
    job = [line for line in text.splitlines() if line.strip().startswith("job")]
    assert "unknown" in job[0]
    assert " - " in job[1]
    assert "5.5000" in text


def test_names_that_look_like_markup_stay_as_they_are():
    text = shown(replace(TASK, name="weight [kg]"), replace(TASK, name="a[/b]"))
    assert "weight [kg]" in text
    assert "a[/b]" in text


def test_many_tasks_are_cut():
    text = shown(*(replace(TASK, name=f"t{place}") for place in range(MOST + 3)))
    assert "... and 3 more tasks: see the report." in text

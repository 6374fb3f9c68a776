import io
from dataclasses import replace

from rich.console import Console

from sharewise.cli._table import MOST, print_summary
from sharewise.study import Summary, TaskSummary
from sharewise.study._parts import Effect, TreatmentSummary

TASK = TaskSummary(
    name="age", kind="regression", metric="rmse", higher_is_better=False, floor=10.0, alone=6.1, together=5.9,
    difference=0.2, low=0.05, high=0.35, margin=0.1, verdict="HELPS", chosen="together", references={"trees": 5.5},
)  # fmt: skip


def shown(*tasks, width=120, **parts):
    console = Console(file=io.StringIO(), width=width)
    print_summary(console, Summary(name="x", tasks=tasks, replicates=5, covers="all", **parts))
    return console.file.getvalue()


def treatment(name, **parts):
    numbers = {"networks": 1, "parameters": 9, "trained": 20, "seconds": 98.4} | parts
    return TreatmentSummary(name=name, what="", **numbers)


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


def test_treatments_stand_below_the_tasks_within_a_hundred_columns():
    gain = Effect(estimate=0.0123, low=-0.001, high=0.0256, verdict="UNDETERMINED")
    rows = (
        treatment("alone", networks=6),
        treatment("together", gain=gain, rank=2.25),
        treatment("a sharing form with a very long name [x]", gain=gain),
    )
    lines = shown(TASK, width=100, treatments=rows).splitlines()
    assert max(len(line) for line in lines) <= 100
    together = next(line for line in lines if line.strip().startswith("together"))
    assert together.split() == [
        "together", "+1.23%", "-0.10%", "to", "+2.56%", "UNDETERMINED", "2.2", "1", "98",
    ]  # fmt: skip
    alone = next(line for line in lines if line.strip().startswith("alone"))
    assert alone.split() == ["alone", "-", "-", "-", "-", "6", "98"]
    assert not any("memory" in line for line in lines)


def test_memory_has_a_column_where_it_was_measured():
    text = shown(TASK, width=100, treatments=(treatment("alone", memory=412.3),))
    assert "412 MiB" in text


def test_without_treatments_there_is_no_table_of_them():
    assert "mean gain" not in shown(TASK)

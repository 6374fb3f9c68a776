"""What a diagnosis found, as tables in the terminal."""

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sharewise.diagnosis import Benefits, Conditions, Diagnosis, TaskDiagnosis
from sharewise.study import cause_of, diagnosis_headline, hint_commands, next_command, verdict

COLOURS = {"met": "green", "not met": "red", "open": "yellow"}
SHOWN = 6  # interventions of a task in the terminal; the report has all


def print_diagnosis(console: Console, found: Diagnosis) -> None:
    """Print a line for each task, and for each hurt one what the interventions recover.

    Args:
        console: where to.
        found: the diagnosis.
    """
    if found.conditions is not None:
        _print_conditions(console, found.conditions)
    main = _table("task", "loss alone", "together", "harm", "interval", "cause")
    for task in sorted(found.tasks, key=lambda each: -each.harm.estimate):
        ends = f"{_percent(task.harm.low)} to {_percent(task.harm.high)}"
        numbers = [f"{task.alone:.3f}", f"{task.together:.3f}", _percent(task.harm.estimate), ends]
        main.add_row(escape(task.name), *numbers, f"[red]{cause_of(task)}[/]" if task.hurt else "[dim]not hurt[/]")
    console.print(main)
    for task in sorted(found.hurt, key=lambda each: -each.harm.estimate):
        if not task.recoveries:
            continue
        console.print(_recoveries(task))
        console.print(f"[bold]{escape(task.name)}[/]: {escape(verdict(task))}", highlight=False)
    console.print(
        "[dim]Losses in units of the constant predictor's, on rows kept for decisions. Recovered: the share of the "
        "harm that goes away, with its interval; test rows decide nothing.[/]"
    )
    if found.benefits is not None:
        _print_benefits(console, found.benefits)
        for text, command in hint_commands(found):
            console.print(f"  {escape(text)} {escape(command)}", highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(diagnosis_headline(found))}[/]")
    text, command = next_command(found)
    console.print(f"[bold]Do next[/]: {escape(text)}", highlight=False)
    if command:
        console.print(f"[bold]Run next[/]: {escape(command)}", highlight=False, soft_wrap=True)


def _print_conditions(console: Console, conditions: Conditions) -> None:
    """A row for each condition."""
    table = _table("condition", "reading", "what was found")
    for question, reading, text in conditions.rows():
        table.add_row(question, f"[{COLOURS[reading]}]{reading}[/]", escape(text))
    console.print(table)


def _print_benefits(console: Console, benefits: Benefits) -> None:
    """The sentences of each benefit."""
    for name, results in benefits.parts():
        console.print(f"[bold]{name}[/]")
        for each in results:
            console.print(f"  {escape(each.sentence)}", highlight=False)


def _recoveries(task: TaskDiagnosis) -> Table:
    table = _table(f"{task.name}: intervention", "speaks for", "recovered", "interval", "on test", "enough")
    for each in task.recoveries[:SHOWN]:
        ends = f"{_percent(each.share.low)} to {_percent(each.share.high)}"
        mark = "[green]yes[/]" if each.enough else "no"
        causes = " and ".join(each.causes)
        table.add_row(
            each.intervention, causes, _percent(each.share.estimate), ends, _percent(each.test.estimate), mark
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for place, name in enumerate(columns):
        words = place == 0 or name in ("cause", "speaks for", "enough", "reading", "what was found")
        table.add_column(escape(name), justify="left" if words else "right", overflow="fold")
    return table


def _percent(value: float) -> str:
    return f"{100 * value:+.1f}%" if abs(value) < 100 else "unknown"

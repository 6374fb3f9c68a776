"""The words of a diagnosis: what hurts each task, and what to do, in plain sentences."""

import math
from collections.abc import Sequence

from sharewise.diagnosis import Cause, Diagnosis, Hint, Recovery, TaskDiagnosis
from sharewise.evidence import Interval
from sharewise.study._commands import SOURCE, fit_command, fit_options, option_of, values_of
from sharewise.study._numbers import count, listing, share

REMEDIES: dict[Cause, str] = {
    "unbalanced data": "balance how often the tasks are drawn, or collect labels of the small ones",
    "optimisation": "change the objective: weigh losses or gradients, or take smaller steps",
    "too small a network": "widen the shared network",
    "contradictory tasks": "share less: fewer layers, features told the task, groups, or nothing",
    "overfitting": "stop each task at its own best step, stop earlier, or regularise",
}
"""What to do about a cause."""

UNKNOWN = "cannot tell"


def cause_of(task: TaskDiagnosis) -> str:
    """The cause of a task's harm in a few words, `cannot tell`, or `not hurt`.

    Two causes joined by "and" are only removed together; those after "or" by other remedies too.
    """
    if not task.hurt:
        return "not hurt"
    return " or ".join(" and ".join(causes) for causes in task.causes) or UNKNOWN


def verdict(task: TaskDiagnosis) -> str:
    """What was established about a task, in a sentence or two."""
    if not task.hurt:
        return f"Not hurt: together it loses {_of(task.harm)} of the constant predictor's loss more than alone."
    lost = f"Together its loss is larger by {_of(task.harm)} of the constant predictor's."
    enough = [each for each in task.recoveries if each.enough and each.causes in task.causes]
    if not enough:
        best = max(task.recoveries, key=lambda each: each.share.estimate, default=None)
        close = "" if best is None else f" Closest: {best.what}, {_recovered(best)}."
        return f"{lost} No experiment established why.{close}"
    first = enough[0]
    said = f"{lost} Cause: {' and '.join(first.causes)}. With {first.what}, {_recovered(first)} of it goes away."
    others = task.causes[1:]
    if others:
        said += f" Other remedies are enough too: {listing([' and '.join(causes) for causes in others])}; "
        said += "the cheapest comes first."
    return said


def _recovered(found: Recovery) -> str:
    return _of(found.share)


def _of(interval: Interval) -> str:
    if not math.isfinite(interval.low + interval.high):
        return share(interval.estimate, sign=False)
    ends = f"{share(interval.low, sign=False)} to {share(interval.high, sign=False)}"
    return f"{share(interval.estimate, sign=False)} ({ends})"


def diagnosis_headline(diagnosis: Diagnosis) -> str:
    """The answer in one sentence."""
    if not diagnosis.hurt:
        return "No task is measurably worse together than alone."
    causes: dict[str, list[str]] = {}
    for task in diagnosis.hurt:
        causes.setdefault(" and ".join(task.causes[0]) if task.causes else UNKNOWN, []).append(task.name)
    said = [f"{cause} ({listing(names)})" for cause, names in causes.items()]
    return f"{count(len(diagnosis.hurt), 'task').capitalize()} hurt by training together: {'; '.join(said)}."


def next_command(diagnosis: Diagnosis) -> tuple[str, str]:
    """What to do, and the command that does it ("" where none does): the remedy of the task that is hurt most.

    Where no joint training that was tried is a remedy, networks of their own are: they are what harm is measured from.
    """
    hurt = sorted(diagnosis.hurt, key=lambda task: -task.harm.estimate)
    if not hurt:
        return "Nothing has to be cured.", ""
    for task in hurt:
        if task.remedy is not None:
            tested = f"; on test rows it recovers {_of(task.remedy.test)}"
            text = f"Train together with {task.remedy.what}, for {task.name}{tested}."
            return text, fit_command(diagnosis.command, keep=_kept(task.remedy), more=_more(diagnosis, task.remedy))
    alone = fit_command(diagnosis.command, more=["--sharing", "none", "--out", "models/alone"])
    if hurt[0].causes:
        cure = REMEDIES[hurt[0].causes[0][0]].capitalize()
        return f"{cure}. Of one joint training none cured it; the command trains a network for each task.", alone
    names = listing([task.name for task in hurt])
    return f"Train {names} alone (the command trains a network for each task), or repeat with more replicates.", alone


def hint_commands(diagnosis: Diagnosis) -> tuple[tuple[str, str], ...]:
    """For each kept hint how a model is trained with it, and the command that does it ("" where none does).

    A command predicts the feature and does not read it, as hints of the way `instead` do, and lets it stop the training
    too, which measured hints do not: it is not the same training.
    """
    kept = [] if diagnosis.benefits is None else [each.best for each in diagnosis.benefits.hints]
    return tuple(_hinted(diagnosis.command, hint) for hint in kept if hint is not None)


def _hinted(command: str, hint: Hint) -> tuple[str, str]:
    feature = hint.candidate.feature
    task = next((each for each in values_of(command, "task") if each.partition(":")[0] == hint.task), "")
    if hint.way == "also" or not task or set(feature) & set(":=") or option_of(command, "by"):
        text = f"`Run(tasks=({hint.task!r}, HINT), hints=(HINT,))`, HINT a task that has `{feature}` as its labels"
        return f"For {hint.task}, in Python: {text}.", ""
    more = ["--task", task, "--task", feature, "--out", "models/hint"]
    text = f"For {hint.task}, predict {feature} too; here it also has a say in when training stops."
    return text, fit_command(command, keep=SOURCE - {"task"}, more=more)


def _kept(remedy: Recovery) -> Sequence[str]:
    mixed = {"plan", "rate"} if not remedy.run["rates"] else set()
    return sorted(SOURCE - mixed - {"batch-size"})


def _more(diagnosis: Diagnosis, remedy: Recovery) -> list[str]:
    written = "--config" in fit_command(diagnosis.command).split()
    return [*fit_options(remedy.run, whole=written), "--out", "models/remedy"]

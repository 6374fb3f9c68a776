"""The answer of a study in plain sentences, composed from its verdicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.evidence import Word
from sharewise.study._numbers import count, decimals, listing, number
from sharewise.study._summary import Summary, TaskSummary

MEANING: dict[Word, str] = {
    "HELPS": "Better together by at least the margin, and more than chance explains.",
    "HURTS": "Worse together by at least the margin, and more than chance explains.",
    "NEUTRAL": "Whatever the difference is, it is smaller than the margin: take what is simpler or cheaper.",
    "UNDETERMINED": "These replicates cannot tell a difference that matters from none. It may well exist.",
}
"""What each verdict says, allowing for the number of tasks."""

_FAR = 200
_WORDS: dict[str, Word] = {"helps": "HELPS", "hurts": "HURTS"}
_LONG = 48


@final
@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next about some tasks."""

    about: str
    text: str


def having(tasks: Sequence[TaskSummary], verdict: Word) -> list[TaskSummary]:
    """The tasks with this verdict."""
    return [task for task in tasks if task.verdict == verdict]


def headline(summary: Summary) -> str:
    """Which tasks to train together, which alone, and for which it is open, unimportant or the choice was another.

    Example:
        >>> headline(Summary(name="adult", tasks=(), replicates=5, covers="this split's models"))
        'No task clearly gains or loses.'
    """
    tasks = summary.tasks
    decided = [task for task in tasks if task.verdict in ("HELPS", "HURTS")]
    together = [task for task in decided if (task.verdict, task.chosen) == ("HELPS", "together")]
    alone = [task for task in decided if (task.verdict, task.chosen) == ("HURTS", "alone")]
    verdicts = {task.verdict for task in tasks}
    if verdicts == {"NEUTRAL"}:
        return "Together or alone makes no difference that matters here."
    if verdicts == {"UNDETERMINED"}:
        return "This study cannot tell yet what these tasks should share."
    if len(tasks) in (len(together), len(alone)) and tasks:
        return f"Train {'both' if len(tasks) == 2 else f'all {count(len(tasks))}'} tasks {tasks[0].chosen}."
    parts = []
    if together:
        others = f" with the other{'s' if len(tasks) > 2 else ''}"
        parts.append(f"{_short(together)} together{others if len(together) == 1 else ''}")
    if alone:
        parts.append(f"{_short(alone)} alone")
    torn = [task for task in decided if task not in (*together, *alone)]
    opening = f"Train {', and '.join(parts)}" if parts else _effect(torn)
    return opening + _rest(torn, having(tasks, "NEUTRAL"), having(tasks, "UNDETERMINED")) + "."


def _effect(torn: Sequence[TaskSummary]) -> str:
    """What sharing did to tasks for which the study chose otherwise."""
    said = [f"{verb} {_short(found)}" for verb in ("helps", "hurts") if (found := having(torn, _WORDS[verb]))]
    return f"Training together {' and '.join(said)}" if said else "No task clearly gains or loses"


def _rest(torn: Sequence[TaskSummary], neutral: Sequence[TaskSummary], undecided: Sequence[TaskSummary]) -> str:
    parts = []
    if torn:
        parts.append(f"the choice for {_short(torn)} was made on other rows and differs")
    if neutral:
        parts.append(f"{_short(neutral)} {'does' if len(neutral) == 1 else 'do'} as well either way")
    if undecided:
        parts.append(f"{_short(undecided)} {'is' if len(undecided) == 1 else 'are'} not decided yet")
    return "; " + ", ".join(parts) if parts else ""


def certainty(summary: Summary) -> list[str]:
    """How sure the headline is: the verdicts counted, what the intervals cover, where choice and test disagree."""
    tasks = summary.tasks
    undecided = having(tasks, "UNDETERMINED")
    parts = [
        _part(having(tasks, "HELPS"), "helps"),
        _part(having(tasks, "HURTS"), "hurts"),
        _part(having(tasks, "NEUTRAL"), "makes no difference that matters for"),
    ]
    said = [part for part in parts if part]
    if undecided:
        said.append(_part(undecided, "can neither be said to help nor to hurt"))
    start = f"Measured over {count(summary.replicates, 'paired replicate')}, training together"
    sentences = [f"{start} {listing(said)}."]
    sentences.append(f"The {100 * summary.level:.0f}\u00a0% intervals cover {summary.covers.rstrip('.')}.")
    outdone = _outdone(tasks)
    if outdone:
        models = sorted({model for _, model in outdone})
        about = _named([task for task, _ in outdone], 4)
        sentences.append(f"Other models ({'; '.join(models[:3])}) predict {about} better than either network.")
    return sentences


def advice(summary: Summary) -> list[Advice]:
    """What to do next, most pressing first."""
    tasks = summary.tasks
    lists = (
        _hurt(having(tasks, "HURTS")),
        _against(tasks),
        _open(having(tasks, "UNDETERMINED"), summary.replicates),
        _reference(tasks),
        _floor(tasks),
        _neutral(having(tasks, "NEUTRAL")),
        _partial(tasks),
    )
    return [item for items in lists for item in items]


def best_reference(task: TaskSummary) -> tuple[str, float] | None:
    """The outside model with the best score, or None."""
    known = [(name, score) for name, score in task.references.items() if math.isfinite(score)]
    return max(known, key=lambda item: signed(task, item[1])) if known else None


def signed(task: TaskSummary, score: float) -> float:
    """The score with the sign that makes larger better."""
    return score if task.higher_is_better else -score


def _named(tasks: Sequence[TaskSummary], most: int = 4) -> str:
    names = [task.name if len(task.name) <= _LONG else f"{task.name[:_LONG]}…" for task in tasks]
    return listing([f"“{name}”" if " " in name else name for name in names], most)


def _short(tasks: Sequence[TaskSummary]) -> str:
    """Names for the headline, or how many where they would fill it."""
    return _named(tasks, 6) if sum(len(task.name) for task in tasks) <= 2 * _LONG else count(len(tasks), "task")


def _about(tasks: Sequence[TaskSummary]) -> str:
    return _named(tasks, 4).capitalize() if len(tasks) > 4 else _named(tasks)  # a count may take a capital, no name


def _part(tasks: Sequence[TaskSummary], verb: str) -> str:
    if not tasks:
        return ""
    return f"{verb} {count(len(tasks), 'task')}" + (f" ({_named(tasks)})" if len(tasks) <= 4 else "")


def _outdone(tasks: Sequence[TaskSummary]) -> list[tuple[TaskSummary, str]]:
    """Tasks where an outside model beats both networks by more than the margin, with its name."""
    found = []
    for task in tasks:
        best = best_reference(task)
        networks = max(signed(task, task.alone), signed(task, task.together))
        if best and signed(task, best[1]) > networks + (task.margin if task.margin > 0 else 0):
            found.append((task, best[0]))
    return found


def _hurt(tasks: Sequence[TaskSummary]) -> list[Advice]:
    if not tasks:
        return []
    text = (
        "Use the network trained alone. If you need one joint network, each of these is worth a study of its own: "
        "share less (fewer shared layers, soft sharing, groups of tasks), give the task more weight or more rows, or "
        "widen the trunk. Which of them cures it can only be seen by retraining."
    )
    return [Advice(f"{_about(tasks)}: hurt by training together", text)]


def _against(tasks: Sequence[TaskSummary]) -> list[Advice]:
    opposite = {"together": "HURTS", "alone": "HELPS"}
    against = [task for task in tasks if task.verdict == opposite[task.chosen]]
    if not against:
        return []
    text = (
        "The choice was made on the select rows, before the test rows were read, and the test rows speak against it. "
        "The choice stands, so that the test stays a test; repeat the study with more replicates before relying on it."
    )
    return [Advice(f"{_about(against)}: choice and test disagree", text)]


def _open(tasks: Sequence[TaskSummary], replicates: int) -> list[Advice]:
    if not tasks:
        return []
    endless = [task for task in tasks if task.needed == math.inf]
    text = f"Repeat the study with more than {replicates} replicates; finished runs are reused."
    if len(endless) == len(tasks):
        text = "More replicates cannot decide: splits of one table share rows, and these are too few for the margin."
    rows = f" More rows, or a wider margin, are needed for {_named(endless)}." if endless else ""
    return [Advice(f"{_about(tasks)}: not decided", text + _needed(tasks, replicates) + rows + _risk(tasks))]


def _needed(tasks: Sequence[TaskSummary], replicates: int) -> str:
    known = [task for task in tasks if math.isfinite(task.needed)]
    if not known:
        return ""
    if len(tasks) > 4:
        middle = _middle(tasks)
        if middle == math.inf:
            return ""
        return f" Half of these tasks are expected to need {_many(middle)}{'' if middle > _FAR else ' or fewer'}."
    said = [f"{_many(task.needed)} for {_named([task])}" for task in known]
    near = [task for task in known if task.needed <= replicates]
    text = f" Expected to be enough: {listing(said)}."
    return f"{text} Where that is no more than now, the difference lies close to the margin." if near else text


def _middle(tasks: Sequence[TaskSummary]) -> float:
    needed = sorted(task.needed for task in tasks if not math.isnan(task.needed))
    return needed[len(needed) // 2]


def _many(needed: float) -> str:
    return f"more than {_FAR}" if needed > _FAR else f"{needed:.0f}"


def _risk(tasks: Sequence[TaskSummary]) -> str:
    """What it may cost to train together all the same."""
    if len(tasks) > 4:
        return ""
    ends = [(number(end, decimals(task), sign=True) for end in (task.low, task.high)) for task in tasks]
    said = [f"{_named([task])} by {low} to {high}" for task, (low, high) in zip(tasks, ends, strict=True)]
    return f" As far as is known now, training together changes {listing(said)} (positive is better)."


def _reference(tasks: Sequence[TaskSummary]) -> list[Advice]:
    outdone = _outdone(tasks)
    if not outdone:
        return []
    text = (
        "Another model predicts better than both networks: use it where only the prediction counts. Whether the tasks "
        "help each other is a separate question; its answer above holds for these networks, and a better trunk may "
        "change it."
    )
    return [Advice(f"{_about([task for task, _ in outdone])}: better without these networks", text)]


def _floor(tasks: Sequence[TaskSummary]) -> list[Advice]:
    floored = [
        task for task in tasks if max(signed(task, task.alone), signed(task, task.together)) <= signed(task, task.floor)
    ]
    if not floored:
        return []
    text = (
        "Neither network predicts better than a constant. Check that the features can tell anything about it; a "
        "verdict about sharing means little here."
    )
    return [Advice(f"{_about(floored)}: nothing learnt", text)]


def _neutral(tasks: Sequence[TaskSummary]) -> list[Advice]:
    if not tasks:
        return []
    text = "One joint network is one model to train, store and run; separate networks can be changed one at a time."
    return [Advice(f"{_about(tasks)}: choose by convenience", text)]


def _partial(tasks: Sequence[TaskSummary]) -> list[Advice]:
    if len({task.chosen for task in tasks}) < 2:
        return []
    text = (
        "The scores together come from one network trained on all tasks. A joint network without the tasks that are "
        "better alone is another network: study it before you use it in place of the measured one."
    )
    return [Advice("What was measured", text)]

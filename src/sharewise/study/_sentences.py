"""The answer of a study in plain sentences, composed from its verdicts."""

import math
from collections.abc import Sequence

from sharewise.evidence import Word
from sharewise.study._choices import CONTROL, at_stake, credit, joint_of, joint_treatments, score_of, support
from sharewise.study._numbers import count, decimals, listing, number, share
from sharewise.study._parts import TreatmentSummary
from sharewise.study._summary import Summary, TaskSummary
from sharewise.study._treatments import ALONE, TOGETHER

MEANING: dict[Word, str] = {
    "HELPS": "Better together by at least the margin, and more than chance explains.",
    "HURTS": "Worse together by at least the margin, and more than chance explains.",
    "NEUTRAL": "Whatever the difference is, it is smaller than the margin: take what is simpler or cheaper.",
    "UNDETERMINED": "These replicates cannot tell a difference that matters from none. It may well exist.",
}
"""What each verdict says, allowing for the number of tasks."""

STRUCTURE = (
    "What shuffled labels bring too is an effect of structure, not of information: a shared network may gain because "
    "other losses, even of noise, regularise it or change its steps."
)
"""What it means that a gain is not credited."""

WAYS = {TOGETHER: "", "weighted": "by tuned weights", "worst task": "by the loss of the worst task"}
"""How a joint treatment is said after the word together; others go by their names."""

_WORDS: dict[str, Word] = {"helps": "HELPS", "hurts": "HURTS"}
_VERBS: dict[Word, str] = {
    "HELPS": "helps",
    "HURTS": "hurts",
    "NEUTRAL": "makes no difference that matters",
    "UNDETERMINED": "cannot be told from no difference yet",
}
_LONG = 48


def having(tasks: Sequence[TaskSummary], verdict: Word) -> list[TaskSummary]:
    """The tasks for which training together has this verdict."""
    return [task for task in tasks if task.verdict == verdict]


def headline(summary: Summary) -> str:
    """Which tasks to train together, and how, which alone, and for which it is open, unimportant or contradicted.

    Example:
        >>> headline(Summary(name="adult", tasks=(), replicates=5, covers="this split's models"))
        'No task clearly gains or loses.'
    """
    tasks = summary.tasks
    found = {task.name: support(task) for task in tasks}
    simple = all(task.chosen in (ALONE, TOGETHER) for task in tasks)
    if set(found.values()) == {"NEUTRAL"} and simple:
        return "Together or alone makes no difference that matters here."
    if set(found.values()) == {"UNDETERMINED"}:
        return "This study cannot tell yet what these tasks should share."
    sure = [task for task in tasks if found[task.name] == "HELPS"]
    parts = _recommended(sure, len(tasks))
    torn = [task for task in tasks if found[task.name] == "HURTS"]
    opening = f"Train {', and '.join(', '.join(some) for some in (parts[:-1], parts[-1:]) if some)}"
    neutral = [task for task in tasks if found[task.name] == "NEUTRAL"]
    undecided = [task for task in tasks if found[task.name] == "UNDETERMINED"]
    return (opening if parts else _effect(torn)) + _rest(torn, neutral, undecided) + "."


def _recommended(sure: Sequence[TaskSummary], total: int) -> list[str]:
    """The joint treatments with their tasks, then those to train alone."""
    order = [*joint_treatments(sure), *(task.chosen for task in sure if task.chosen != ALONE), ALONE]
    groups = {way: [task for task in sure if task.chosen == way] for way in order}
    return [_part_of(way, group, total) for way, group in groups.items() if group]


def _part_of(way: str, tasks: Sequence[TaskSummary], total: int) -> str:
    names = ("both tasks" if total == 2 else f"all {count(total)} tasks") if len(tasks) == total else short(tasks)
    if way == ALONE:
        return f"{names} alone"
    others = f" with the other{'s' if total > 2 else ''}" if len(tasks) == 1 < total else ""
    return f"{names} together{others}{how(way)}"


def how(way: str) -> str:
    """What follows the word together for this joint treatment.

    Example:
        >>> how("together"), how("weighted"), how("mmoe")
        ('', ' by tuned weights', ' by “mmoe”')
    """
    said = WAYS.get(way, f"by “{way[:_LONG]}”")
    return f" {said}" if said else ""


def _effect(torn: Sequence[TaskSummary]) -> str:
    """What sharing did to tasks for which the study chose otherwise."""
    plain = [task for task in torn if task.chosen in (ALONE, TOGETHER)]
    said = [f"{verb} {short(found)}" for verb in ("helps", "hurts") if (found := having(plain, _WORDS[verb]))]
    return f"Training together {' and '.join(said)}" if said else "No task clearly gains or loses"


def _rest(torn: Sequence[TaskSummary], neutral: Sequence[TaskSummary], undecided: Sequence[TaskSummary]) -> str:
    parts = []
    if torn:
        parts.append(f"the choice for {short(torn)} was made on other rows and differs")
    simple = [task for task in neutral if task.chosen in (ALONE, TOGETHER)]
    if simple:
        parts.append(f"{short(simple)} {'does' if len(simple) == 1 else 'do'} as well either way")
    for way in dict.fromkeys(task.chosen for task in neutral if task not in simple):
        some = [task for task in neutral if task.chosen == way]
        parts.append(f"{short(some)} {'does' if len(some) == 1 else 'do'} as well alone as together{how(way)}")
    if undecided:
        parts.append(f"{short(undecided)} {'is' if len(undecided) == 1 else 'are'} not decided yet")
    return "; " + ", ".join(parts) if parts else ""


def certainty(summary: Summary) -> list[str]:
    """How sure the headline is: the verdicts counted, what the intervals cover, where other models are better."""
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
    better = outdone(tasks)
    if better:
        models = sorted({model for _, model in better})
        about = named([task for task, _ in better], 4)
        sentences.append(f"Other models ({'; '.join(models[:3])}) predict {about} better than any of these networks.")
    return sentences


def on_average(summary: Summary) -> str:
    """What training together does to the mean over the tasks, with its verdict; "" where it was not measured."""
    known = {row.name: row for row in summary.treatments if math.isfinite(row.gain.estimate)}
    if TOGETHER not in known:
        return ""
    gain = known[TOGETHER].gain
    text = (
        f"Training together changes the mean over the tasks by {share(gain.estimate)} of the way from a constant "
        f"predictor to a perfect score ({100 * summary.level:.0f}\u00a0% interval {share(gain.low)} to "
        f"{share(gain.high)}): on average it {_VERBS[gain.verdict]}."
    )
    best = max((row for name, row in known.items() if name not in (ALONE, CONTROL)), key=_estimate)
    if best.name == TOGETHER or not best.gain.estimate > gain.estimate:
        return text
    return f"{text} The highest mean is that of training together{how(best.name)}: {share(best.gain.estimate)}."


def _estimate(row: TreatmentSummary) -> float:
    return row.gain.estimate


def if_wrong(summary: Summary) -> str:
    """The worst plausible loss of those who follow the choices, in each task's unit; "" where nothing is known."""
    stakes = {task.name: at_stake(task) for task in summary.tasks}
    lost = [task for task in summary.tasks if stakes[task.name] > 0]
    safe = [task for task in summary.tasks if stakes[task.name] == 0]
    if not lost:
        return "By these intervals the choices lose nothing." if safe else ""
    worst = sorted(lost, key=lambda task: stakes[task.name] / (task.margin if task.margin > 0 else 1.0), reverse=True)
    said = [f"{named([task])} {number(stakes[task.name], decimals(task))} of {task.metric}" for task in worst[:4]]
    if len(lost) > 4:
        said.append(f"{count(len(lost) - 4, 'other task')} less, in margins")
    said += [f"{named(safe, 3)} nothing"] if safe else []
    level = f"{100 * summary.level:.0f}\u00a0%"
    return f"The worst that the {level} intervals allow: following the choices costs {listing(said, len(said))}."


def credited(summary: Summary) -> list[str]:
    """Which gains from training together are credited to the labels of the other tasks; empty without the control."""
    helped = having(summary.tasks, "HELPS")
    found = {task.name: credit(task) for task in helped}
    if not any(found.values()):
        return []
    owed = [task for task in helped if found[task.name] == "HELPS"]
    not_owed = [task for task in helped if found[task.name] in ("NEUTRAL", "HURTS")]
    unclear = [task for task in helped if found[task.name] in ("UNDETERMINED", None)]
    said = []
    if owed:
        said.append(f"The gain of {named(owed)} is credited to what the other tasks' labels tell.")
    if not_owed:
        said.append(f"Shuffled labels of the other tasks do as well for {named(not_owed)}: not credited.")
    if unclear:
        said.append(f"For {named(unclear)} the comparison with shuffled labels is open: not credited.")
    return [*said, STRUCTURE] if not_owed or unclear else said


def best_reference(task: TaskSummary) -> tuple[str, float] | None:
    """The outside model with the best score, or None."""
    known = [(name, score) for name, score in task.references.items() if math.isfinite(score)]
    return max(known, key=lambda item: signed(task, item[1])) if known else None


def signed(task: TaskSummary, score: float) -> float:
    """The score with the sign that makes larger better."""
    return score if task.higher_is_better else -score


def named(tasks: Sequence[TaskSummary], most: int = 4) -> str:
    """Names in a sentence, quoted where they have spaces, cut where they are long; a count of too many."""
    names = [task.name if len(task.name) <= _LONG else f"{task.name[:_LONG]}…" for task in tasks]
    return listing([f"“{name}”" if " " in name else name for name in names], most)


def short(tasks: Sequence[TaskSummary]) -> str:
    """Names for the headline, or how many where they would fill it."""
    return named(tasks, 6) if sum(len(task.name) for task in tasks) <= 2 * _LONG else count(len(tasks), "task")


def _part(tasks: Sequence[TaskSummary], verb: str) -> str:
    if not tasks:
        return ""
    return f"{verb} {count(len(tasks), 'task')}" + (f" ({named(tasks)})" if len(tasks) <= 4 else "")


def outdone(tasks: Sequence[TaskSummary]) -> list[tuple[TaskSummary, str]]:
    """Tasks where an outside model beats every network by more than the margin, with its name."""
    found = []
    for task in tasks:
        best = best_reference(task)
        networks = [signed(task, score) for arm in (ALONE, *joint_of(task)) if (score := score_of(task, arm)) == score]
        if best and networks and signed(task, best[1]) > max(networks) + (task.margin if task.margin > 0 else 0):
            found.append((task, best[0]))
    return found

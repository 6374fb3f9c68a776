"""What to do next about some tasks, in plain sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.evidence import Word
from sharewise.study._choices import credit, effect_of, joint_of, rescue, score_of, support
from sharewise.study._commands import reworded
from sharewise.study._next import differ, groups_of
from sharewise.study._numbers import decimals, listing, number
from sharewise.study._sentences import having, how, named, outdone, signed
from sharewise.study._summary import Summary, TaskSummary
from sharewise.study._treatments import ALONE, TOGETHER

_FAR = 200


@final
@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next about some tasks."""

    about: str
    text: str


def advice(summary: Summary) -> list[Advice]:
    """What to do next, most pressing first."""
    tasks = summary.tasks
    lists = (
        _hurt(having(tasks, "HURTS"), summary.command),
        _against(_chosen(tasks, "HURTS")),
        _open(_chosen(tasks, "UNDETERMINED"), summary.replicates),
        _structure(tasks),
        _reference(tasks),
        _floor(tasks),
        _neutral(_chosen(tasks, "NEUTRAL")),
        _partial(tasks),
        _groups(summary),
    )
    return [item for items in lists for item in items]


def _chosen(tasks: Sequence[TaskSummary], word: Word) -> list[TaskSummary]:
    """Tasks whose choice has this support on the test rows."""
    return [task for task in tasks if support(task) == word]


def _hurt(tasks: Sequence[TaskSummary], command: str) -> list[Advice]:
    cures = {task.name: rescue(task) for task in tasks}
    ways = dict.fromkeys(way for way in cures.values() if way)
    items = [_recovered(way, [task for task in tasks if cures[task.name] == way]) for way in ways]
    left = [task for task in tasks if cures[task.name] is None]
    return [*items, _lost(left, command)] if left else items


def _recovered(way: str, tasks: Sequence[TaskSummary]) -> Advice:
    """A treatment of this study that does not hurt the tasks as the plain sum does."""
    text = (
        f"The plain sum of the losses hurts; training together{how(way)} does not, on the test rows of this study"
        f"{_effects(way, tasks)}. Where one joint network is wanted, take that treatment."
    )
    other = [task for task in tasks if task.chosen != way]
    choice = f" The choice, made on other rows, is still {tasks[0].chosen} for {named(other)}." if other else ""
    if len({task.chosen for task in other}) > 1:
        choice = f" The choices for {named(other)}, made on other rows, are still other ones."
    return Advice(f"{_about(tasks)}: recovered by another treatment", text + choice)


def _effects(way: str, tasks: Sequence[TaskSummary]) -> str:
    if len(tasks) > 4:
        return ""
    said = []
    for task in tasks:
        effect, places = effect_of(task, way), decimals(task)
        ends = (number(value, places, sign=True) for value in (effect.estimate, effect.low, effect.high))
        said.append("{} {}, {} to {}".format(named([task]), *ends))
    return f" (against alone: {'; '.join(said)})"


def _lost(tasks: Sequence[TaskSummary], command: str) -> Advice:
    found = reworded(command, "diagnose") or "sharewise diagnose"
    text = (
        "Use the network trained alone. If you need one joint network: it may be too small, its losses or rows may be "
        "out of balance, or the tasks may contradict each other. Which it is, and what cures it, can only be seen by "
        f"retraining; `{found}` does that, from the runs of this study."
    )
    return Advice(f"{_about(tasks)}: hurt by training together", text)


def _against(tasks: Sequence[TaskSummary]) -> list[Advice]:
    if not tasks:
        return []
    text = (
        "The choice was made on the select rows, before the test rows were read, and the test rows speak against it. "
        "The choice stands, so that the test stays a test; repeat the study with more replicates before relying on it."
    )
    return [Advice(f"{_about(tasks)}: choice and test disagree", text)]


def _open(tasks: Sequence[TaskSummary], replicates: int) -> list[Advice]:
    if not tasks:
        return []
    endless = [task for task in tasks if task.needed == math.inf]
    text = f"Repeat the study with more than {replicates} replicates; finished runs are reused."
    if len(endless) == len(tasks):
        text = "More replicates cannot decide: splits of one table share rows, and these are too few for the margin."
    rows = f" More rows, or a wider margin, are needed for {named(endless)}." if endless else ""
    return [Advice(f"{_about(tasks)}: not decided", text + _needed(tasks, replicates) + rows + _risk(tasks))]


def _about(tasks: Sequence[TaskSummary]) -> str:
    return named(tasks, 4).capitalize() if len(tasks) > 4 else named(tasks)  # a count may take a capital, no name


def _needed(tasks: Sequence[TaskSummary], replicates: int) -> str:
    known = [task for task in tasks if math.isfinite(task.needed)]
    if not known:
        return ""
    if len(tasks) > 4:
        middle = _middle(tasks)
        if middle == math.inf:
            return ""
        return f" Half of these tasks are expected to need {_many(middle)}{'' if middle > _FAR else ' or fewer'}."
    said = [f"{_many(task.needed)} for {named([task])}" for task in known]
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
    said = [f"{named([task])}{_way(task)} by {_range(task)}" for task in tasks]
    return f" As far as is known now, training together changes {listing(said)} (positive is better)."


def _way(task: TaskSummary) -> str:
    said = how(_joint(task)).strip()
    return f" ({said})" if said else ""


def _joint(task: TaskSummary) -> str:
    """The joint treatment that the choice speaks of: the chosen one, or the one that alone was preferred to."""
    return TOGETHER if task.chosen == ALONE else task.chosen


def _range(task: TaskSummary) -> str:
    effect = effect_of(task, _joint(task))
    low, high = (number(end, decimals(task), sign=True) for end in (effect.low, effect.high))
    return f"{low} to {high}"


def _structure(tasks: Sequence[TaskSummary]) -> list[Advice]:
    """Gains that shuffled labels of the other tasks bring too."""
    same = [task for task in having(tasks, "HELPS") if credit(task) in ("NEUTRAL", "HURTS")]
    if not same:
        return []
    text = (
        "Shuffled labels of the other tasks do as well: what helps is the structure of a shared network, not what the "
        "other labels tell. The same may be had alone: tune regularisation, width and length of training there first."
    )
    return [Advice(f"{_about(same)}: a gain not owed to the other tasks", text)]


def _reference(tasks: Sequence[TaskSummary]) -> list[Advice]:
    better = outdone(tasks)
    if not better:
        return []
    text = (
        "Another model predicts better than all of these networks: use it where only the prediction counts. Whether "
        "the tasks help each other is a separate question; its answer above holds for these networks, and a better "
        "trunk may change it."
    )
    return [Advice(f"{_about([task for task, _ in better])}: better without these networks", text)]


def _floor(tasks: Sequence[TaskSummary]) -> list[Advice]:
    floored = [task for task in tasks if _best(task) <= signed(task, task.floor)]
    if not floored:
        return []
    text = (
        "No network predicts better than a constant. Check that the features can tell anything about it; a "
        "verdict about sharing means little here."
    )
    return [Advice(f"{_about(floored)}: nothing learnt", text)]


def _best(task: TaskSummary) -> float:
    scores = [signed(task, score_of(task, arm)) for arm in (ALONE, *joint_of(task))]
    return max((score for score in scores if math.isfinite(score)), default=math.nan)


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


def _groups(summary: Summary) -> list[Advice]:
    if not differ(summary):
        return []
    command = groups_of(summary)
    text = "Groups between all together and all alone were not tried here. Try them"
    text += f": {command}" if command else " by `sharewise group`"
    return [Advice("Which tasks to train together", f"{text}. It confirms by retraining, and may say that none pay.")]

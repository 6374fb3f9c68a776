"""What a grouping found, in plain sentences."""

import numpy as np

from sharewise.evidence import Verdict, Word
from sharewise.grouping import ALONE, RANDOM, TOGETHER, Grouping
from sharewise.study._numbers import count, listing, number

NAMES = {TOGETHER: "all tasks together", ALONE: "each task alone", RANDOM: "random partitions"}
SAYS: dict[Word, str] = {
    "HELPS": "better than",
    "HURTS": "worse than",
    "NEUTRAL": "as good as",
    "UNDETERMINED": "not to be told from",
}


def title_of(name: str) -> str:
    """A contender in a sentence."""
    return NAMES.get(name, name)


def verdict_sentence(other: str, verdict: Verdict) -> str:
    """The chosen contender against another one, on test rows."""
    found = verdict.interval
    ends = f"{number(found.low, 3, sign=True)} to {number(found.high, 3, sign=True)}"
    size = number(found.estimate, 3, sign=True)
    return f"{SAYS[verdict.word]} {title_of(other)} ({size} in mean skill, {found.level:.0%} interval {ends})"


def sure_sentence(found: Grouping) -> str:
    """How sure the recommendation is, on rows that did not choose it."""
    said = [verdict_sentence(name, each) for name, each in found.verdicts.items() if name in (TOGETHER, ALONE, RANDOM)]
    return f"On test rows the recommendation is {'; '.join(said)}." if said else "There was nothing to compare it with."


def choice_sentence(found: Grouping) -> str:
    """How the choice was made."""
    simple = title_of(found.baseline)
    if found.chosen not in (TOGETHER, ALONE):
        return (
            f"On the select rows it was surely better than {simple}, the better one of training together and alone, "
            "after adjustment for all groups that were tried."
        )
    tried = [each for each in found.standings if each.contender.name not in (TOGETHER, ALONE)]
    if not tried:
        return "The estimates proposed no groups."
    best = max(tried, key=lambda each: -np.inf if each.select is None else each.select.estimate)
    gain = number(best.select.estimate, 3, sign=True) if best.select is not None else "unknown"
    return (
        f"On the select rows no groups were surely better than {simple}; the best of {count(len(tried), 'candidate')} "
        f"({best.contender.name}) came to {gain} in mean skill."
    )


def equal_sentence(found: Grouping) -> str:
    """What is equal between the contenders."""
    if found.equal == "parameters":
        return (
            "All candidates have about as many parameters at inference as the one network for all tasks: the more "
            "networks, the narrower they are."
        )
    return "All networks are of one size, so candidates with more networks cost more."


def tasks_sentence(found: Grouping) -> str:
    """Which tasks the recommendation helps and hurts."""
    parts = []
    for word, verb in (("HELPS", "gain"), ("HURTS", "lose")):
        names = [name for name, each in found.tasks_verdicts.items() if each.word == word]
        if names:
            parts.append(f"{listing(names)} {verb if len(names) > 1 else verb + 's'}")
    against = title_of(found.against)
    if not parts:
        return f"Against {against} no single task gains or loses for sure."
    return f"Against {against}, {' and '.join(parts)} for sure."

"""The first condition of sharing: do the tasks have features in common?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np

from sharewise.diagnosis._arms import Floats
from sharewise.diagnosis._view import feature_names
from sharewise.evidence import Importance, importances, table_arrays
from sharewise.mixing import Dataset

Reading: TypeAlias = Literal["met", "not met", "open"]

MUCH, LITTLE = 0.5, 0.2
"""Mean overlap with the best partner from which, and up to which, the condition is read as met and not met."""
LEAST_SKILL = 0.02  # of the trees, below which a task says nothing about features
MOST_TASKS = 20  # for which trees are grown
TOP = 3  # features that are named


@final
@dataclass(frozen=True, eq=False)
class InCommon:
    """How far tasks need the same features, as boosted trees see it.

    Args:
        tasks: that were looked at, K of them.
        total: how many there are.
        skills: [K] of the trees on select rows; nan where they could not be measured.
        overlap: [K, K] part of the features' importance that two tasks have in common, 0 to 1; nan where the trees of
            one of them found nothing.
        top: task -> its most important features with their shares.
    """

    tasks: tuple[str, ...]
    total: int
    skills: Floats
    overlap: Floats
    top: dict[str, tuple[tuple[str, float], ...]]

    @property
    def best(self) -> Floats:
        """[K] overlap of each task with the task that is most like it; nan where unknown."""
        other = np.where(np.eye(len(self.tasks), dtype=bool), -np.inf, np.nan_to_num(self.overlap, nan=-np.inf))
        highest = other.max(axis=1, initial=-np.inf)
        return np.where(np.isfinite(highest), highest, np.nan)

    @property
    def reading(self) -> Reading:
        """Whether the condition is met, by the mean over the tasks of the overlap with the most like one."""
        known = self.best[np.isfinite(self.best)]
        if not len(known):
            return "open"
        return "met" if known.mean() >= MUCH else "not met" if known.mean() <= LITTLE else "open"

    @property
    def blind(self) -> tuple[str, ...]:
        """Tasks of which the trees learn nothing: noise, or too few labels."""
        return tuple(name for name, skill in zip(self.tasks, self.skills, strict=True) if not skill >= LEAST_SKILL)

    @property
    def sentence(self) -> str:
        """What was found, and what to do."""
        known = self.best[np.isfinite(self.best)]
        shown = f" (of {len(self.tasks)} of {self.total} tasks)" if len(self.tasks) < self.total else ""
        if not len(known):
            text = "Boosted trees learn too little of the tasks to say which features they need."
        else:
            part = f"{100 * known.mean():.0f} %"
            text = f"Each task has {part} of its important features in common with the task most like it{shown}."
        if self.reading == "not met":
            text += " They need different features: expect little from sharing, and let a study confirm it."
        if self.blind:
            names = ", ".join(f"`{name}`" for name in self.blind[:5])
            more = f" and {len(self.blind) - 5} more" if len(self.blind) > 5 else ""
            text += f" Trees learn nothing of {names}{more}: noise, or too few labels; watch that they do no harm."
        return text


def features_in_common(dataset: Dataset, *, replicate: int = 0) -> InCommon:
    """How far tasks need the same features: overlap of permutation importances (condition 1).

    The overlap of two tasks is the sum over features of the smaller of their two shares of importance. Trees are fitted
    on train and valid rows and looked at on select rows. Features that tell the same may hide what is in common, and
    tasks may need one feature for opposite reasons: it is a cheap look before training, no verdict. Cost: boosted trees
    for up to 20 tasks, those with the most labels.

    Args:
        dataset: any.
        replicate: whose split is taken.
    """
    split = dataset.split(replicate)
    counts = {name: own["train"] for name, own in dataset.label_counts(split).items()}
    chosen = sorted(dataset.tasks, key=lambda task: -counts[task.name])[:MOST_TASKS]
    chosen = [task for task in dataset.tasks if task in chosen]
    found = importances(table_arrays(dataset, split), chosen)
    names = tuple(task.name for task in chosen)
    return in_common(names, found, feature_names(dataset), total=len(dataset.tasks))


def in_common(tasks: Sequence[str], found: dict[str, Importance], features: Sequence[str], *, total: int) -> InCommon:
    """The overlap of known importances.

    Args:
        tasks: K names.
        found: task -> importance of its features; tasks may be missing.
        features: D names.
        total: number of tasks that there are.
    """
    skills = np.array([found[name].skill if name in found else np.nan for name in tasks])
    blank = np.full(len(features), np.nan)
    shares = [found[name].shares if skill >= LEAST_SKILL else blank for name, skill in zip(tasks, skills, strict=True)]
    overlap = np.array([[np.minimum(one, other).sum() for other in shares] for one in shares])
    top = {
        name: tuple((features[place], float(share[place])) for place in np.argsort(-share)[:TOP] if share[place] > 0)
        for name, share in zip(tasks, shares, strict=True)
        if np.isfinite(share).all()
    }
    return InCommon(tuple(tasks), total, skills, overlap, top)

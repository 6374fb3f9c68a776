"""The treatments that a study compares: how the tasks share, and under which objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from sharewise._core import InputError
from sharewise.mixing import Dataset
from sharewise.tasks import constant_losses

ALONE, TOGETHER, WEIGHTED, WORST, SHUFFLED = "alone", "together", "weighted", "worst task", "shuffled"
FURTHER = (SHUFFLED, WEIGHTED, WORST)  # compared by default beside alone and together
CONTROLLED = 12  # tasks, up to which each can have a joint network of its own for the control
_SPREAD = 4.0  # tuned weights lie between a quarter and four times each other's middle
_TEMPERATURE = 0.1  # of the smooth maximum, in units of the constant predictor's loss


@final
@dataclass(frozen=True, slots=True)
class Treatment:
    """One arm of a study.

    Args:
        name: as reports call it.
        what: in words.
        method: class name of the objective.
        options: its arguments, for each trial.
        apart: every task has a network of its own.
        shuffled: every task has a joint network in which the labels of the others are shuffled.
    """

    name: str
    what: str
    method: str = "Sum"
    options: tuple[dict[str, Any], ...] = ()
    apart: bool = False
    shuffled: bool = False

    def networks(self, tasks: Sequence[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Trained and shuffled tasks of each network of the treatment.

        Example:
            >>> Treatment("alone", "", apart=True).networks(["a", "b"])
            [(('a',), ()), (('b',), ())]
            >>> Treatment("shuffled", "", shuffled=True).networks(["a", "b"])
            [(('a', 'b'), ('b',)), (('a', 'b'), ('a',))]
        """
        names = tuple(tasks)
        if self.apart:
            return [((name,), ()) for name in names]
        if self.shuffled:
            return [(names, tuple(other for other in names if other != name)) for name in names]
        return [(names, ())]

    @property
    def joint(self) -> bool:
        """Whether one network serves all tasks."""
        return not self.apart and not self.shuffled


def treatments_of(names: Sequence[str], dataset: Dataset, trials: int, seed: int) -> tuple[Treatment, ...]:
    """Alone and together, and the further treatments that are asked for, those of one objective next to each other.

    Args:
        names: of the further treatments.
        dataset: tasks, and rows from which the losses of constant predictors are known.
        trials: settings of each treatment.
        seed: of the weights.

    Raises:
        InputError: there is no such treatment.
    """
    known = {
        TOGETHER: Treatment(TOGETHER, "one network for all tasks, trained on the sum of their losses"),
        ALONE: Treatment(ALONE, "a network of its own for each task", apart=True),
        SHUFFLED: Treatment(
            SHUFFLED,
            "for each task a joint network in which the training labels of the other tasks are shuffled: the control",
            shuffled=True,
        ),
    }
    further = dict.fromkeys(names)
    if WEIGHTED in further:
        known[WEIGHTED] = _weighted(len(dataset.tasks), trials, seed)
    if WORST in further:
        known[WORST] = _worst(dataset, trials)
    unknown = [name for name in further if name not in known]
    if unknown:
        raise InputError(f"there is no treatment `{unknown[0]}`; there are {', '.join(FURTHER)}")
    asked = {TOGETHER, ALONE, *further}
    return tuple(each for each in known.values() if each.name in asked)


def _weighted(tasks: int, trials: int, seed: int) -> Treatment:
    """Weights drawn anew for each trial, so that tuning them costs no trial more than the other treatments have."""
    draws = np.random.default_rng([seed, tasks]).uniform(-np.log(_SPREAD), np.log(_SPREAD), (trials, tasks))
    weights = np.exp(draws) * tasks / np.exp(draws).sum(1, keepdims=True)
    options = tuple({"weights": [round(float(each), 4) for each in row]} for row in weights)
    what = "one network for all tasks, trained on a weighted sum; each trial has weights of its own, drawn at random"
    return Treatment(WEIGHTED, what, "Weighted", options)


def _worst(dataset: Dataset, trials: int) -> Treatment:
    train = dataset.split(0).train
    floors = constant_losses(dataset.tasks, dataset.prepare(train).batch.take(train))
    scale = [round(float(each), 6) if each > 1e-6 else 1e-6 for each in floors]
    what = (
        "one network for all tasks, trained on the loss of the task that is worst at the time (a smooth maximum, "
        "each loss in units of its constant predictor's)"
    )
    return Treatment(WORST, what, "MinMax", ({"temperature": _TEMPERATURE, "scale": scale},) * trials)

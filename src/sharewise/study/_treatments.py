"""The treatments that a study compares: how the tasks share, and under which objective."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from sharewise._core import InputError
from sharewise.mixing import Dataset
from sharewise.runs import Network, Perform, Run, Sharing, tuned
from sharewise.study._protocol import FURTHER, SHUFFLED, WEIGHTED, WORST, Protocol
from sharewise.tasks import constant_losses

ALONE, TOGETHER = "alone", "together"
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
        sharing: form of sharing in each trial; none: one hard-shared trunk.
        network: its size, or None: that of the other treatments.
    """

    name: str
    what: str
    method: str = "Sum"
    options: tuple[dict[str, Any], ...] = ()
    apart: bool = False
    shuffled: bool = False
    sharing: tuple[Sharing, ...] = ()
    network: Network | None = None

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


def treatments_of(protocol: Protocol, perform: Perform) -> tuple[Treatment, ...]:
    """Alone and together, and what is asked for beside them; those of one objective next to each other.

    The control is left out where it would need more joint networks than a study should train. Forms of sharing get the
    width at which they have as many parameters as the hard-shared network.

    Args:
        protocol: names of treatments and forms of sharing, trials, seed, network.
        perform: builds networks on the data set.

    Raises:
        InputError: there is no such treatment or form of sharing.
    """
    dataset = perform.dataset
    few = len(dataset.tasks) <= CONTROLLED
    asked = dict.fromkeys(name for name in protocol.treatments if few or name != SHUFFLED)
    unknown = [name for name in asked if name not in FURTHER]
    if unknown:
        raise InputError(f"there is no treatment `{unknown[0]}`; there are {', '.join(FURTHER)}")
    found = [_TOGETHER, _ALONE, *([_SHUFFLED] if SHUFFLED in asked else [])]
    found += [_shared(name, protocol, perform) for name in dict.fromkeys(protocol.sharing)]
    if WEIGHTED in asked:
        found.append(_weighted(len(dataset.tasks), protocol.trials, protocol.seed))
    if WORST in asked:
        found.append(_worst(dataset, protocol.trials))
    return tuple(found)


_TOGETHER = Treatment(TOGETHER, "one network for all tasks, trained on the sum of their losses")
_ALONE = Treatment(ALONE, "a network of its own for each task", apart=True)
_SHUFFLED = Treatment(
    SHUFFLED,
    "for each task a joint network in which the training labels of the other tasks are shuffled: the control",
    shuffled=True,
)


def _shared(name: str, protocol: Protocol, perform: Perform) -> Treatment:
    """Another form of sharing at equal parameters, or on a trunk of one's own at whatever it costs."""
    forms = tuple(tuned(Sharing(name), trial) for trial in range(protocol.trials))
    key, network, tasks = forms[0].key, protocol.network, tuple(task.name for task in perform.dataset.tasks)
    how = "on the same trunk"
    if perform.trunk is None:
        hard = Run(TOGETHER, tasks, 0, network=network)
        run = Run(key, tasks, 0, sharing=key, sharing_options=dict(forms[0].options), network=network)
        network, how = perform.matched(run, hard).network, "with as many parameters as the hard-shared network"
    what = f"one network for all tasks that shares by `{key}`, {how}, trained on the sum of the losses"
    return Treatment(key, what, sharing=forms, network=network)


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

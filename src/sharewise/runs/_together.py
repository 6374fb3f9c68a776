"""Runs of like networks as one tensor program."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias, final

from torch import nn

from sharewise.runs._fingerprint import digest
from sharewise.runs._perform import Perform
from sharewise.runs._run import Run
from sharewise.runs._store import Finished, Store
from sharewise.training import Fit, NonFiniteLossError, Training, can_join, populations, train_population

LARGEST = 12  # runs in a population: small enough to keep all cores busy to the end
WORTH = 300_000  # parameters; larger networks keep a core busy alone

Rows: TypeAlias = tuple[Run, ...]


@final
@dataclass(frozen=True, eq=False)
class PerformTogether:
    """Performs several runs as populations and stores each; what it returns only marks that all are stored.

    Like runs are trained as one tensor program (`train_population`), others one by one. If some of the runs are stored
    already, all are trained again, since the numbers of a population are only promised for the whole of it, and those
    that were missing are stored.

    Args:
        perform: performs a single run.
        store: of the runs.
    """

    perform: Perform
    store: Store

    def keys(self, rows: Rows) -> list[str]:
        """The key of each run: in other company its numbers are rounded otherwise, so that all of it counts."""
        own = [self.perform.key(run) for run in rows]
        return [digest(["together", key, own]) for key in own]

    def mark(self, rows: Rows) -> str:
        """The key of what marks that all rows are stored."""
        return digest(self.keys(rows))

    def __call__(self, rows: Rows) -> Finished:
        """Train, measure and store."""
        keys = self.keys(rows)
        if not all(key in self.store for key in keys):
            trainings = [self.perform.training(run) for run in rows]
            for places in populations(trainings):
                self._train([(keys[place], rows[place], trainings[place]) for place in places])
        return Finished(info={"runs": keys})

    def _train(self, like: Sequence[tuple[str, Run, Training]]) -> None:
        started = time.perf_counter()
        trainings = [training for _, _, training in like]
        fits = train_population(trainings) if len(like) > 1 else [_alone(trainings[0])]
        each = (time.perf_counter() - started) / len(like)
        for (key, run, training), fit in zip(like, fits, strict=True):
            if key in self.store:
                continue
            if isinstance(fit, NonFiniteLossError):
                self.store.put(key, Finished(info={"failed": str(fit)}))
            else:
                self.store.put(key, self.perform.finish(run, training, fit, each))


def divide(plan: Sequence[Run], perform: Perform) -> list[Rows]:
    """Parts of a plan that are performed at once: up to 12 runs of one replicate where that is worth it, else one.

    It depends on the plan and the data alone, so that a study that is continued is divided in the same way;
    more replicates or settings add parts, and change none but the last, incomplete one of a replicate.

    Args:
        plan: runs with networks of one size.
        perform: builds them.
    """
    size = LARGEST if _worth(perform.training(plan[0])) else 1
    parts = []
    for _, rows in groupby(plan, key=lambda run: run.replicate):
        own = tuple(rows)
        parts += [own[first : first + size] for first in range(0, len(own), size)]
    return parts


def _alone(training: Training) -> Fit | NonFiniteLossError:
    try:
        return training.run()
    except NonFiniteLossError as error:
        return error


def _worth(training: Training) -> bool:
    """Small networks of matrix products gain from company on a CPU; convolutions do not."""
    small = sum(parameter.numel() for parameter in training.model.parameters()) <= WORTH
    plain = not any(isinstance(part, nn.Conv1d | nn.Conv2d | nn.Conv3d) for part in training.model.modules())
    return small and plain and can_join([training]) is None

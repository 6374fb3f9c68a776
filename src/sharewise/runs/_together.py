"""Runs of like networks as one tensor program."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from sharewise.runs._fingerprint import digest
from sharewise.runs._machine import Peak
from sharewise.runs._perform import Perform
from sharewise.runs._run import Run
from sharewise.runs._store import Finished, Store
from sharewise.runs._way import Rows
from sharewise.training import Fit, NonFiniteLossError, Training, populations, train_population


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
        peak, started = Peak(self.perform.device), time.perf_counter()
        trainings = [training for _, _, training in like]
        fits = train_population(trainings) if len(like) > 1 else [_alone(trainings[0])]
        each = (time.perf_counter() - started) / len(like)
        for (key, run, training), fit in zip(like, fits, strict=True):
            if key in self.store:
                continue
            if isinstance(fit, NonFiniteLossError):
                self.store.put(key, Finished(info={"failed": str(fit)}))
            else:
                self.store.put(key, self.perform.finish(run, training, fit, seconds=each, peak=peak))


def _alone(training: Training) -> Fit | NonFiniteLossError:
    try:
        return training.run()
    except NonFiniteLossError as error:
        return error

"""One training of a population, and what it has reached."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from sharewise._core import Batch, Record, Role
from sharewise.tasks import Criterion, constant_losses, kind_index
from sharewise.training._expected import expected_counts
from sharewise.training._finite import NonFiniteLossError, blame
from sharewise.training._probe import gradient_records
from sharewise.training._progress import Progress, merge_outputs, task_records
from sharewise.training._step import Step
from sharewise.training._training import Fit, Training, _autocast, fit_of, mixture_of


@final
class Member:
    """One training of a population.

    Args:
        place: among the trainings that were given.
        given: the training.
    """

    def __init__(self, place: int, given: Training) -> None:
        self.place, self.given = place, given
        self.device = next(given.model.parameters()).device
        self.mixture = mixture_of(given)
        self.progress = Progress()
        self.expected = expected_counts(given.tasks, given.data, self.mixture)
        self.floor = constant_losses(given.tasks, given.data.take(given.split.valid))

    @property
    def waits(self) -> bool:
        """Whether it may still improve."""
        return self.progress.waits(self.given.recipe)

    def reach(self, step: int, skill: float) -> bool:
        """Note the validation skill after `step` steps; whether it is the best so far."""
        self.progress.step = step
        return self.progress.reach(skill)

    def watch(self, outputs: dict[str, Tensor], improved: Tensor) -> None:
        """Keep the watched rows' outputs, kind's key -> [n, ...], of the improved tasks, Bool [K]."""
        task = self.given.data.task
        if task is not None and self.given.watch is not None:
            task = task[self.given.watch].to(self.device)
        index = kind_index(self.given.tasks)
        self.progress.watched = merge_outputs(self.progress.watched, outputs, improved, index=index, task=task)

    def record(self, values: Sequence[tuple[str, Role, Sequence[float]]], more: Sequence[Record]) -> None:
        """Keep and tell the records of one evaluation.

        Args:
            values: name, role and the numbers of the K tasks; those of the trained ones are kept.
            more: other records of the same evaluation.
        """
        at = self.progress.step
        records = task_records(self.given.tasks, self.given.trained, values, at)
        records.extend(more)
        self.progress.records.extend(records)
        for callback in self.given.callbacks:
            callback.record(at, records)

    def probe(self) -> list[Record]:
        """Norms and cosines of the tasks' gradients at the model's present state."""
        given = self.given
        expected = self.expected.to(self.device) if given.recipe.normalise == "expected" else None
        dtype = _autocast(given.precision, self.device)
        step = Step(given.model, self._criterion(), given.method, expected, dtype)
        return gradient_records(step, self._batch(self.mixture.rows(0)), given.tasks, self.progress.step)

    def fit(self) -> Fit:
        """What the training has given."""
        return fit_of(self.progress, self.mixture)

    def error(self, failures: Sequence[tuple[int, int]]) -> NonFiniteLossError:
        """What the training alone raises, at the model's present state.

        Args:
            failures: pairs of task index and first bad step.
        """
        given = self.given
        rows = self.mixture.rows(min(step for _, step in failures))
        batch = self._batch(rows)
        with torch.no_grad():
            per_row = self._criterion().per_row(given.model(batch.inputs, batch.task, batch.row), batch)
        return NonFiniteLossError(blame([task.name for task in given.tasks], failures, per_row.cpu(), rows))

    def _criterion(self) -> Criterion:
        return Criterion(self.given.tasks).to(self.device)

    def _batch(self, rows: Tensor) -> Batch:
        return self.given.data.take(rows.to(next(iter(self.given.data.targets.values())).device)).to(self.device)

"""What is measured on a trained network: losses, skills, scores, and what its tasks share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from sharewise._core import ROLES, Batch, Record, Role, Split
from sharewise.mixing import Dataset, Encoder, Prepared
from sharewise.models import sharing_records
from sharewise.runs._run import Run
from sharewise.tasks import Criterion, constant_losses, evaluate, predictions, skill
from sharewise.training import Fit, Training, losses_on, outputs_on

HELD_OUT: tuple[Role, ...] = ("valid", "select", "test")
WATCHED: tuple[Role, ...] = ("select", "test")
LOOK = 4096  # rows on which the use of experts is measured
OWN_BEST = "own best step: "  # before the names of scores of a task that could stop on its own


@final
@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Measures the trained network of a run; only tasks that the run is judged by get records.

    Args:
        dataset: rows and tasks.
        run: the row.
        split: of its replicate.
        prepared: rows of its replicate.
        device: where the network is.
    """

    dataset: Dataset
    run: Run
    split: Split
    prepared: Prepared
    device: str

    def records(self, training: Training, fit: Fit) -> tuple[list[Record], dict[str, Tensor]]:
        """All records of a run, those taken while it was trained first, and its predictions for the test rows.

        Cost: one forward pass over all rows, and one over the held-out rows.

        Args:
            training: of the run, done.
            fit: what it gave.
        """
        predicted: dict[str, Tensor] = {}
        data = training.data.to(self.device)
        records = [*fit.records, *self._losses(training, data), *self._sharing(training, data)]
        for role in HELD_OUT:
            rows = self.split.rows(role)
            predicted = self._predict(outputs_on(training.model, data, rows.to(self.device)), rows)
            records += self._scores(predicted, rows, role)  # the last role is test
        return [*records, *self._own_best(fit)], predicted

    def _losses(self, training: Training, data: Batch) -> list[Record]:
        """Losses and skills at the end of the run; `data` is the training's, on the device."""
        tasks = self.dataset.tasks
        criterion = Criterion(tasks).to(self.device)
        floors = constant_losses(tasks, training.data.take(self.split.train)).to(self.device)
        records: list[Record] = []
        for role in ROLES:
            losses = losses_on(training.model, criterion, data, self.split.rows(role).to(self.device)).mean()
            records += self._of_tasks("loss", losses, role) + self._of_tasks("skill", skill(losses, floors), role)
        return records

    def _sharing(self, training: Training, data: Batch) -> list[Record]:
        """What the tasks share at the end of the run; `data` is the training's, on the device."""
        rows = data.take(self.split.valid[:LOOK].to(self.device))
        names, model = [task.name for task in self.dataset.tasks], training.model
        with torch.no_grad():
            found = sharing_records(model.eval(), rows.inputs, names, "valid", task=rows.task)
        others = set(names) - set(self.run.judged)
        return [record for record in found if not {record.task, record.other} & others]

    def _own_best(self, fit: Fit) -> list[Record]:
        """Scores and skills that each task would have if it could stop at its own best step."""
        if not fit.watched:
            return []
        tasks, batch, select = self.dataset.tasks, self.prepared.batch, len(self.split.select)
        floors = constant_losses(tasks, batch.take(self.split.train))
        records: list[Record] = []
        for role, part in zip(WATCHED, (slice(select), slice(select, None)), strict=True):
            rows, outputs = self.split.rows(role), {key: output[part].cpu() for key, output in fit.watched.items()}
            losses = Criterion(tasks)(outputs, batch.take(rows)).mean()
            scores = self._scores(self._predict(outputs, rows), rows, role)
            scores += self._of_tasks("skill", skill(losses, floors), role)
            records += [replace(record, name=OWN_BEST + record.name) for record in scores]
        return records

    def _of_tasks(self, name: str, values: Tensor, role: Role) -> list[Record]:
        """One number [K] as records."""
        pairs = zip(self.dataset.tasks, values.tolist(), strict=True)
        return [Record(name, value, role, task.name) for task, value in pairs if task.name in self.run.judged]

    def _predict(self, outputs: Mapping[str, Tensor], rows: Tensor) -> dict[str, Tensor]:
        """Predictions in the units of the data."""
        task = None if self.dataset.raw.task is None else self.dataset.raw.task[rows]
        on_host = {key: output.cpu() for key, output in outputs.items()}
        encoder: Encoder = self.prepared.encoder
        return encoder.decode(predictions(on_host, self.dataset.tasks, task))

    def _scores(self, predicted: Mapping[str, Tensor], rows: Tensor, role: Role) -> list[Record]:
        """Every metric of every task."""
        return [
            Record(metric, value, role, task)
            for task, found in evaluate(self.dataset.tasks, predicted, self.dataset.raw.take(rows)).items()
            if task in self.run.judged
            for metric, value in found.items()
        ]

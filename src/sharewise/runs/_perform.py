"""One row of a plan, from data to measured numbers."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import ROLES, Record, Role, Split
from sharewise.mixing import Dataset, Encoder, Prepared
from sharewise.runs._build import (
    MakeTrunk,
    build_method,
    build_mixture,
    build_network,
    restrict,
    shuffle,
    trunk_features,
)
from sharewise.runs._fingerprint import code_fingerprint, digest, module_fingerprint, versions
from sharewise.runs._run import Run
from sharewise.runs._store import Finished
from sharewise.runs._trained import Part, TrainedModel
from sharewise.tasks import Criterion, constant_losses, evaluate, predictions, skill
from sharewise.training import Callback, Fit, NonFiniteLossError, Training, losses_on, outputs_on

HELD_OUT: tuple[Role, ...] = ("valid", "select", "test")
WATCHED: tuple[Role, ...] = ("select", "test")
WEIGHT = "weight."
TEST = (
    "test prediction: "  # before the names of tasks: predictions for the test rows, kept if all replicates share them
)
OWN_BEST = "own best step: "  # before the names of scores of a task that could stop on its own


@final
@dataclass(frozen=True, eq=False)
class Perform:
    """Performs runs on one data set. Sent to worker processes, so a trunk of one's own must be a named function.

    Cost of a call: one training, then one forward pass over all rows.

    Args:
        dataset: rows, tasks, splits.
        trunk: makes a trunk of one's own, without arguments; None: the one that fits the inputs.
        callbacks: told about every evaluation.
        checkpoints: a folder from which a killed training continues; None: it starts again.
    """

    dataset: Dataset
    trunk: MakeTrunk | None = None
    callbacks: tuple[Callback, ...] = ()
    checkpoints: Path | None = None
    _prepared: dict[int, tuple[Split, Prepared]] = field(default_factory=dict, repr=False)

    def key(self, run: Run) -> str:
        """What the run and everything it depends on hash to: equal keys, equal numbers."""
        return digest([run.describe(), self.dataset.fingerprint, self._trunk_key, code_fingerprint(), versions()])

    @cached_property
    def _trunk_key(self) -> str:
        if self.trunk is None:
            return "by inputs"
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return module_fingerprint(self.trunk())

    def __call__(self, run: Run) -> Finished:
        """Train and measure. Where a loss is not finite, the finished run says so and has no scores."""
        training = self.training(run)
        started = time.perf_counter()
        try:
            fit = training.run()
        except NonFiniteLossError as error:
            return Finished(info={"failed": str(error)})
        return self.finish(run, training, fit, time.perf_counter() - started)

    def training(self, run: Run) -> Training:
        """The run's training, before its first step."""
        split, prepared = self.prepared(run.replicate)
        tasks = self.dataset.tasks
        trained = torch.tensor([task.name in run.tasks for task in tasks])
        data = shuffle(restrict(prepared.batch, trained), tasks, split, run)
        several = len(run.judged) > 1
        return Training(
            self.network(run),
            tasks,
            data,
            split,
            method=build_method(run, len(tasks)),
            recipe=run.recipe,
            mixture=build_mixture(run, data, split, trained),
            trained=torch.tensor([task.name in run.judged for task in tasks]),
            callbacks=self.callbacks,
            checkpoint=None if self.checkpoints is None else self.checkpoints / f"{self.key(run)}.pt",
            probe=run.probe and several,
            watch=torch.cat([split.select, split.test]) if several else None,
        )

    def finish(self, run: Run, training: Training, fit: Fit, seconds: float) -> Finished:
        """Measure a trained network on the rows of all roles.

        Args:
            run: the row.
            training: of `training`, done.
            fit: what it gave.
            seconds: what it took.
        """
        model, split, (_, prepared) = training.model, training.split, self.prepared(run.replicate)
        records = [*fit.records, *self._losses(run, training)]
        tensors = {WEIGHT + name: tensor for name, tensor in model.state_dict().items()} if run.keep else {}
        for role in HELD_OUT:
            rows = split.rows(role)
            found = self._predict(outputs_on(model, training.data, rows), prepared.encoder, rows)
            records += self._scores(run, found, rows, role)
            if role == "test" and not self.dataset.resampled:
                tensors |= {TEST + name: found[name] for name in run.judged}
        info = {
            "seconds": seconds,
            "steps": fit.steps,
            "best_step": fit.best_step,
            "best_skill": fit.best_skill,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "seen": fit.seen.tolist(),
        }
        return Finished([*records, *self._own_best(run, fit, split, prepared.encoder)], tensors, info)

    def prepared(self, replicate: int) -> tuple[Split, Prepared]:
        """Split and prepared rows of a replicate; the last one asked for is kept."""
        if replicate not in self._prepared:
            split = self.dataset.split(replicate)
            self._prepared.clear()
            self._prepared[replicate] = split, self.dataset.prepare(split.train)
        return self._prepared[replicate]

    def network(self, run: Run) -> nn.Module:
        """The run's network before training."""
        _, prepared = self.prepared(run.replicate)
        features = None
        if self.trunk is not None:
            features = trunk_features(self.trunk(), prepared.batch.take(torch.zeros(1, dtype=torch.long)).inputs)
        tasks, seed = self.dataset.tasks, run.recipe.seed
        return build_network(prepared.encoder, tasks, run.network, seed, trunk=self.trunk, features=features)

    def model(self, networks: Sequence[tuple[Run, Sequence[str], Finished]]) -> TrainedModel:
        """Finished networks of one replicate as one model.

        Args:
            networks: run, names of the tasks it serves, and what it left (with `keep`).
        """
        parts = []
        for run, serves, finished in networks:
            module = self.network(run)
            weights = {name: value for name, value in finished.tensors.items() if name.startswith(WEIGHT)}
            module.load_state_dict({name.removeprefix(WEIGHT): value for name, value in weights.items()})
            parts.append(Part(tuple(serves), run.network, module.eval()))
        _, prepared = self.prepared(networks[0][0].replicate)
        return TrainedModel(self.dataset.tasks, prepared.encoder, tuple(parts), self.trunk is not None)

    def _losses(self, run: Run, training: Training) -> list[Record]:
        """Losses and skills of the trained tasks at the end of the run."""
        tasks, data, split = self.dataset.tasks, training.data, training.split
        criterion, floors = Criterion(tasks), constant_losses(tasks, data.take(split.train))
        records: list[Record] = []
        for role in ROLES:
            losses = losses_on(training.model, criterion, data, split.rows(role)).mean()
            for name, values in (("loss", losses), ("skill", skill(losses, floors))):
                pairs = zip(tasks, values.tolist(), strict=True)
                records += [Record(name, value, role, task.name) for task, value in pairs if task.name in run.judged]
        return records

    def _own_best(self, run: Run, fit: Fit, split: Split, encoder: Encoder) -> list[Record]:
        """Scores that each task would have if it could stop at its own best step."""
        if not fit.watched:
            return []
        records = []
        for role, part in zip(WATCHED, (slice(len(split.select)), slice(len(split.select), None)), strict=True):
            outputs = {key: output[part] for key, output in fit.watched.items()}
            found = self._predict(outputs, encoder, split.rows(role))
            scores = self._scores(run, found, split.rows(role), role)
            records += [replace(record, name=OWN_BEST + record.name) for record in scores]
        return records

    def _predict(self, outputs: dict[str, Tensor], encoder: Encoder, rows: Tensor) -> dict[str, Tensor]:
        """Predictions in the units of the data."""
        task = None if self.dataset.raw.task is None else self.dataset.raw.task[rows]
        return encoder.decode(predictions(outputs, self.dataset.tasks, task))

    def _scores(self, run: Run, predicted: Mapping[str, Tensor], rows: Tensor, role: Role) -> list[Record]:
        """Every metric of every trained task."""
        return [
            Record(metric, value, role, task)
            for task, found in evaluate(self.dataset.tasks, predicted, self.dataset.raw.take(rows)).items()
            if task in run.judged
            for metric, value in found.items()
        ]

"""One row of a plan, from data to measured numbers."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import final

import torch
from torch import Tensor, nn

from sharewise._core import ROLES, Batch, Record, Role, Split
from sharewise.mixing import Dataset, Encoder, Prepared
from sharewise.runs._build import MakeTrunk, build_method, build_mixture, build_network, restrict, trunk_features
from sharewise.runs._fingerprint import code_fingerprint, digest, module_fingerprint, versions
from sharewise.runs._run import Run
from sharewise.runs._store import Finished
from sharewise.runs._trained import Part, TrainedModel
from sharewise.tasks import Criterion, Task, constant_losses, evaluate, predictions, skill
from sharewise.training import Callback, Fit, NonFiniteLossError, Training, losses_on, outputs_on

HELD_OUT: tuple[Role, ...] = ("valid", "select", "test")
WATCHED: tuple[Role, ...] = ("select", "test")
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
        split, prepared = self.prepared(run.replicate)
        model = self.network(run)
        started = time.perf_counter()
        try:
            fit, data = self._train(run, model, split, prepared)
        except NonFiniteLossError as error:
            return Finished(info={"failed": str(error)})
        measured = self._measure(run, model, data, split, prepared)
        records = [*fit.records, *measured, *self._own_best(run, fit, split, prepared)]
        info = {
            "seconds": time.perf_counter() - started,
            "steps": fit.steps,
            "best_step": fit.best_step,
            "best_skill": fit.best_skill,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "seen": fit.seen.tolist(),
        }
        weights = {f"weight.{name}": tensor for name, tensor in model.state_dict().items()} if run.keep else {}
        return Finished(records, weights, info)

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
            module.load_state_dict({name.removeprefix("weight."): value for name, value in finished.tensors.items()})
            parts.append(Part(tuple(serves), run.network, module.eval()))
        _, prepared = self.prepared(networks[0][0].replicate)
        return TrainedModel(self.dataset.tasks, prepared.encoder, tuple(parts), self.trunk is not None)

    def _train(self, run: Run, model: nn.Module, split: Split, prepared: Prepared) -> tuple[Fit, Batch]:
        tasks = self.dataset.tasks
        trained = torch.tensor([task.name in run.tasks for task in tasks])
        data = restrict(prepared.batch, trained)
        several = len(run.tasks) > 1
        training = Training(
            model,
            tasks,
            data,
            split,
            method=build_method(run),
            recipe=run.recipe,
            mixture=build_mixture(run, data, split, trained),
            trained=trained,
            callbacks=self.callbacks,
            checkpoint=None if self.checkpoints is None else self.checkpoints / f"{self.key(run)}.pt",
            probe=run.probe and several,
            watch=torch.cat([split.select, split.test]) if several else None,
        )
        return training.run(), data

    def _measure(self, run: Run, model: nn.Module, data: Batch, split: Split, prepared: Prepared) -> list[Record]:
        """Losses on the rows of all roles and scores on held-out rows, at the end of the run, of the trained tasks."""
        tasks = self.dataset.tasks
        criterion, floors = Criterion(tasks), constant_losses(tasks, data.take(split.train))
        records: list[Record] = []
        for role in ROLES:
            losses = losses_on(model, criterion, data, split.rows(role)).mean()
            records += _by_task(run, tasks, "loss", role, losses)
            records += _by_task(run, tasks, "skill", role, skill(losses, floors))
        for role in HELD_OUT:
            rows = split.rows(role)
            records += _scores(run, self.dataset, outputs_on(model, data, rows), prepared.encoder, rows, role)
        return records

    def _own_best(self, run: Run, fit: Fit, split: Split, prepared: Prepared) -> list[Record]:
        """Scores that each task would have if it could stop at its own best step."""
        if not fit.watched:
            return []
        records = []
        for role, part in zip(WATCHED, (slice(len(split.select)), slice(len(split.select), None)), strict=True):
            outputs = {key: output[part] for key, output in fit.watched.items()}
            found = _scores(run, self.dataset, outputs, prepared.encoder, split.rows(role), role)
            records += [replace(record, name=OWN_BEST + record.name) for record in found]
        return records


def _by_task(run: Run, tasks: Sequence[Task], name: str, role: Role, values: Tensor) -> list[Record]:
    return [
        Record(name, value, role, task.name)
        for task, value in zip(tasks, values.tolist(), strict=True)
        if task.name in run.tasks
    ]


def _scores(
    run: Run, dataset: Dataset, outputs: dict[str, Tensor], encoder: Encoder, rows: Tensor, role: Role
) -> list[Record]:
    """Every metric of every trained task, in the units of the data."""
    raw = dataset.raw.take(rows)
    decoded = encoder.decode(predictions(outputs, dataset.tasks, raw.task))
    return [
        Record(metric, value, role, task)
        for task, found in evaluate(dataset.tasks, decoded, raw).items()
        if task in run.tasks
        for metric, value in found.items()
    ]

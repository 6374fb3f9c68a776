"""One row of a plan, from data to measured numbers."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, final

import torch
from torch import Tensor, nn

from sharewise._core import InputError, Split, Tree
from sharewise.mixing import Dataset, Prepared
from sharewise.models import (
    Grouped,
    Model,
    MultiTask,
    count_operations,
    count_parameters,
    join_groups,
    solve_width,
)
from sharewise.runs._body import MakeTrunk
from sharewise.runs._build import build_method, build_mixture, build_network, trunk_features
from sharewise.runs._fingerprint import code_fingerprint, digest, module_fingerprint, versions
from sharewise.runs._labels import restrict, shuffle, thin
from sharewise.runs._machine import Peak
from sharewise.runs._measured import Measured
from sharewise.runs._penalty import build_penalty
from sharewise.runs._run import Network, Run
from sharewise.runs._sharing import Sharing
from sharewise.runs._store import Finished, Store
from sharewise.runs._trained import Part, TrainedModel
from sharewise.runs._trunk import trunk_scales
from sharewise.training import Callback, Fit, NonFiniteLossError, Training

WEIGHT = "weight."
# before the names of tasks: predictions for the test rows, kept if all replicates share them, and of runs that keep
TEST = "test prediction: "


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
        device: where networks are trained: "cpu", "cuda", ...
        donors: folder of the finished runs that others start from.
    """

    dataset: Dataset
    trunk: MakeTrunk | None = None
    callbacks: tuple[Callback, ...] = ()
    checkpoints: Path | None = None
    device: str = "cpu"
    donors: Path | None = None
    _prepared: dict[int, tuple[Split, Prepared]] = field(default_factory=dict, repr=False)

    def key(self, run: Run) -> str:
        """What the run and everything it depends on hash to: equal keys, equal numbers."""
        data = self.dataset.fingerprint
        return digest([run.describe(), data, self._trunk_key, self.device, code_fingerprint(), versions()])

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
        peak, started = Peak(self.device), time.perf_counter()
        try:
            fit = training.run()
        except NonFiniteLossError as error:
            return Finished(info={"failed": str(error)})
        return self.finish(run, training, fit, seconds=time.perf_counter() - started, peak=peak)

    def training(self, run: Run) -> Training:
        """The run's training, before its first step."""
        split, prepared = self.prepared(run.replicate)
        tasks = self.dataset.tasks
        trained = torch.tensor([task.name in run.tasks for task in tasks])
        data = shuffle(thin(restrict(prepared.batch, trained), tasks, split, run), tasks, split, run)
        several = len(run.judged) > 1
        network = self.network(run).to(self.device)
        return Training(
            network,
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
            penalty=build_penalty(Sharing(run.sharing, run.sharing_options), trained),
            scales=trunk_scales(network, run, own=self.trunk is not None),
        )

    def finish(self, run: Run, training: Training, fit: Fit, *, seconds: float, peak: Peak) -> Finished:
        """Measure a trained network on the rows of all roles.

        Args:
            run: the row.
            training: of `training`, done.
            fit: what it gave.
            seconds: what it took.
            peak: of memory, set before it began; of all runs that were trained together.
        """
        split, prepared = self.prepared(run.replicate)
        measured = Measured(self.dataset, run, split, prepared, self.device)
        records, predicted = measured.records(training, fit)
        tensors: dict[str, Tensor] = {}
        if run.keep:
            tensors = {WEIGHT + name: tensor.cpu() for name, tensor in training.model.state_dict().items()}
        if run.keep or not self.dataset.resampled:
            tensors |= {TEST + name: predicted[name] for name in run.judged}
        info = {
            "seconds": seconds,
            "memory": peak.mebibytes(),
            "steps": fit.steps,
            "best_step": fit.best_step,
            "best_skill": fit.best_skill,
            "parameters": sum(parameter.numel() for parameter in training.model.parameters()),
            "seen": fit.seen.tolist(),
        }
        return Finished(records, tensors, info)

    def prepared(self, replicate: int) -> tuple[Split, Prepared]:
        """Split and prepared rows of a replicate; the last one asked for is kept."""
        if replicate not in self._prepared:
            split = self.dataset.split(replicate)
            self._prepared.clear()
            self._prepared[replicate] = split, self.dataset.prepare(split.train)
        return self._prepared[replicate]

    def network(self, run: Run) -> Model:
        """The run's network before training.

        Raises:
            InputError: it starts from a run that is not there, or kept no weights.
        """
        model = self._network(run, run.network)
        if run.start:
            finished = Store(self.donors or Path()).get(run.start)
            weights = _weights(finished)
            if not weights:
                raise InputError(f"the run `{run.start}` kept no weights to start from; train it with `keep`")
            own = {name: each for name, each in model.state_dict().items() if name.startswith("heads.")}
            model.load_state_dict(weights | own)
        return model

    def matched(self, run: Run, like: Run, *, by: Literal["parameters", "operations"] = "parameters") -> Run:
        """The run with a network as wide as makes it cost what another run's network costs, as nearly as widths allow.

        Args:
            run: of any form of sharing.
            like: what it is to cost; its network is at least as cheap at equal width, such as hard sharing.
            by: numbers that training changes, or multiply-adds of a forward pass for all tasks.

        Raises:
            InputError: no width comes near, or the trunk is one's own, which has no width.
        """
        if self.trunk is not None:
            raise InputError("a trunk of your own has a size of its own; networks on it cannot be made equally large")
        measure = count_parameters if by == "parameters" else partial(count_operations, inputs=self._example(run))
        budget, step = measure(self._network(like, like.network)), Sharing(run.sharing, run.sharing_options).step

        def build(steps: int) -> nn.Module:
            return self._network(run, replace(run.network, width=step * steps))

        try:
            steps = solve_width(build, budget, measure=measure, largest=max(1, like.network.width // step))
        except ValueError as error:
            raise InputError(f"sharing `{run.sharing}` cannot cost {budget:,} {by}: {error}") from None
        return replace(run, network=replace(run.network, width=step * steps))

    def _network(self, run: Run, network: Network) -> Model:
        _, prepared = self.prepared(run.replicate)
        sharing, tasks, size = Sharing(run.sharing, run.sharing_options), self.dataset.tasks, self._features(run)
        return build_network(
            prepared.encoder, tasks, network, run.recipe.seed, sharing=sharing, trunk=self.trunk, features=size
        )

    def _features(self, run: Run) -> int | None:
        """How many features a trunk of one's own gives."""
        return None if self.trunk is None else trunk_features(self.trunk(), self._example(run))

    def _example(self, run: Run) -> Tree:
        _, prepared = self.prepared(run.replicate)
        return prepared.batch.take(torch.zeros(1, dtype=torch.long)).inputs

    def model(self, networks: Sequence[tuple[Run, Sequence[str], Finished]]) -> TrainedModel:
        """Finished networks of one replicate as one model.

        Args:
            networks: run, names of the tasks it serves, and what it left (with `keep`).
        """
        parts = []
        for run, serves, finished in networks:
            module = self._restored(run, finished)
            sharing = Sharing(run.sharing, run.sharing_options)
            parts.append(Part(tuple(serves), run.network, module.eval(), sharing, self._features(run)))
        _, prepared = self.prepared(networks[0][0].replicate)
        return TrainedModel(self.dataset.tasks, prepared.encoder, tuple(parts), self.trunk is not None)

    def grouped_model(self, networks: Sequence[tuple[Run, Sequence[str], Finished]]) -> TrainedModel:
        """Finished hard-shared networks of one replicate and one size as one stacked network (`Grouped`).

        Its predictions are those of `model`, at the price of one network.

        Args:
            networks: as of `model`.
        """
        run, serving = networks[0][0], {name: place for place, (_, serves, _) in enumerate(networks) for name in serves}
        names = [task.name for task in self.dataset.tasks]
        joint = replace(run, sharing="grouped", sharing_options={"groups": [serving[name] for name in sorted(names)]})
        single, shell = [self._restored(each, finished) for each, _, finished in networks], self.network(joint)
        assert isinstance(shell, Grouped)
        alike = [each for each in single if isinstance(each, MultiTask)]
        module = join_groups(alike, [serving[name] for name in names], shell).eval()
        sharing = Sharing(joint.sharing, joint.sharing_options)
        part = Part(tuple(names), run.network, module, sharing, self._features(run))
        _, prepared = self.prepared(run.replicate)
        return TrainedModel(self.dataset.tasks, prepared.encoder, (part,), self.trunk is not None)

    def _restored(self, run: Run, finished: Finished) -> Model:
        """The run's network with the weights that were kept."""
        module = self.network(run)
        module.load_state_dict(_weights(finished))
        return module


def _weights(finished: Finished) -> dict[str, Tensor]:
    """The state of a network that was kept."""
    return {name.removeprefix(WEIGHT): each for name, each in finished.tensors.items() if name.startswith(WEIGHT)}

"""A data set seen as plain numbers, to which inputs and tasks can be added."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sharewise._core import Batch, Split
from sharewise.mixing import Dataset, Prepared, Table, TargetEncoder, TensorEncoder, Tensors
from sharewise.mixing import FeatureEncoder as _FeatureEncoder
from sharewise.tasks import Task, kind_index

if TYPE_CHECKING:
    from sharewise.mixing import Finding

CATEGORIES = 20  # of a feature that get an input of their own; the others have none

Bools: TypeAlias = NDArray[np.bool_]


@final
@dataclass(frozen=True, eq=False)
class View:
    """A data set whose inputs are plain numbers, so that inputs can be compared, permuted, hidden and predicted.

    Every task may have a label in every row; what was a row of one task is a row with one label.

    Args:
        tasks: K of them.
        raw: all rows, inputs [N, I], labels in the units of the data, with a mask.
        owner: [I], the feature that each input belongs to: several inputs stand for the categories of one.
        features: [N, D] as outside models take them, nan where missing, categories as codes.
        categorical: Bool [D].
        names: of the D features.
        splits: of the replicates.
        resampled: whether these differ in more than seeds.
        name: what it is called.
    """

    tasks: tuple[Task, ...]
    raw: Batch
    owner: tuple[int, ...]
    features: NDArray[np.float64]
    categorical: Bools
    names: tuple[str, ...]
    splits: tuple[Split, ...]
    resampled: bool
    name: str = "view"
    findings: "tuple[Finding, ...]" = field(default=())

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def inputs(self) -> Tensor:
        """[N, I]."""
        assert isinstance(self.raw.inputs, Tensor)
        return self.raw.inputs

    @property
    def fingerprint(self) -> str:
        """A hash of the content."""
        found = hashlib.sha256(repr([(task.name, task.kind.key, task.kind.width) for task in self.tasks]).encode())
        tensors = [self.inputs, *self.raw.targets.values(), self.raw.observed, self.raw.weight]
        tensors += [rows for split in self.splits for rows in (split.train, split.valid, split.select, split.test)]
        for tensor in tensors:
            if tensor is not None:
                found.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
        return found.hexdigest()

    def arrays(self, train: Tensor) -> tuple[NDArray[np.float64], Bools]:  # noqa: ARG002  # nothing to fit
        """Features as outside models take them."""
        return self.features, self.categorical

    def split(self, replicate: int) -> Split:
        """Roles of the rows in one replicate."""
        return self.splits[replicate]

    def prepare(self, train: Tensor) -> Prepared:
        """All rows with targets in units of training, fitted on rows `train` (Long [n])."""
        targets = TargetEncoder.fit(self.tasks, self.raw, train)
        return Prepared(targets.encode(self.raw), TensorEncoder(targets, {"": (self.inputs.shape[1],)}))

    def label_counts(self, split: Split) -> dict[str, dict[str, int]]:
        """Labels of each task in each role."""
        assert self.raw.observed is not None
        counts = {role: self.raw.observed[split.rows(role)].sum(0).tolist() for role in split.sizes}  # type: ignore[arg-type]
        return {task.name: {role: own[place] for role, own in counts.items()} for place, task in enumerate(self.tasks)}

    def with_inputs(self, inputs: Tensor) -> "View":
        """The same rows and tasks with other inputs [N, I']."""
        return replace(self, raw=replace(self.raw, inputs=inputs))

    def with_task(self, task: Task, values: Tensor, observed: Tensor) -> "View":
        """The same rows with one more task.

        Args:
            task: the last from now on.
            values: [N] its labels, in its own units.
            observed: Bool [N], where there are any.
        """
        assert self.raw.observed is not None
        targets, column = dict(self.raw.targets), values.unsqueeze(1)
        key = task.kind.key
        targets[key] = torch.cat([targets[key], column.to(targets[key].dtype)], 1) if key in targets else column
        raw = replace(self.raw, targets=targets, observed=torch.cat([self.raw.observed, observed.unsqueeze(1)], 1))
        return replace(self, raw=raw, tasks=(*self.tasks, task))

    def take(self, rows: Tensor, splits: Sequence[Split]) -> "View":
        """Other rows (Long [n], also several times), with roles of their own."""
        picked = rows.numpy()
        return replace(self, raw=self.raw.take(rows), features=self.features[picked], splits=tuple(splits))


def plain_view(dataset: Dataset, replicates: int) -> View:
    """A data set as plain numbers: standardised, 0 where missing, and an input for each of the commonest categories.

    Means and deviations are those of all rows, which tells no label. Categories are those of the first replicate's
    training rows.

    Args:
        dataset: any.
        replicates: how many splits it must have.
    """
    features, categorical = dataset.arrays(dataset.split(0).train)
    columns: list[NDArray[np.float64]] = []
    owner: list[int] = []
    for place, values in enumerate(features.T):
        own = _one_hot(values) if categorical[place] else [_standard(values)]
        columns += own
        owner += [place] * len(own)
    inputs = torch.from_numpy(np.stack(columns, 1)).float()
    return View(
        dataset.tasks,
        dense(dataset.raw, dataset.tasks, inputs),
        tuple(owner),
        features,
        categorical,
        feature_names(dataset),
        tuple(dataset.split(replicate) for replicate in range(replicates)),
        dataset.resampled,
        dataset.name,
    )


def fresh_view(batch: Batch, tasks: Sequence[Task], sizes: Sequence[int], *, name: str = "made") -> View:
    """Made data of which each replicate has rows of its own, so that intervals speak of new data from their source.

    Args:
        batch: rows, replicate after replicate.
        tasks: K of them.
        sizes: rows of a replicate in train, valid, select and test, which stand in this order.
        name: what it is called.

    Raises:
        ValueError: the rows are not those of one or more whole replicates.

    Example:
        >>> from sharewise.mixing import from_arrays
        >>> view = fresh_view(*from_arrays(np.random.rand(200, 2), {"y": np.random.rand(200)}), (50, 20, 10, 20))
        >>> view.split(1).test[0].item()
        180
    """
    count, rest = divmod(len(batch), sum(sizes))
    if rest or not count:
        raise ValueError(f"`batch` must have rows for whole replicates of {sum(sizes)}, got {len(batch)}.")
    splits = [Split(*each.split(list(sizes))) for each in torch.arange(len(batch)).split(sum(sizes))]
    view = plain_view(Tensors(batch, tasks, split=splits[0], name=name), 1)
    return view.take(torch.arange(len(batch)), splits)


def feature_names(dataset: Dataset) -> tuple[str, ...]:
    """Names of the features that `dataset.arrays` gives; numbers where there are none."""
    train = dataset.split(0).train
    if isinstance(dataset, View):
        return dataset.names
    if isinstance(dataset, Table):
        return tuple(_FeatureEncoder.fit(dataset.frame, dataset.features, train).arrays(dataset.frame)[2])
    return tuple(f"feature {place}" for place in range(dataset.arrays(train)[0].shape[1]))


def dense(raw: Batch, tasks: Sequence[Task], inputs: Tensor) -> Batch:
    """Labels as columns with a mask, also where each row is of one task.

    Args:
        raw: N rows.
        tasks: K of them.
        inputs: [N, I] that take the place of its own.
    """
    if raw.task is None:
        observed = torch.ones(len(raw), len(tasks), dtype=torch.bool) if raw.observed is None else raw.observed
        return Batch(inputs, dict(raw.targets), observed, weight=raw.weight)
    observed = torch.nn.functional.one_hot(raw.task, len(tasks)).bool()
    if raw.observed is not None:
        observed = observed & raw.observed.unsqueeze(1)
    targets = {}
    for key, places in kind_index(tasks).items():
        mask = observed[:, places]
        own = raw.targets[key].unsqueeze(1)
        targets[key] = torch.where(mask.view(*mask.shape, *[1] * (own.dim() - 2)), own, 0)
    return Batch(inputs, targets, observed, weight=raw.weight)


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values[~np.isnan(values)]
    if not len(known) or float(np.ptp(known)) == 0:
        return np.zeros_like(values)
    return np.nan_to_num((values - known.mean()) / known.std())


def _one_hot(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    codes, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    common = codes[np.argsort(-counts, kind="stable")[:CATEGORIES]]
    return [(values == code).astype(np.float64) for code in sorted(common)]

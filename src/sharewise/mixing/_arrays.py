"""Arrays of NumPy, SciPy or PyTorch to a batch and its tasks."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from sharewise._core import Batch, InputError, Tree
from sharewise.mixing._targets import target_dtype
from sharewise.tasks import Binary, Kind, Multiclass, Multilabel, Regression, Task, kind_index

Array: TypeAlias = NDArray | Tensor


def from_arrays(
    inputs: Tree,
    targets: Mapping[str, Array] | Array,
    *,
    tasks: Sequence[Task] | None = None,
    task: Array | None = None,
    weight: Array | None = None,
) -> tuple[Batch, tuple[Task, ...]]:
    """Rows and tasks as `Tensors` takes them: `Tensors(*from_arrays(X, {"age": y}))`.

    Where `tasks` is None, kinds follow from the targets: booleans and integers are classes (binary if none exceeds 1,
    multiclass with as many classes as the largest says; several columns are multilabel); floats that are all 0, 1 or
    NaN are binary; other floats are regression with an output for each column. State the tasks where this is not what
    is meant, and for counts.

    Args:
        inputs: array [N, ...], sparse matrix [N, D] (kept as CSR), or dictionaries and tuples of them; float64 of NumPy
            becomes float32, float16 stays.
        targets: task's name -> [N] or [N, C], NaN where missing; if each row has a task of its own, one array [N].
        tasks: the tasks; their names choose among `targets`. Needed if `task` is given.
        task: [N], index of the task of each row.
        weight: [N].

    Raises:
        InputError: targets of text, a task without targets, or a class that is no whole number.
        ValueError: `task` without `tasks`.

    Example:
        >>> batch, tasks = from_arrays(np.eye(3), {"odd": np.array([1, 0, 1]), "size": np.array([0.5, np.nan, 2.5])})
        >>> [(task.name, task.kind) for task in tasks]
        [('odd', Binary()), ('size', Regression(outputs=1))]
        >>> batch.inputs.dtype
        torch.float32
    """
    rows = _tree(inputs)
    weights = None if weight is None else torch.as_tensor(weight).float()
    if isinstance(targets, Mapping):
        columns = {name: _column(name, values) for name, values in targets.items()}
        chosen = tuple(tasks) if tasks is not None else tuple(Task(name, _kind(y)) for name, y in columns.items())
        dense, observed = _dense(columns, chosen)
        return Batch(rows, dense, observed, weight=weights), chosen
    if tasks is None or task is None:
        raise ValueError("One array of targets needs `tasks`, and `task`, the index of the task of each row.")
    owner = torch.as_tensor(task).long()
    kept, seen = _of_one(_column("targets", targets), tasks, owner)
    return Batch(rows, kept, seen, task=owner, weight=weights), tuple(tasks)


def _tree(inputs: Tree) -> Tree:
    if isinstance(inputs, Mapping):
        return {key: _tree(value) for key, value in inputs.items()}
    if isinstance(inputs, tuple | list):
        return type(inputs)(_tree(value) for value in inputs)
    if sparse.issparse(inputs):
        return _csr(inputs)
    return inputs if isinstance(inputs, Tensor) else _narrow(torch.as_tensor(inputs))


def _csr(inputs: Tree) -> Tensor:
    matrix = sparse.csr_array(inputs, copy=True)
    matrix.sum_duplicates()
    values = _narrow(torch.from_numpy(matrix.data))
    starts, columns = (torch.from_numpy(part.astype(np.int64)) for part in (matrix.indptr, matrix.indices))
    return torch.sparse_csr_tensor(starts, columns, values, matrix.shape, check_invariants=True)


def _narrow(values: Tensor) -> Tensor:
    """NumPy's default of float64 as PyTorch's of float32."""
    return values.float() if values.dtype is torch.float64 else values


def _column(name: str, values: Array) -> Tensor:
    if not isinstance(values, Tensor) and np.asarray(values).dtype.kind not in "biuf":
        raise InputError(
            f"targets of task `{name}` must be numbers, got {np.asarray(values).dtype}; number the classes 0, 1, ..."
        )
    return values if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))


def _kind(target: Tensor) -> Kind:
    known = target[~target.isnan()]
    outputs = target.shape[1] if target.dim() > 1 else 1
    if outputs > 1:
        return Regression(outputs) if target.is_floating_point() else Multilabel(outputs)
    if ((known == 0) | (known == 1)).all():
        return Binary()
    return Regression() if target.is_floating_point() else Multiclass(int(known.max()) + 1)


def _dense(columns: Mapping[str, Tensor], tasks: Sequence[Task]) -> tuple[dict[str, Tensor], Tensor | None]:
    for task in tasks:
        if task.name not in columns:
            raise InputError(f"task `{task.name}` has no targets; there are {', '.join(columns)}.")
    shaped = [_shaped(columns[task.name], task) for task in tasks]
    rows = {task.name: len(target) for task, target in zip(tasks, shaped, strict=True)}
    if len(set(rows.values())) > 1:
        raise InputError(f"targets of all tasks must have the same rows, got {rows}.")
    observed = torch.stack([_known(target) for target in shaped], 1)
    targets = {
        key: torch.stack([_typed(shaped[place], tasks[place]) for place in index.tolist()], 1)
        for key, index in kind_index(tasks).items()
    }
    return targets, None if observed.all() else observed


def _of_one(values: Tensor, tasks: Sequence[Task], task: Tensor) -> tuple[dict[str, Tensor], Tensor | None]:
    targets = {
        key: _typed(values.where(torch.isin(task, index), 0), tasks[int(index[0])])
        for key, index in kind_index(tasks).items()
    }
    known = _known(values)
    return targets, None if known.all() else known


def _shaped(target: Tensor, task: Task) -> Tensor:
    """[N], or [N, C] if the kind has several numbers to a target."""
    width = task.kind.target_width
    wanted = () if width is None else (width,)
    if tuple(target.shape[1:]) not in (wanted, (width or 1,)):
        raise InputError(f"targets of task `{task.name}` must be {['N', *wanted]}, got {list(target.shape)}.")
    return target.reshape(len(target), *wanted)


def _known(target: Tensor) -> Tensor:
    missing = target.isnan()
    return ~(missing.any(1) if missing.dim() > 1 else missing)


def _typed(target: Tensor, task: Task) -> Tensor:
    """Classes as integers; other numbers stay."""
    if target_dtype(task.kind) is not torch.int64:
        return target
    if target.is_floating_point():
        target = target.where(~target.isnan(), 0)
        bad = ~target.isfinite() | (target != target.round())
        if bad.any():
            row = int(bad.nonzero()[0][0])
            raise InputError(
                f"task `{task.name}`, row {row}: a class must be a whole number, got {target[row].tolist()}."
            )
    return target.long()

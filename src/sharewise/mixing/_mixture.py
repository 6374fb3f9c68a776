"""Which rows come next."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sharewise.mixing._plans import given, proportional
from sharewise.mixing._seeds import seeded
from sharewise.mixing._shares import Shares

_BLOCK = 256  # rows shuffled at once at least, so that tiny sources cost little
_AHEAD = 16384  # rows planned at once at most, so that many sources cost little

Rows: TypeAlias = NDArray[np.int64]


@final
class Mixture:
    """Rows of several sources, mixed by rates; nothing but the number of the step is state.

    Each source is an endless stream of passes over its rows, every pass in an order of its own that depends on `(seed,
    source, pass)` alone; a short source is reshuffled at each pass. Step `t` continues every stream where step `t - 1`
    left it, so a run resumed at any step sees the very rows it would have seen. Each batch has exactly `batch_size`
    rows, in the order of the sources; after any number of steps the rows drawn from a source are less than 2 away from
    `steps * batch_size * rate`.

    With one source this is plain training by epochs; every batch is full, the last one of a pass being completed by the
    first rows of the next.

    Args:
        sources: Long [n] for each of the S sources, the rows of the data set that belong to it.
        rates: [S], share of each source in a batch (see `equal`, `proportional`, `temperature`, `given`); normalised
            here. None: proportional to the sizes.
        batch_size: rows of a step.
        seed: names the orders.

    Raises:
        ValueError: the number of rates is not that of sources, a source with a positive rate is empty, or `batch_size`
            is not positive.
        InputError: a rate is negative or not finite, or all are 0.

    Example:
        >>> mixture = Mixture([torch.arange(6), torch.arange(6, 8)], torch.tensor([0.5, 0.5]), batch_size=4)
        >>> mixture.rows(0).shape
        torch.Size([4])
        >>> mixture.seen(3)
        tensor([6, 6])
    """

    def __init__(
        self, sources: Sequence[Tensor], rates: Tensor | None = None, *, batch_size: int = 256, seed: int = 0
    ) -> None:
        sizes = [len(source) for source in sources]
        shares = proportional(sizes) if rates is None else given(rates)
        _check(sizes, shares, batch_size)
        self.batch_size = batch_size
        self.seed = seed
        self.rates = shares
        self.sources = [source.numpy() for source in sources]
        self._shares = Shares(shares.numpy())
        self._span = min(max(_AHEAD // batch_size, 1), 64)
        self._span_number: int | None = None
        self._planned: tuple[Tensor, ...] = ()
        self._blocks: dict[int, tuple[int, Rows]] = {}

    @property
    def steps_per_epoch(self) -> int:
        """Steps that draw as many rows as the sources in use have together, rounded up."""
        used = sum(len(source) for source, rate in zip(self.sources, self.rates, strict=True) if rate > 0)
        return -(-used // self.batch_size)

    def rows(self, step: int) -> Tensor:
        """Rows of one step, any step in any order: Long [N]. Not to be changed in place."""
        number, place = divmod(step, self._span)
        if number != self._span_number:
            self._planned, self._span_number = self._plan(number).unbind(0), number
        return self._planned[place]

    def seen(self, step: int) -> Tensor:
        """Rows drawn from each source before `step`: Long [S]."""
        return torch.from_numpy(self._drawn(step, step + 1)[0])

    def _drawn(self, start: int, stop: int) -> Rows:
        if start < 0:
            raise ValueError(f"`step` must not be negative, got `step={start}`.")
        return self._shares.after(np.arange(start, stop, dtype=np.int64) * self.batch_size)

    def _plan(self, number: int) -> Tensor:
        """Rows of `_span` steps: Long [span, N]."""
        start = number * self._span
        drawn = self._drawn(start, start + self._span + 1)
        first, last = drawn[0], drawn[-1]
        used = np.flatnonzero(last > first)
        ranges = zip(used.tolist(), first[used].tolist(), last[used].tolist(), strict=True)
        pool = np.concatenate([part for place in ranges for part in self._stream(*place)])
        if len(used) > 1:
            pool = pool[_by_step(drawn)]
        return torch.from_numpy(pool).view(self._span, self.batch_size)

    def _stream(self, source: int, start: int, stop: int) -> Iterator[Rows]:
        """Places `start` to `stop` of a source's endless stream, in parts."""
        length = _block_length(len(self.sources[source]))
        while start < stop:
            block, skip = divmod(start, length)
            yield self._block(source, block)[skip : skip + stop - start]
            start += length - skip

    def _block(self, source: int, block: int) -> Rows:
        """One pass over a source, or as many whole passes as reach `_BLOCK` rows. The last one used is kept."""
        kept = self._blocks.get(source)
        if kept is not None and kept[0] == block:
            return kept[1]
        rows = self.sources[source]
        rows = rows[_passes(len(rows), seeded(self.seed, source, block)).numpy()]
        self._blocks[source] = block, rows
        return rows


def by_task(task: Tensor, rows: Tensor, tasks: int) -> list[Tensor]:
    """Sources of a data set whose rows have a task each: the given rows of task 0, of task 1, ...

    Args:
        task: Long [N], the task of every row of the data set.
        rows: Long [n], such as the training rows.
        tasks: K, how many tasks there are.

    Returns:
        K tensors Long [n_k], in the order of `rows`.

    Example:
        >>> by_task(torch.tensor([1, 0, 1, 1]), torch.tensor([0, 1, 3]), 2)
        [tensor([1]), tensor([0, 3])]
    """
    own = task[rows]
    return list(rows[own.argsort(stable=True)].split_with_sizes(torch.bincount(own, minlength=tasks).tolist()))


def _block_length(size: int) -> int:
    return size * -(-_BLOCK // size)


def _passes(size: int, generator: torch.Generator) -> Tensor:
    """Orders of `size` rows, one after another, as many as make a block: Long [size * passes]."""
    passes = _block_length(size) // size
    if passes == 1:
        return torch.randperm(size, generator=generator)
    keys = torch.rand(passes, size, generator=generator, dtype=torch.float64)
    return keys.argsort(dim=1, stable=True).flatten()


def _by_step(drawn: Rows) -> Rows:
    """Places, in streams laid one after another, of the rows of each step: shares [T + 1, S] to [T * N]."""
    counts = np.diff(drawn, axis=0)
    total = drawn[-1] - drawn[0]
    begin = (np.cumsum(total) - total) + drawn[:-1] - drawn[0]
    flat = counts.ravel()
    within = np.arange(flat.sum()) - np.repeat(np.cumsum(flat) - flat, flat)
    return np.repeat(begin.ravel(), flat) + within


def _check(sizes: list[int], rates: Tensor, batch_size: int) -> None:
    if len(sizes) != len(rates):
        raise ValueError(f"`rates` must have one rate per source, got {len(rates)} rates for {len(sizes)} sources.")
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be positive, got `batch_size={batch_size}`.")
    for source, (size, rate) in enumerate(zip(sizes, rates.tolist(), strict=True)):
        if size == 0 and rate > 0:
            raise ValueError(
                f"A source with a positive rate must have rows, got none in source {source} of rate {rate}."
            )


@final
class Mixtures:
    """M mixtures in step: the rows of M models trained together, each with its own data and order.

    Args:
        members: mixtures of one batch size.

    Raises:
        ValueError: the batch sizes differ.

    Example:
        >>> both = Mixtures([Mixture([torch.arange(9)], batch_size=4, seed=seed) for seed in (0, 1)])
        >>> both.rows(0).shape
        torch.Size([2, 4])
    """

    def __init__(self, members: Sequence[Mixture]) -> None:
        sizes = {member.batch_size for member in members}
        if len(sizes) != 1:
            raise ValueError(f"`members` must have one batch size, got {sorted(sizes)}.")
        self.members = tuple(members)
        self.batch_size = sizes.pop()

    @property
    def steps_per_epoch(self) -> int:
        """The most steps that any member needs for an epoch."""
        return max(member.steps_per_epoch for member in self.members)

    def rows(self, step: int) -> Tensor:
        """Rows of one step for every model: Long [M, N]."""
        return torch.stack([member.rows(step) for member in self.members])

    def seen(self, step: int) -> Tensor:
        """Rows drawn from each source before `step`: Long [M, S]."""
        return torch.stack([member.seen(step) for member in self.members])

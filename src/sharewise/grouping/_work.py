"""The runs of one grouping: planned, written down, performed."""

from collections.abc import Sequence
from pathlib import Path
from typing import final

from sharewise.grouping._affinity import Affinity
from sharewise.grouping._confirm import confirm_plan
from sharewise.grouping._contenders import TOGETHER, Contender
from sharewise.grouping._explore import pair_gains, pairs_of, short_plan
from sharewise.grouping._plan import freeze_plan, written_way
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.grouping._sizes import Sizes
from sharewise.runs import Bench, Perform, Progress, Results, Run, best_trials


@final
class Work:
    """The runs of one grouping: planned, written down, performed.

    Args:
        folder: of the grouping.
        perform: performs a run.
        protocol: the numbers.
        workers: processes, or None: as many as cores.
        progress: told how far it is.
    """

    def __init__(
        self,
        folder: Path,
        perform: Perform,
        protocol: GroupingProtocol,
        *,
        workers: int | None,
        progress: Progress | None,
    ) -> None:
        self.folder, self.perform, self.protocol, self.dataset = folder, perform, protocol, perform.dataset
        self.order = tuple(task.name for task in self.dataset.tasks)
        way = written_way(folder)
        self.bench = Bench(folder / "runs", perform, workers=workers, progress=progress, way=way)
        recipe = protocol.recipe(self.bench.rows(0), 0, 0)
        like = Run(TOGETHER, self.order, 0, network=protocol.network, recipe=recipe)
        self.sizes = Sizes(perform, like, protocol)
        self._runs: list[Run] = []

    def train(self, what: str, plan: Sequence[Run]) -> Results:
        """Write runs down, and perform those that are not stored yet."""
        self.bench.measure(plan)
        self._runs += plan
        freeze_plan(self.folder, self.dataset, self.protocol, runs=self._runs, way=self.bench.way)
        return self.bench.train(what, plan)

    def explore(self) -> Affinity:
        """Affinities at the size that networks will have, as far as their number can be told: a third of the tasks."""
        protocol = self.protocol
        many = min(protocol.groups or max(2, round(len(self.order) / 3)), len(self.order))
        plan = short_plan(
            pairs_of(self.order), protocol, width=self.sizes.width(many), rows=self.bench.rows, order=self.order
        )
        return pair_gains(self.train("affinities", plan), self.order, short=protocol.short)

    def confirm(self, contenders: Sequence[Contender]) -> Results:
        """Every network of every contender, tuned: one run for each replicate."""
        plan = confirm_plan(contenders, self.sizes, self.protocol, rows=self.bench.rows, order=self.order)
        return best_trials(self.train("confirmation", plan))

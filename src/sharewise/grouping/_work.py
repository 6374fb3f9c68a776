"""The runs of one grouping: planned, written down, performed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

from sharewise.grouping._confirm import confirm_plan
from sharewise.grouping._contenders import TOGETHER, Contender
from sharewise.grouping._explore import MANY, Estimate, explore
from sharewise.grouping._plan import PLAN, freeze_plan
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.grouping._sizes import Sizes
from sharewise.grouping._subsets import all_subsets, subset_plan
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
        way = PLAN.way(folder)
        self.bench = Bench(folder / "runs", perform, workers=workers, progress=progress, way=way)
        recipe = protocol.recipe(self.bench.rows(0), 0, 0)
        self.like = Run(
            TOGETHER, self.order, 0, network=protocol.network, recipe=recipe, plan=protocol.plan, rates=protocol.rates
        )
        self.sizes = Sizes(perform, self.like, protocol)

    def explore(self) -> Estimate:
        """What tasks do for each other, at the size that networks will have, as far as their number can be told.

        A third of the tasks are taken to be so many groups if no number was given. The replicates are none of the
        confirmation's, so that what proposes is not what chooses.
        """
        protocol, start = self.protocol, self.protocol.replicates
        many = min(protocol.groups or max(2, round(len(self.order) / 3)), len(self.order))
        like = replace(self.like, network=replace(protocol.network, width=self.sizes.width(many)))
        replicates = range(start, start + protocol.short_replicates)
        several = all_subsets(self.order, most=2 if len(self.order) <= MANY else 1)
        self.bench.measure(subset_plan(like, several, replicates[:1], length=protocol.short))
        freeze_plan(self.folder, self.dataset, protocol, way=self.bench.way)
        return explore(self.bench, like, protocol.method, replicates=replicates, length=protocol.short)

    def confirm(self, contenders: Sequence[Contender]) -> Results:
        """Every network of every contender, tuned: one run for each replicate."""
        plan = confirm_plan(contenders, self.sizes, self.protocol, rows=self.bench.rows, order=self.order)
        self.bench.measure(plan)
        freeze_plan(self.folder, self.dataset, self.protocol, runs=plan, way=self.bench.way)
        return best_trials(self.bench.train("confirmation", plan))

"""How a grouping is measured: the numbers fixed before the first run."""

from dataclasses import dataclass, field
from typing import Literal, final

from sharewise.runs import Network, recipe, settings
from sharewise.training import Recipe

COUNTS = ("replicates", "trials", "randoms", "short_replicates", "groups", "steps")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupingProtocol:
    """How tasks are grouped: the numbers fixed before the first run.

    Args:
        groups: networks at most, or None: as many as the estimates ask for.
        method: name of the estimator of affinities, or "auto": by the number of tasks.
        replicates: paired repetitions of the confirmation, with a split, an initialisation and an order of rows of
            their own.
        trials: settings of learning rate and weight decay tried in each replicate for each network, the same for every
            candidate, chosen on the validation rows.
        randoms: random partitions, of the sizes of the proposed groups, that are retrained beside.
        short_replicates: repetitions of the short trainings behind the affinities.
        short: length of these trainings, as a share of `steps`.
        equal: "parameters": the networks of every candidate have together as many as the one for all tasks, by narrower
            trunks; "networks": every network is as wide as the one for all tasks, so that more groups cost more.
        network: size of the trunk of the one network for all tasks.
        batch_size: rows in a step, or None: by the number of rows.
        steps: optimisation steps at most, or None: by the number of rows.
        plan: mixing of tasks with rows of their own: "proportional" to their sizes, "equal" or "temperature" (between).
        rates: rates of the tasks, in their order, instead of a plan.
        margin: smallest difference that matters, in skill (1 is perfect, 0 a constant prediction).
        level: probability of a false claim.
        seed: of everything.
        device: where networks are trained; "auto": CUDA where there is one.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> GroupingProtocol(trials=2).settings
        ((0.01, 0.3), (0.003, 0.3))
    """

    groups: int | None = None
    method: str = "auto"
    replicates: int = 10
    trials: int = 2
    randoms: int = 3
    short_replicates: int = 8
    short: float = 0.25
    equal: Literal["parameters", "networks"] = "parameters"
    network: Network = field(default_factory=Network)
    batch_size: int | None = None
    steps: int | None = None
    plan: Literal["proportional", "equal", "temperature"] = "proportional"
    rates: tuple[float, ...] = ()
    margin: float = 0.01
    level: float = 0.05
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in COUNTS:
            value = getattr(self, name)
            if value is not None and not value >= (name != "randoms"):
                raise ValueError(f"`{name}` must be {'positive' if name != 'randoms' else 'at least 0'}, got {value}.")
        for name in ("short", "margin", "level"):
            value = getattr(self, name)
            if not 0 < value <= 1:
                raise ValueError(f"`{name}` must lie above 0 and be at most 1, got `{name}={value}`.")

    @property
    def settings(self) -> tuple[tuple[float, float], ...]:
        """Pairs of learning rate and weight decay: four fixed ones, then log-uniform draws."""
        return settings(self.trials, self.seed)

    def recipe(self, rows: int, trial: int, replicate: int) -> Recipe:
        """The numbers of one training on so many training rows."""
        seed = self.seed + replicate
        return recipe(self.settings[trial], rows, batch_size=self.batch_size, steps=self.steps, seed=seed)

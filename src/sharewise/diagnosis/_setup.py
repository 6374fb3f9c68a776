"""What a diagnosis is made of: the baseline, and how much is spent on each experiment."""

from dataclasses import dataclass, field
from typing import Any, Literal, final

from sharewise.runs import Network, recipe, settings
from sharewise.training import Recipe


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The joint training that is diagnosed, and the setup: numbers fixed before the first run.

    Args:
        replicates: paired repetitions; a causal claim needs about ten.
        trials: settings of learning rate and weight decay tried in each replicate for each network of each experiment,
            chosen on the validation rows; the baseline gets no more of them than an intervention.
        settings: pairs of learning rate and weight decay, one for each trial; none: the usual ones.
        network: size of the trunk.
        sharing: form of sharing that is diagnosed.
        sharing_options: its options.
        batch_size: rows in a step, or None: by the number of rows.
        steps: optimisation steps at most, or None: by the number of rows.
        plan: mixing of tasks with rows of their own: "proportional", "equal" or "temperature".
        rates: rates of the tasks instead of a plan.
        margin: smallest harm that matters, as a share of the loss of the constant predictor.
        level: probability of claiming harm where there is none, over all tasks.
        seed: of everything.

    Raises:
        ValueError: fewer than two replicates, no trial, settings that are not one for each, or no positive margin.

    Example:
        >>> Setup(trials=2).recipe(1_000, 1, replicate=3).learning_rate
        0.003
    """

    replicates: int = 10
    trials: int = 2
    settings: tuple[tuple[float, float], ...] = ()
    network: Network = field(default_factory=Network)
    sharing: str = "hard"
    sharing_options: dict[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    steps: int | None = None
    plan: Literal["proportional", "equal", "temperature"] = "proportional"
    rates: tuple[float, ...] = ()
    margin: float = 0.01
    level: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("replicates", 2), ("trials", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"`{name}` must be at least {least}, got `{name}={getattr(self, name)}`.")
        if self.settings and len(self.settings) != self.trials:
            raise ValueError(f"`settings` must be one for each of {self.trials} trials, got {len(self.settings)}.")
        if not self.margin > 0:
            raise ValueError(f"`margin` must be positive, got `margin={self.margin}`.")

    def recipe(self, rows: int, trial: int, replicate: int) -> Recipe:
        """The numbers of one training on so many training rows."""
        setting = (self.settings or settings(self.trials, self.seed))[trial]
        seed = self.seed + replicate
        return recipe(setting, rows, batch_size=self.batch_size, steps=self.steps, seed=seed)

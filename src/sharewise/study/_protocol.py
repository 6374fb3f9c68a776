"""How a study measures: the numbers fixed before the first run."""

from dataclasses import dataclass, field
from typing import Literal, final

from sharewise.runs import Network, recipe, settings
from sharewise.training import Recipe

WEIGHTED, WORST, SHUFFLED = "weighted", "worst task", "shuffled"
FURTHER = (SHUFFLED, WEIGHTED, WORST)  # treatments that are compared by default beside alone and together


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a study measures: the numbers fixed before the first run.

    Args:
        replicates: paired repetitions with a split, an initialisation and an order of rows of their own.
        trials: settings of learning rate and weight decay tried in each replicate for each trained network, chosen on
            the validation rows; the same settings for every treatment.
        network: size of the trunk.
        trunk_rate: factor of the learning rate of the trunk: below 1 for a trunk of one's own that was trained before,
            0 to keep it as it is.
        batch_size: rows in a step, or None: 128 up to 20,000 training rows, 512 from there.
        steps: optimisation steps at most, or None: 80 passes over the training rows, between 600 and 4,000.
        margin: smallest difference that matters, as a share of the way from the constant predictor to a perfect score.
        level: probability of a false claim.
        references: compare with gradient-boosted trees and ridge models too.
        treatments: compared beside alone and together: "shuffled" (the control), "weighted", "worst task". The control
            is left out with more than 12 tasks.
        sharing: names of further forms of sharing, each compared at as many parameters as the hard-shared network has.
        transfer: measure which task helps which, by training all pairs and leaving each task out; None: with 3 to 8
            tasks.
        looks: how often verdicts may be read, each time at an equal part of `level`: after `replicates`, then, for the
            tasks that are still open, after twice as many, and so on. 1: once.
        budget: seconds that the study may take, or None; what is left out for it is told.
        plan: mixing of tasks with rows of their own: "proportional" to their sizes, "equal" or "temperature" (between).
        rates: rates of the tasks instead of a plan.
        seed: of everything.
        device: where networks are trained; "auto": CUDA where there is one.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> Protocol(trials=2).settings()
        ((0.01, 0.3), (0.003, 0.3))
    """

    replicates: int = 5
    trials: int = 4
    network: Network = field(default_factory=Network)
    trunk_rate: float = 1.0
    batch_size: int | None = None
    steps: int | None = None
    margin: float = 0.01
    level: float = 0.05
    references: bool = True
    treatments: tuple[str, ...] = FURTHER
    sharing: tuple[str, ...] = ()
    transfer: bool | None = None
    looks: int = 1
    budget: float | None = None
    plan: Literal["proportional", "equal", "temperature"] = "proportional"
    rates: tuple[float, ...] = ()
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in ("replicates", "trials", "margin", "looks", "budget"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"`{name}` must be positive, got `{name}={getattr(self, name)}`.")

    @property
    def level_of_look(self) -> float:
        """Probability of a false claim in each look, so that all looks together keep `level`."""
        return self.level / self.looks

    def settings(self) -> tuple[tuple[float, float], ...]:
        """Pairs of learning rate and weight decay: four fixed ones, then log-uniform draws."""
        return settings(self.trials, self.seed)

    def recipe(self, rows: int, trial: int, replicate: int) -> Recipe:
        """The numbers of one training on so many training rows."""
        setting, seed = self.settings()[trial], self.seed + replicate
        return recipe(setting, rows, batch_size=self.batch_size, steps=self.steps, seed=seed)

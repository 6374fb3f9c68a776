"""One training as a row of a plan."""

from dataclasses import asdict, dataclass, field
from typing import Any, final

from sharewise.training import Recipe


@final
@dataclass(frozen=True, slots=True)
class Network:
    """The size of a network's trunk.

    Args:
        width: of its hidden layers.
        blocks: number of residual blocks, or of layers.
        dropout: share of hidden units dropped in training.

    Example:
        >>> Network().width
        96
    """

    width: int = 96
    blocks: int = 2
    dropout: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class Run:
    """One training: a row of a plan. Equal rows on equal data give equal numbers.

    Args:
        treatment: the arm of the study it belongs to.
        tasks: names of the tasks that are trained; heads of the others are there but get no weight, so that both arms
            of a comparison have one shape and start from the same numbers.
        replicate: which split, initialisation and order of rows; the same in all arms, which pairs them.
        trial: which of the treatment's settings.
        method: class name of an objective, weighting or aggregator.
        options: its arguments by name.
        sharing: name of the form of sharing (`sharing_names`).
        sharing_options: its options (`Sharing`).
        network: size of the trunk.
        recipe: numbers of the training.
        plan: mixing plan of sources: "proportional", "equal", "temperature" or rates by task.
        trunk_rate: factor of the learning rate of the trunk, which is what stands below heads, experts and conditions;
            below 1 for a trunk that was trained before, 0 to keep it as it is.
        probe: measure gradients over time.
        keep: keep the weights of the trained network.
        shuffled: those of `tasks` whose training labels are shuffled. They are trained, but neither stop, tune nor
            score the run.
        hints: those of `tasks` that only help: they are trained, but neither stop, tune nor score the run.
        labels: task -> how many of its training labels are used, of all that there are; in one replicate fewer labels
            are a part of more. Those of the other roles stay.
        start: name of a finished run that kept its weights: the network begins with them, but for its heads, which are
            new. "": with the initial numbers of the seed.

    Example:
        >>> Run("together", ("age", "income"), replicate=0).recipe.learning_rate
        0.001
    """

    treatment: str
    tasks: tuple[str, ...]
    replicate: int
    trial: int = 0
    method: str = "Sum"
    options: dict[str, Any] = field(default_factory=dict)
    sharing: str = "hard"
    sharing_options: dict[str, Any] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    recipe: Recipe = field(default_factory=Recipe)
    plan: str = "proportional"
    rates: tuple[float, ...] = ()
    trunk_rate: float = 1.0
    probe: bool = False
    keep: bool = False
    shuffled: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    labels: dict[str, int] = field(default_factory=dict)
    start: str = ""

    @property
    def judged(self) -> tuple[str, ...]:
        """The tasks that stop, tune and score the run."""
        return tuple(name for name in self.tasks if name not in (*self.shuffled, *self.hints))

    def describe(self) -> dict[str, Any]:
        """The row as plain numbers and texts."""
        return asdict(self)

    @staticmethod
    def from_description(row: dict[str, Any]) -> "Run":
        """The run that `describe` described."""
        parts = {
            "tasks": tuple(row["tasks"]),
            "rates": tuple(row["rates"]),
            "shuffled": tuple(row.get("shuffled", ())),
            "hints": tuple(row.get("hints", ())),
            "network": Network(**row["network"]),
            "recipe": Recipe(**row["recipe"]),
        }
        return Run(**(row | parts))

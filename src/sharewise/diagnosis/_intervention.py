"""Interventions: what is changed to see whether the harm goes away, each a transformation of rows of a plan."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np

from sharewise.diagnosis._setup import Setup
from sharewise.mixing import Dataset
from sharewise.runs import Network, Run, Sharing, tuned
from sharewise.tasks import constant_losses

Cause: TypeAlias = Literal[
    "unbalanced data", "optimisation", "too small a network", "contradictory tasks", "overfitting"
]
Change: TypeAlias = Callable[[Run], Run]

WIDER = (2, 4, 8)
SLOWER = 5  # times smaller learning rate,
LONGER = 4  # with so many times more steps
DECAYS = (1.0, 3.0)  # tried in turn with the settings
SHORTER = 4  # times fewer steps
UNEQUAL = 2.0  # ratio of sizes, or of losses, up to which there is nothing to balance
FAR_APART = 10.0  # ratio of sizes from which labels of the large tasks are left out, to see what that does
FEWEST = 20  # labels that each task keeps at least
SPREAD = 4.0  # tuned weights lie between a quarter and four times each other's middle
STOP = "own stop"
SEPARATED: Cause = "contradictory tasks"


@final
@dataclass(frozen=True, slots=True)
class Intervention:
    """One change of the training, and the cause that it speaks for if it removes the harm.

    Args:
        name: in tables and as the treatment of its runs.
        cause: it is the remedy of.
        what: in words, after "with".
        change: a row of the baseline's plan to the row with the change.
        both: the networks alone change too; False: it means nothing to a task alone.
        trains: it needs runs of its own.
        cures: its joint training is worth keeping; False: it only tells.
    """

    name: str
    cause: Cause
    what: str
    change: Change
    both: bool = True
    trains: bool = True
    cures: bool = True


def own_stop() -> Intervention:
    """Each task as of its own best step in the same joint training: nothing has to be trained for it."""
    return Intervention(
        STOP,
        "overfitting",
        "each task taken at its own best step of the same joint training",
        lambda run: run,
        both=False,
        trains=False,
    )


def balanced(plan: Literal["equal", "temperature"]) -> Intervention:
    """Batches balanced over tasks with rows of their own."""
    what = {"equal": "every task drawn equally often", "temperature": "small tasks drawn more often"}[plan]
    return Intervention(f"{plan} mixing", "unbalanced data", what, lambda run: replace(run, plan=plan, rates=()), False)


def subsampled(labels: Mapping[str, int]) -> Intervention:
    """Training labels of the large tasks left out, until no task has more than twice those of the smallest.

    It tells whether sizes are the cause. Who wants the labels back balances what is drawn.

    Args:
        labels: numbers of training labels, by task.
    """
    most = max(FEWEST, int(UNEQUAL * min(labels.values())))
    large = {name for name, count in labels.items() if count > most}

    def change(run: Run) -> Run:
        return replace(run, labels={name: most for name in run.tasks if name in large})

    what = f"no more than {most:,} training labels of any task"
    return Intervention("equal sizes", "unbalanced data", what, change, cures=False)


def normalised(floors: Sequence[float]) -> Intervention:
    """Each loss in units of the constant predictor's."""
    weights = [round(1 / max(each, 1e-12), 12) for each in floors]
    return Intervention(
        "normalised losses",
        "optimisation",
        "each loss divided by that of its constant predictor",
        lambda run: replace(run, method="Weighted", options={"weights": weights}),
        False,
    )


def weighted(floors: Sequence[float], trials: int, seed: int) -> Intervention:
    """Tuned weights: each trial has weights of its own, so that tuning them costs no trial more."""
    draws = np.random.default_rng([seed, len(floors)]).uniform(-np.log(SPREAD), np.log(SPREAD), (trials, len(floors)))
    table = [[round(float(w / max(f, 1e-12)), 12) for w, f in zip(row, floors, strict=True)] for row in np.exp(draws)]
    return Intervention(
        "tuned weights",
        "optimisation",
        "tuned weights of the losses",
        lambda run: replace(run, method="Weighted", options={"weights": table[run.trial]}),
        False,
    )


def gradients(method: str, what: str) -> Intervention:
    """A weighting of the tasks' gradients instead of the sum of their losses."""
    return Intervention(method, "optimisation", what, lambda run: replace(run, method=method, options={}), False)


def slower() -> Intervention:
    """A fifth of the learning rate, four times the steps."""

    def change(run: Run) -> Run:
        old = run.recipe
        changed = replace(
            old,
            learning_rate=old.learning_rate / SLOWER,
            steps=LONGER * old.steps,
            evaluate_every=LONGER * old.evaluate_every,
        )
        return replace(run, recipe=changed)

    return Intervention("slower", "optimisation", "a fifth of the learning rate and four times the steps", change)


def shorter() -> Intervention:
    """Stopped earlier: a quarter of the steps for all tasks. The networks alone stay, so undertraining is no cure."""

    def change(run: Run) -> Run:
        old = run.recipe
        steps, every = max(1, old.steps // SHORTER), max(1, old.evaluate_every // SHORTER)
        return replace(run, recipe=replace(old, steps=steps, evaluate_every=every))

    return Intervention("shorter", "overfitting", "a quarter of the steps", change, both=False)


def decayed() -> Intervention:
    """Strong weight decay."""

    def change(run: Run) -> Run:
        decay = max(run.recipe.weight_decay, DECAYS[run.trial % len(DECAYS)])
        return replace(run, recipe=replace(run.recipe, weight_decay=decay))

    return Intervention("strong decay", "overfitting", "strong weight decay", change)


def wider(times: int) -> Intervention:
    """A wider trunk."""

    def change(run: Run) -> Run:
        return replace(run, network=_times(run.network, times))

    return Intervention(f"width x{times}", "too small a network", f"a trunk {times} times as wide", change)


def shared_by(name: str, what: str) -> Intervention:
    """Another, looser form of sharing; alone there is nothing to share."""

    def change(run: Run) -> Run:
        form = tuned(Sharing(name), run.trial)
        return replace(run, sharing=form.key, sharing_options=dict(form.options))

    return Intervention(f"sharing {name}", SEPARATED, what, change)


def both(one: Intervention, other: Intervention) -> Intervention:
    """Two interventions at once; the cause is that of the first."""
    return Intervention(
        f"{one.name} and {other.name}",
        one.cause,
        f"{one.what}, and {other.what}",
        lambda run: other.change(one.change(run)),
        one.both or other.both,
        cures=one.cures and other.cures,
    )


def interventions(dataset: Dataset, setup: Setup, *, fixed: bool = False) -> tuple[Intervention, ...]:
    """All that may remove harm on this data set, the cheapest first.

    What can mean nothing is left out: balancing tasks that share their rows or are about equally large, normalising
    losses that are of one size, leaving out labels where sizes differ by less than 10 to 1.

    Args:
        dataset: its tasks and rows.
        setup: the baseline and the number of settings that each gets.
        fixed: the trunk is one's own and has no width to change.

    Example:
        >>> from sharewise.mixing import planted
        >>> [each.name for each in interventions(planted(scale=1e4), Setup(trials=1))][:3]
        ['own stop', 'normalised losses', 'UPGrad']
    """
    split = dataset.split(0)
    labels = {name: each["train"] for name, each in dataset.label_counts(split).items()}
    ratio = max(labels.values()) / max(1, min(labels.values()))
    floors = constant_losses(dataset.tasks, dataset.prepare(split.train).batch.take(split.train)).tolist()
    own_rows = dataset.raw.task is not None and ratio >= UNEQUAL
    mixing = [balanced(each) for each in ("equal", "temperature") if own_rows and each != setup.plan]
    apart = max(floors) >= UNEQUAL * min(floors)
    loose = _LOOSER["full" if setup.sharing == "full" else "hard"]
    return (
        own_stop(),
        *mixing,
        *([subsampled(labels)] if ratio >= FAR_APART and max(labels.values()) > FEWEST else []),
        *([normalised(floors)] if apart else []),
        *([weighted(floors, setup.trials, setup.seed)] if setup.trials > 1 else []),
        gradients("UPGrad", "gradients combined so that no task loses at first order (UPGrad)"),
        gradients("IMTLG", "gradients weighed so that the step is equally long along each (IMTL-G)"),
        gradients("DBMTL", "gradients brought to one length: a learning rate for each task (DB-MTL)"),
        shorter(),
        decayed(),
        slower(),
        *(wider(times) for times in WIDER if not fixed),
        *(shared_by(name, what) for name, what in loose.items() if name != setup.sharing),
    )


_LOOSER: Mapping[str, Mapping[str, str]] = {
    "full": {"hard": "a head for each task on the shared trunk", "film": "features told the task (FiLM), own heads"},
    "hard": {
        "film": "features told the task (FiLM)",
        "branched": "fewer shared layers, a branch for each task above them",
        "soft": "a network for each task, drawn to each other",
    },
}


def _times(network: Network, times: int) -> Network:
    return replace(network, width=times * network.width)

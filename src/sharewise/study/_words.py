"""What a study did and what limits it, in words."""

from collections.abc import Sequence

import numpy as np

from sharewise.diagnosis import Gaps, split_gap
from sharewise.evidence import paired_interval
from sharewise.study._analysis import Decision
from sharewise.study._outcome import Outcome
from sharewise.study._treatments import ALONE, TOGETHER
from sharewise.tasks import Task

HARM = {
    "train": "{}: its loss is higher together already on the training rows, which speaks of too small a network, of "
    "the optimisation or of contradicting tasks, not of overfitting; a hint, which only an experiment can confirm.",
    "generalisation": "{}: its loss is higher together on new rows, but not clearly so on the training rows, which "
    "speaks of overfitting; a hint, which only an experiment can confirm.",
    "unclear": "{}: the losses do not show whether the harm sits on the training rows or only on new ones.",
}


def protocol_words(outcome: Outcome) -> dict[str, str]:
    """How it was measured, label -> text."""
    protocol, recipe, dataset = outcome.protocol, outcome.best[0][0].recipe, outcome.dataset
    settings = ", ".join(f"({rate:g}, {decay:g})" for rate, decay in protocol.settings())
    network = protocol.network
    splits = "; replicates are folds of a repeated cross-validation" if dataset.resampled else "; one split for all"
    return {
        "Treatments": "; ".join(f"{each.name}: {each.what}" for each in outcome.treatments),
        "Replicates": f"{protocol.replicates}, paired: all arms share split, initial numbers and order of rows{splits}",
        "Tuning": f"equal budget: each trained network in each replicate gets {protocol.trials} trials, chosen by mean "
        f"skill on the validation rows; the same settings of (learning rate, weight decay) in all arms: {settings}",
        "Regularisation": "matched: AdamW's decoupled decay does not see the scale of the summed loss, so that no "
        "factor for the number of tasks is needed; each arm tunes it",
        "Optimiser": f"AdamW; warm-up and cosine; gradient norm clipped at {recipe.clip:g}",
        "Length": f"at most {recipe.steps} steps of {recipe.batch_size} rows, stopped early by mean validation skill; "
        "the best checkpoint is kept",
        "Network": f"one trunk of width {network.width} with {network.blocks} blocks, linear heads; the same "
        "shape and the same initial numbers in all arms of this form of sharing",
        "Roles": "train fits; valid stops and tunes; select chooses the model; test is read once, for the verdicts",
        "Margin": f"{protocol.margin:.0%} of the way from the constant predictor to a perfect score",
        "Verdicts": f"Benjamini-Hochberg over the tasks, level {protocol.level:g}" + _looks(outcome),
    }


def _looks(outcome: Outcome) -> str:
    protocol = outcome.protocol
    if protocol.looks == 1:
        return ""
    done = 1 + max(run.replicate for run, _ in outcome.best)
    return (
        f", spent in equal parts of {protocol.level_of_look:.3g} on {protocol.looks} looks: after "
        f"{protocol.replicates} replicates, then, for the tasks still open, after twice as many, and so on; it stopped "
        f"after {done}"
    )


def rows_seen(outcome: Outcome) -> dict[str, int]:
    """Rows drawn for each task in the joint training of the first replicate."""
    names = [task.name for task in outcome.dataset.tasks]
    seen = next(finished.info["seen"] for run, finished in outcome.best if run.treatment == TOGETHER)
    return dict(zip(names, seen, strict=True)) if len(seen) == len(names) else {"all tasks on shared rows": seen[0]}


def model_words(decision: Decision, tasks: Sequence[Task]) -> str:
    """The chosen model."""
    alone = [task.name for task in tasks if decision.chosen[task.name] == ALONE]
    joint = [name for name in decision.chosen.values() if name != ALONE]
    how = "" if not joint or joint[0] == TOGETHER else f" ({joint[0]})"
    shared = f"one network for {len(joint)} task{'s' if len(joint) > 1 else ''}{how}" if joint else ""
    own = f"networks of their own for {', '.join(alone)}" if alone else ""
    return ", ".join(part for part in (shared, own) if part) + "; trained on the training rows of the first replicate"


def notes(outcome: Outcome) -> tuple[str, ...]:
    """Limitations."""
    forms = [each.name for each in outcome.treatments if each.sharing]
    found = [f"Forms of sharing that were tried: hard{''.join(f', {name}' for name in forms)}."]
    found += [f"Networks of the form {name} were trained one by one: {why}." for name, why in outcome.reasons.items()]
    if not outcome.dataset.resampled:
        found.append("All replicates train on the rows of one split: the intervals do not cover other training rows.")
    hurt = [name for name, verdict in outcome.verdicts.items() if verdict.word == "HURTS"]
    return (*found, *(HARM[_gaps(outcome, name).where].format(name) for name in hurt))


def _gaps(outcome: Outcome, task: str) -> Gaps:
    """Where the loss of a hurt task sits, over the replicates in which it was trained alone and together."""
    losses: dict[str, dict[int, tuple[float, float]]] = {ALONE: {}, TOGETHER: {}}
    for run, finished in outcome.best:
        if run.treatment in losses and task in run.tasks:
            train, new = (finished.last("loss", role)[task] for role in ("train", "test"))
            losses[run.treatment][run.replicate] = train, new
    both = sorted(losses[ALONE].keys() & losses[TOGETHER].keys())
    alone, together = (_columns([losses[arm][replicate] for replicate in both]) for arm in (ALONE, TOGETHER))
    return split_gap(alone, together, interval=paired_interval(outcome.dataset))


def _columns(rows: Sequence[tuple[float, float]]) -> dict[str, np.ndarray]:
    train, new = np.array(rows).T
    return {"train": train, "new": new}

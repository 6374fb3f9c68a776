"""Eavesdropping: how much of a task's skill goes through a feature that its trunk has learnt for other tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
import torch
from torch import Tensor

from sharewise.diagnosis._arms import Arms, Floats
from sharewise.diagnosis._fewshot import trunk_outputs
from sharewise.diagnosis._plan import ALONE, TOGETHER
from sharewise.evidence import Interval, paired_interval
from sharewise.models import MultiTask
from sharewise.runs import Bench, Perform, Results, labelled
from sharewise.tasks import Criterion, Task, constant_losses, skill

DIRECTIONS = 20  # random ones that are erased for comparison

Numbers: TypeAlias = tuple[float, float, float]


@final
@dataclass(frozen=True, eq=False)
class Eavesdropping:
    """What erasing a feature from the trunk does to a task.

    Args:
        task: its name.
        feature: name of the feature.
        probe: arm -> [R] skill of a linear probe of the feature in the trunk, on test rows.
        erased: arm -> [R] share of the task's skill that is lost where the feature is erased from the trunk.
        random: arm -> [R] the same for random directions, in the mean.
        mediated: together, `erased` less `random`: the share of the skill that goes through the feature.
        gain: `mediated` less the same of the network alone.
    """

    task: str
    feature: str
    probe: Mapping[str, Floats]
    erased: Mapping[str, Floats]
    random: Mapping[str, Floats]
    mediated: Interval
    gain: Interval

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        share, gain = self.mediated, self.gain
        word = "more" if gain.low > 0 else "less" if gain.high < 0 else "not surely more"
        alone, together = (float(np.nanmean(self.probe[arm])) for arm in (ALONE, TOGETHER))
        return (
            f"{share.estimate:.0%} ({share.low:.0%} to {share.high:.0%}) of the skill of `{self.task}` together goes "
            f"through `{self.feature}`, {word} than alone ({gain.estimate:+.0%}, {gain.low:+.0%} to {gain.high:+.0%}); "
            f"a probe finds it in the trunk with skill {together:.2f}, alone {alone:.2f}."
        )


@final
@dataclass(frozen=True, eq=False)
class Eraser:
    """Removes one direction from features.

    Args:
        mean: [H], where nothing is removed.
        reads: [H], what of a feature is removed,
        writes: [H], and where.
    """

    mean: Tensor
    reads: Tensor
    writes: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """[n, H] to [n, H]."""
        return features - ((features - self.mean) @ self.reads).unsqueeze(-1) * self.writes


def eraser(features: Tensor, direction: Tensor) -> Eraser:
    """Removes from features what a direction of whitened features tells, and moves them as little as that allows.

    With `relation` as the direction, no linear model finds the values any more (LEACE; Belrose et al. 2023, theorem
    4.3, for one number).

    Args:
        features: [n, H], from which means and covariances are taken.
        direction: [H], in whitened features; its length does not matter.

    Example:
        >>> x = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        >>> erased = eraser(x, relation(x, x[:, 0] + x[:, 1]))(x)
        >>> bool((erased - erased.mean(0)).T.matmul(x[:, 0] + x[:, 1]).abs().max() < 1e-9)
        True
    """
    whiten, colour = _roots(features)
    alive = whiten @ (colour @ direction)
    unit = alive / alive.norm().clamp(min=1e-300)
    return Eraser(features.mean(0), whiten @ unit, colour @ unit)


def relation(features: Tensor, values: Tensor) -> Tensor:
    """Covariance of whitened features with values: the direction in which they tell them, [H].

    Args:
        features: [n, H].
        values: [n].
    """
    whiten, _ = _roots(features)
    return whiten @ ((features - features.mean(0)).T @ (values - values.mean())) / len(values)


def _roots(features: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse root of the covariance [H, H], of what varies, and the root."""
    centred = features - features.mean(0)
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(features))
    alive = values > values.max().clamp(min=1e-300) * 1e-9
    root = torch.where(alive, values, 0.0).sqrt()
    inverse = torch.where(alive, 1 / root.clamp(min=1e-150), 0.0)
    return (vectors * inverse) @ vectors.T, (vectors * root) @ vectors.T


def measure_eavesdropping(bench: Bench, arms: Arms, task: str, feature: str, values: Tensor) -> Eavesdropping | None:
    """How much of a task's skill goes through a feature of the trunk, alone and together (eavesdropping, Caruana 1997).

    A feature that is hard to learn from one task and easy from another is found in the trunk that both train. It is
    erased there linearly, with the head as it was, and the loss of skill on test rows is compared with that for random
    directions, of which one carries some skill too. What is told about the feature in curved ways stays. Networks that
    are no better than a constant have no share. Cost: the tuned networks once more, with their weights.

    Args:
        bench: performs the runs.
        arms: tuned.
        task: whose skill it is.
        feature: a name for the values.
        values: [N], of all rows; nan where unknown. An input, or another task's labels.

    Returns:
        None where the tasks do not have one trunk below linear heads.
    """
    plan = {arm: [replace(run, keep=True) for run in arms.of(arm, task)] for arm in (ALONE, TOGETHER)}
    own = next(each for each in bench.perform.dataset.tasks if each.name == task)
    found: dict[str, Floats] = {}
    for arm, runs in plan.items():
        rows = _numbers(bench.perform, bench.train("eavesdropping", runs), own, values)
        if rows is None:
            return None
        found[arm] = rows
    interval = paired_interval(bench.perform.dataset)
    share = {arm: each[:, 1] - each[:, 2] for arm, each in found.items()}
    probe, erased, random = ({arm: each[:, at] for arm, each in found.items()} for at in range(3))
    gain = interval(share[TOGETHER] - share[ALONE])
    return Eavesdropping(task, feature, probe, erased, random, interval(share[TOGETHER]), gain)


def _numbers(perform: Perform, results: Results, task: Task, values: Tensor) -> Floats | None:
    """Probe, share lost without the feature and without random directions: [R, 3]."""
    rows = []
    for run, finished in sorted(results, key=lambda pair: pair[0].replicate):
        model = perform.model([(run, run.tasks, finished)]).parts[0].module
        if not isinstance(model, MultiTask):
            return None
        rows.append(_numbers_of(perform, run.replicate, model, task, values))
    return np.array(rows)


def _numbers_of(perform: Perform, replicate: int, model: MultiTask, task: Task, values: Tensor) -> Numbers:
    split, prepared = perform.prepared(replicate)
    place = list(perform.dataset.tasks).index(task)
    known, features = values.double(), trunk_outputs(perform, replicate, model).double()
    train, test = (rows[~known[rows].isnan()] for rows in (split.train, split.test))
    base, wanted = features[train], known[train]
    judged = labelled(prepared.batch, split.test, place)
    floor = constant_losses(perform.dataset.tasks, prepared.batch.take(split.train))

    def left(cut: Eraser | None) -> float:
        h = features[judged] if cut is None else cut(features[judged])
        batch = prepared.batch.take(judged)
        with torch.no_grad():
            outputs = model.heads(h.to(model.heads.weight), batch.task)
            return float(skill(Criterion(perform.dataset.tasks)(outputs, batch).mean(), floor)[place])

    whole = left(None)
    draw = torch.Generator().manual_seed(replicate)
    directions = torch.randn(DIRECTIONS, base.shape[1], dtype=torch.float64, generator=draw)
    random = float(np.mean([left(eraser(base, each)) for each in directions]))
    erased = left(eraser(base, relation(base, wanted)))
    probe = probe_skill(base, wanted, features[test], known[test])
    return (probe, (whole - erased) / whole, (whole - random) / whole) if whole > 0 else (probe, np.nan, np.nan)


def probe_skill(features: Tensor, values: Tensor, others: Tensor, expected: Tensor) -> float:
    """Skill (R2) on other rows of the linear model of values from features.

    Args:
        features: [n, H], on which it is fitted.
        values: [n].
        others: [m, H], on which it is judged.
        expected: [m].

    Example:
        >>> x = torch.arange(6.0, dtype=torch.float64).unsqueeze(1)
        >>> round(probe_skill(x[:4], 2 * x[:4, 0] + 1, x[4:], 2 * x[4:, 0] + 1), 6)
        1.0
    """
    whiten, _ = _roots(features)
    found = (others - features.mean(0)) @ (whiten @ relation(features, values)) + values.mean()
    return 1 - float((found - expected).square().mean() / (expected - values.mean()).square().mean())

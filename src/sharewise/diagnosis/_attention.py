"""Attention focusing: does training together turn a network to the features that matter?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from sharewise.diagnosis._arms import SHUFFLED, Arms, Floats, side_bench
from sharewise.diagnosis._plan import ALONE, TOGETHER
from sharewise.diagnosis._view import View, plain_view
from sharewise.evidence import Importance, Interval, importances, paired_interval, table_arrays
from sharewise.runs import Bench, Perform, Results, Run
from sharewise.tasks import Task, kind_index

ROWS = 1000  # test rows whose gradients are taken


@final
@dataclass(frozen=True, eq=False)
class Attention:
    """How much of a task's sensitivity to its inputs falls on features that can matter.

    Args:
        task: its name.
        real: arm -> [R] share of the sensitivity on real features, the rest being on permuted copies of them; half of
            it means no attention at all.
        auroc: arm -> [R] probability that a real feature gets more than a copy.
        known: arm -> [R] share on the features that are known to matter; empty where none are known.
        agreement: arm -> [R] rank correlation over the real features with their permutation importance in boosted
            trees; nan where the trees found nothing.
        gain: together less alone, of the share on real features.
        known_gain: of the share on known features.
        control: shuffled less alone, of the share on real features.
    """

    task: str
    real: Mapping[str, Floats]
    auroc: Mapping[str, Floats]
    known: Mapping[str, Floats]
    agreement: Mapping[str, Floats]
    gain: Interval
    known_gain: Interval | None
    control: Interval | None

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        alone, together = (100 * float(np.nanmean(self.real[arm])) for arm in (ALONE, TOGETHER))
        gain = self.gain
        word = "turns to" if gain.low > 0 else "turns away from" if gain.high < 0 else "does not surely turn to"
        return (
            f"Together, the network of `{self.task}` {word} the real features: {together:.0f} % of its sensitivity "
            f"falls on them, alone {alone:.0f} % (difference {100 * gain.estimate:+.1f}, {100 * gain.low:+.1f} to "
            f"{100 * gain.high:+.1f}; 50 % is blind)."
        )


def measure_attention(
    bench: Bench,
    arms: Arms,
    tasks: Sequence[str],
    *,
    relevant: Mapping[str, Sequence[int]] | None = None,
    control: bool = True,
) -> tuple[Attention, ...]:
    """Share of the networks' sensitivity that falls on features that matter, alone and together (attention focusing).

    Every row gets, beside its features, those of another row: copies with equal distributions that tell nothing about
    the labels. Sensitivity to an input is `E|df/dx| sd(x)` over test rows; a feature's is the sum over its inputs. The
    networks see plain numbers (`View`), have the size and settings of the tuned arms, and are trained anew. Cost: for
    each task and replicate 2 or 3 trainings with twice the inputs, and boosted trees of each task.

    Args:
        bench: of the arms; its folder gets a folder `attention`.
        arms: tuned.
        tasks: names.
        relevant: task -> places of the features that are known to matter, on made data.
        control: measure the shuffled arm too.
    """
    plain = plain_view(bench.perform.dataset, len(arms.together))
    own = side_bench(bench, "attention", with_copies(plain))
    measured = (ALONE, TOGETHER, SHUFFLED) if control else (ALONE, TOGETHER)
    rows = {(arm, name): [_kept(run) for run in arms.of(arm, name)] for arm in measured for name in tasks}
    plan = list({repr(run): run for runs in rows.values() for run in runs}.values())
    plan.sort(key=lambda run: run.replicate)
    by_run = {repr(run): finished for run, finished in own.train("attention", plan)}
    wanted = [task for task in plain.tasks if task.name in set(tasks)]
    reference = importances(table_arrays(plain, plain.split(0)), wanted)
    found = []
    for task in wanted:
        spread = {
            arm: _sensitivities(own.perform, plain, task, [(run, by_run[repr(run)]) for run in rows[arm, task.name]])
            for arm in measured
        }
        found.append(_attention(plain, task.name, spread, reference.get(task.name), (relevant or {}).get(task.name)))
    return tuple(found)


def _kept(run: Run) -> Run:
    return replace(run, keep=True)


def with_copies(view: View, *, seed: int = 0) -> View:
    """The view with the inputs of another row beside each row's own: [N, 2 I]."""
    order = torch.randperm(len(view), generator=torch.Generator().manual_seed(seed))
    return view.with_inputs(torch.cat([view.inputs, view.inputs[order]], 1))


def _sensitivities(perform: Perform, plain: View, task: Task, results: Results) -> Floats:
    """[R, 2 D]: of the real features, then of their copies."""
    dataset = perform.dataset
    assert isinstance(dataset, View)
    rows, owner, count = [], np.array(plain.owner), len(plain.names)
    for run, finished in results:
        model = perform.model([(run, (task.name,), finished)]).parts[0].module
        test = dataset.split(run.replicate).test[:ROWS]
        found = sensitivity(model, dataset.inputs[test], task, dataset.tasks).numpy()
        halves = np.split(found, 2)
        rows.append(np.concatenate([np.bincount(owner, half, minlength=count) for half in halves]))
    return np.stack(rows)


def sensitivity(model: nn.Module, inputs: Tensor, task: Task, tasks: Sequence[Task]) -> Tensor:
    """`E|df/dx_j| sd(x_j)` of a task's outputs, summed over these: [I].

    Args:
        model: `model(inputs)` gives outputs by kind.
        inputs: [n, I].
        task: whose outputs are f.
        tasks: all of the model's.
    """
    model.eval()
    key = task.kind.key
    column = kind_index(tasks)[key].tolist().index(list(tasks).index(task))
    given = inputs.clone().requires_grad_()
    outputs = model(given)[key][:, column, : task.kind.width]
    total = torch.zeros(inputs.shape[1])
    for each in outputs.sum(0):
        (slope,) = torch.autograd.grad(each, given, retain_graph=True)
        total += slope.abs().mean(0)
    return (total * inputs.std(0)).detach()


def _attention(
    plain: View,
    name: str,
    spread: Mapping[str, Floats],
    reference: Importance | None,
    relevant: Sequence[int] | None,
) -> Attention:
    count = len(plain.names)
    real = {arm: each[:, :count].sum(1) / each.sum(1) for arm, each in spread.items()}
    known = {arm: each[:, list(relevant)].sum(1) / each.sum(1) for arm, each in spread.items()} if relevant else {}
    auroc = {arm: np.array([_auroc(row[:count], row[count:]) for row in each]) for arm, each in spread.items()}
    weight = np.zeros(count) if reference is None else reference.rise
    agreement = {arm: np.array([_rank(row[:count], weight) for row in each]) for arm, each in spread.items()}
    interval = paired_interval(plain)
    return Attention(
        name,
        real,
        auroc,
        known,
        agreement,
        interval(real[TOGETHER] - real[ALONE]),
        interval(known[TOGETHER] - known[ALONE]) if known else None,
        interval(real[SHUFFLED] - real[ALONE]) if SHUFFLED in real else None,
    )


def _auroc(real: Floats, copies: Floats) -> float:
    """Probability that one of the first is larger than one of the second, ties halved."""
    return float(np.mean(np.sign(real[:, None] - copies[None]) / 2 + 0.5))


def _rank(values: Floats, weight: Floats) -> float:
    if len(weight) < 3 or np.ptp(weight) == 0 or np.ptp(values) == 0:
        return np.nan
    return float(stats.spearmanr(values, weight).statistic)

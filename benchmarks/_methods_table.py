"""From finished trainings to one table: each method against the sum, with intervals and cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks._methods_data import rows_of
from sharewise.evidence import Contrasts, FinalScores, Verdict, holm, resampled_interval, t_interval, verdicts
from sharewise.mixing import Tensors
from sharewise.runs import Finished, Run

if TYPE_CHECKING:
    from benchmarks.methods import Budget

PAGE = Path("docs/methods_compared.md")
MARGIN = 0.01  # of skill: a hundredth of the way from the constant predictor to a perfect one
Results = Sequence[tuple[Run, Finished]]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One method on one data set.

    Args:
        method: its name.
        mean: test skill, mean over tasks and replicates.
        worst: test skill of the worst task of each replicate, mean over replicates.
        seconds: of one training.
        on_mean: the difference to the sum in mean skill; None for the sum itself.
        on_worst: likewise for the worst task.
        diverged: replicates without a finished trial.
    """

    method: str
    mean: float
    worst: float
    seconds: float
    on_mean: Verdict | None
    on_worst: Verdict | None
    diverged: int = 0

    def described(self, data: str) -> dict[str, object]:
        """As plain numbers and texts."""
        return {"data": data, **asdict(self)}


def skills(finished: Finished) -> Array:
    """Test skill of each task: 1 less its loss over the loss of the best constant."""
    found = [each.value for each in finished.records if each.name == "skill" and each.role == "test"]
    return np.array(found, dtype=np.float64)


def tuned(results: Results) -> dict[tuple[str, int], Finished]:
    """For each method and replicate the trial with the best mean skill on the validation rows."""
    best: dict[tuple[str, int], Finished] = {}
    for run, finished in results:
        key = run.treatment, run.replicate
        if "failed" not in finished.info and (
            key not in best or finished.info["best_skill"] > best[key].info["best_skill"]
        ):
            best[key] = finished
    return best


def _by_method(results: Results, measure: Callable[[Array], float]) -> dict[str, Array]:
    """Method -> [R], NaN where no trial was finished."""
    best, methods = tuned(results), dict.fromkeys(run.treatment for run, _ in results)
    replicates = sorted({run.replicate for run, _ in results})
    return {
        method: np.array(
            [measure(skills(best[method, each])) if (method, each) in best else np.nan for each in replicates]
        )
        for method in methods
    }


def _judge(scores: Mapping[str, Array], given: Tensors, baseline: str) -> dict[str, Verdict]:
    """Every method against the baseline on test rows, adjusted over the methods (Holm)."""
    others = [method for method in scores if method != baseline]
    values = {"other": {name: scores[name] for name in others}, baseline: dict.fromkeys(others, scores[baseline])}
    contrasts = Contrasts(dict.fromkeys(others, "other"), dict.fromkeys(others, MARGIN), baseline)
    sizes = given.split(0).sizes
    resampled = partial(resampled_interval, train=sizes["train"], test=sizes["test"])
    interval = resampled if given.resampled else t_interval
    return verdicts(FinalScores.by_row(values, role="test"), contrasts, interval=interval, adjust=holm)


def rows(given: Tensors, results: Results, baseline: str) -> list[Row]:
    """One row for each method, in the order of the plan."""
    mean, worst = _by_method(results, lambda x: float(x.mean())), _by_method(results, lambda x: float(x.min()))
    on_mean, on_worst = _judge(mean, given, baseline), _judge(worst, given, baseline)
    seconds: dict[str, list[float]] = {}
    for run, finished in results:
        seconds.setdefault(run.treatment, []).append(finished.info.get("seconds", np.nan))
    return [
        Row(
            method,
            float(np.nanmean(mean[method])),
            float(np.nanmean(worst[method])),
            float(np.nanmean(seconds[method])),
            on_mean.get(method),
            on_worst.get(method),
            int(np.isnan(mean[method]).sum()),
        )
        for method in mean
    ]


def _difference(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    found = verdict.interval
    word = "" if verdict.word == "UNDETERMINED" else f" {verdict.word}"
    return f"{found.estimate:+.3f} ({found.low:+.3f} to {found.high:+.3f}){word}"


def _line(row: Row, cheapest: float) -> str:
    cells = [
        f"`{row.method}`" + (f" ({row.diverged} without a result)" if row.diverged else ""),
        f"{row.mean:.3f}",
        _difference(row.on_mean),
        f"{row.worst:.3f}",
        _difference(row.on_worst),
        f"{row.seconds / cheapest:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def table(results: Sequence[tuple[Tensors, list[Row]]]) -> str:
    """One part for each data set."""
    lines: list[str] = []
    for given, found in results:
        cheapest = found[0].seconds
        lines += [
            f"**{given.name}** ({rows_of(given)})",
            "",
            "| method | mean skill | against the sum | worst task | against the sum | time |",
            "|---|---|---|---|---|---|",
            *(_line(row, cheapest) for row in found),
            "",
        ]
    return "\n".join(lines)


def _found(results: Sequence[tuple[Tensors, list[Row]]]) -> str:
    """What the verdicts say, counted."""
    words = [(given.name, row, verdict) for given, rows in results for row in rows for verdict in (row.on_mean,)]
    words += [(given.name, row, row.on_worst) for given, rows in results for row in rows]
    better = sorted({f"`{row.method}` on {name}" for name, row, each in words if each and each.word == "HELPS"})
    worse = sorted({f"`{row.method}` on {name}" for name, row, each in words if each and each.word == "HURTS"})
    number = sum(each is not None for _, _, each in words)
    return (
        f"Of {number} comparisons (mean skill and worst task), better than the sum: {', '.join(better) or 'none'}."
        f" Worse: {', '.join(worse) or 'none'}."
    )


def page(results: Sequence[tuple[Tensors, list[Row]]], budget: "Budget") -> str:
    """The page of the documentation."""
    return f"""# Methods compared

Made by `python -m benchmarks.methods --data FOLDER --write`; finished trainings are kept, so that an interrupted
comparison continues.

The plain sum, tuned fixed weights, and ten of the most used methods, with one budget: in each of {budget.seeds}
replicates every arm tries {budget.trials} settings, of which the best one on the validation rows is scored on the test
rows. A training takes at most {budget.steps} steps of {budget.batch} rows, with two hidden layers of {budget.width}.
The sum and the methods try pairs of learning rate and weight decay, with their papers' options; fixed weights try draws
of weights (the first is the sum), each with one of these pairs.
`DWA` and `FAMO` are not among them: the training loop makes no calls between steps, which they need.

*Skill* is 1 less the loss over that of the best constant, mean over tasks (or the worst task's). Differences to the sum
are paired by replicate, with 95 % intervals: of new splits (Nadeau and Bengio) for data that are split anew in each
replicate, of new training seeds alone for multidigits, whose split is fixed. A word stands where a test adjusted over
the {len(results[0][1]) - 1} comparisons of a column decides (Holm, margin {MARGIN:g}): HELPS, HURTS, or NEUTRAL for a
difference that is surely smaller than the margin.

*Time* is that of a training over the sum's, as it was performed: like small networks together in one tensor program
where the method allows it, on a machine that was not always quiet.

{_found(results)}

{table(results)}"""

"""Records as one tidy table."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd

from sharewise.runs import Finished, Run
from sharewise.study._parts import Effect
from sharewise.study._summary import Summary

_RUN = ["run", "treatment", "trained", "replicate", "trial", "chosen"]
COLUMNS = [*_RUN, "role", "task", "other", "name", "step", "value"]


def tidy(results: Sequence[tuple[Run, Finished]], chosen: Sequence[tuple[Run, Finished]]) -> pd.DataFrame:
    """Every measured number in one row.

    Args:
        results: all runs, in the order of the plan.
        chosen: the tuned ones among them.

    Returns:
        Columns run (its place in the plan), treatment, trained (names of the trained tasks, or `all`), replicate,
        trial, chosen, role, task, other, name, step, value.
    """
    tuned = {id(finished) for _, finished in chosen}
    everyone = max((len(run.tasks) for run, _ in results), default=0)
    rows = [
        {
            "run": place,
            "treatment": run.treatment,
            "trained": trained_words(run, everyone),
            "replicate": run.replicate,
            "trial": run.trial,
            "chosen": id(finished) in tuned,
            **asdict(record),
        }
        for place, (run, finished) in enumerate(results)
        for record in finished.records
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"step": "Int64"})


def trained_words(run: Run, everyone: int) -> str:
    """The trained tasks of a run: one or a few by name, or `all`.

    Args:
        run: of the study.
        everyone: number of tasks of the study.
    """
    return "all" if len(run.tasks) == everyone > 1 else " + ".join(run.tasks)


def task_table(summary: Summary) -> pd.DataFrame:
    """The answer as a table: one row for each task and treatment, with its score, difference to alone and verdict.

    Args:
        summary: of a finished study.
    """
    rows = []
    for task in summary.tasks:
        main = Effect(estimate=task.difference, low=task.low, high=task.high, verdict=task.verdict)
        effects = {"alone": Effect(), "together": main, **task.effects}
        for name, values in task.scores.items():
            if name in task.references:
                continue
            each = effects.get(name, Effect())
            rows.append(
                {
                    "task": task.name,
                    "kind": task.kind,
                    "metric": task.metric,
                    "treatment": name,
                    "score": float(np.nanmean(values)) if np.isfinite(values).any() else np.nan,
                    "difference": each.estimate,
                    "low": each.low,
                    "high": each.high,
                    "margin": task.margin,
                    "verdict": "" if name == "alone" else each.verdict,
                    "chosen": task.chosen == name,
                }
            )
        rows += [
            {"task": task.name, "kind": task.kind, "metric": task.metric, "treatment": name, "score": score}
            for name, score in task.references.items()
        ]
    return pd.DataFrame(rows)

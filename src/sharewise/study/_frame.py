"""Records as one tidy table."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from sharewise.runs import Finished, Run

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

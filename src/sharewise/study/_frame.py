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
        Columns run (its place in the plan), treatment, trained (names of the trained tasks), replicate, trial, chosen,
        role, task, other, name, step, value.
    """
    tuned = {id(finished) for _, finished in chosen}
    rows = [
        {
            "run": place,
            "treatment": run.treatment,
            "trained": run.tasks[0] if len(run.tasks) == 1 else "all",
            "replicate": run.replicate,
            "trial": run.trial,
            "chosen": id(finished) in tuned,
            **asdict(record),
        }
        for place, (run, finished) in enumerate(results)
        for record in finished.records
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"step": "Int64"})

import json

from sharewise.grouping import Work
from sharewise.grouping._contenders import extremes
from sharewise.grouping._plan import PLAN
from sharewise.runs import Perform


def test_what_is_confirmed_is_written_down_first_and_tuned(made, quick, tmp_path):
    work = Work(tmp_path, Perform(made), quick, workers=1, progress=None)
    together, _ = extremes("abcd")
    best = work.confirm([together])
    plan = json.loads((tmp_path / PLAN.name).read_text())
    assert len(plan["runs"]) == quick.replicates * quick.trials
    assert plan["way"]["paces"]
    assert sorted(run.replicate for run, _ in best) == list(range(quick.replicates))
    again = Work(tmp_path, Perform(made), quick, workers=1, progress=None)
    assert again.bench.way.describe() == plan["way"]

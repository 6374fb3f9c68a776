import torch

from sharewise.grouping import Contender, Served, Work
from sharewise.grouping._trained import grouped_model
from sharewise.models import Grouped, MultiTask
from sharewise.runs import Perform


def test_helpers_train_and_do_not_serve(made, quick, tmp_path):
    helped = Contender("groups", (Served(frozenset("abc"), frozenset("ab")), Served(frozenset("bcd"), frozenset("cd"))))
    whole = Contender.of("together", [frozenset("abcd")])
    work = Work(tmp_path, Perform(made), quick, workers=1, progress=None)
    best = work.confirm([helped, whole])
    model = grouped_model(helped, best, work.sizes, work.perform)
    assert isinstance(model.parts[0].module, Grouped)
    assert model.parts[0].module.group.tolist() == [0, 0, 1, 1]
    runs = [pair for pair in best if pair[0].replicate == 0 and len(pair[0].tasks) == 3]
    x = made.raw.inputs[:4]
    for run, finished in runs:
        serves = "ab" if "a" in run.tasks else "cd"
        alone = work.perform.model([(run, list(serves), finished)]).predict(x)
        for name in serves:
            torch.testing.assert_close(model.predict(x)[name], alone[name])
    assert isinstance(grouped_model(whole, best, work.sizes, work.perform).parts[0].module, MultiTask)

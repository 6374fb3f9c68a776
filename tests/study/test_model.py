import torch

from sharewise.evidence import Contrasts
from sharewise.runs import Perform, best_trials
from sharewise.study._analysis import Decision
from sharewise.study._model import chosen_model
from sharewise.study._plan import make_plan
from sharewise.study._treatments import treatments_of


def results(data, short):
    perform = Perform(data)
    arms = treatments_of(short, perform)
    return perform, best_trials([(run, perform(run)) for run in make_plan(data, short, arms)])


def test_each_task_comes_from_where_the_decision_says(small, short):
    data = small()
    perform, best = results(data, short)
    rows = data.split(0).test
    expected = {}
    for run, finished in best:
        if run.replicate == 0:
            alone = perform.model([(run, run.tasks, finished)])
            predicted = alone.predict(data.raw.inputs[rows], run.tasks)
            expected |= {(run.treatment, name): values for name, values in predicted.items()}
    for together in (frozenset(), {"late"}, {"up", "down"}, {"up", "late", "down"}):
        chosen = {name: "together" if name in together else "alone" for name in ("up", "late", "down")}
        decision = Decision(Contrasts({}, {}, "alone", 0.05), chosen)
        model = chosen_model(best, decision, perform, data)
        assert len(model.parts) == bool(together) + 3 - len(together)
        found = model.predict(data.raw.inputs[rows])
        assert list(found) == ["up", "late", "down"]
        for name, values in found.items():
            assert torch.equal(values, expected["together" if name in together else "alone", name])

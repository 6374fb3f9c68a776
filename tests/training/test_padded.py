import torch

from sharewise.tasks import Criterion
from sharewise.training import _padded as padded
from sharewise.training import losses_on, outputs_on
from sharewise.training._layers import Ensemble
from sharewise.training._noise import Noise
from sharewise.training._padded import padded_losses, padded_outputs
from sharewise.training._pool import Pool
from sharewise.training._stack import Stack

ROWS = (torch.arange(30), torch.tensor([5, 3]), torch.arange(7, 40))


def case(made, form="dense"):
    data = [made.data(rows=60, missing=0.3 * seed, dtype=torch.float64, seed=seed) for seed in range(3)]
    data = [made.one_form(each) for each in data] if form == "one" else data
    models = [made.model(dtype=torch.float64, dropout=0.5, seed=seed) for seed in range(3)]
    return data, models, Ensemble(Stack(models), Noise(range(3))), Pool(data, 3, torch.device("cpu"))


def test_losses_on_different_numbers_of_rows(made, monkeypatch):
    for form in ("dense", "one"):
        data, models, ensemble, pool = case(made, form)
        for most in (8192, 21):
            monkeypatch.setattr(padded, "_ROWS", most)
            found = padded_losses(ensemble, Criterion(made.tasks), pool, ROWS)
            for place, (model, own, rows) in enumerate(zip(models, data, ROWS, strict=True)):
                expected = losses_on(model, Criterion(made.tasks), own, rows)
                torch.testing.assert_close(found.total[place], expected.total)
                torch.testing.assert_close(found.count[place], expected.count)


def test_outputs_on_different_numbers_of_rows(made, monkeypatch):
    data, models, ensemble, pool = case(made)
    monkeypatch.setattr(padded, "_ROWS", 21)
    rows = (*ROWS[:2], torch.arange(0))
    for found, model, own, each in zip(padded_outputs(ensemble, pool, rows), models, data, rows, strict=True):
        torch.testing.assert_close(found, outputs_on(model, own, each))


def test_rows_of_one_number_are_not_masked(made):
    data, models, ensemble, pool = case(made)
    same = [torch.arange(4)] * 3
    found = padded_losses(ensemble, Criterion(made.tasks), pool, same)
    expected = losses_on(models[1], Criterion(made.tasks), data[1], same[1])
    torch.testing.assert_close(found.total[1], expected.total)

import torch

import sharewise.training._evaluate as room
from sharewise.tasks import Criterion
from sharewise.training import losses_on, outputs_on


def test_chunks_add_up_to_the_whole(made, monkeypatch):
    model, data, rows = made.model(), made.data(missing=0.3), torch.arange(5, 100)
    whole = outputs_on(model, data, rows), losses_on(model, Criterion(made.tasks), data, rows)
    monkeypatch.setattr(room, "CHUNK", 7)
    outputs, losses = outputs_on(model, data, rows), losses_on(model, Criterion(made.tasks), data, rows)
    torch.testing.assert_close(outputs, whole[0])
    torch.testing.assert_close(losses.total, whole[1].total)
    assert torch.equal(losses.count, whole[1].count)


def test_evaluation_mode_is_used_and_the_mode_restored(made):
    model, data, rows = made.model(dropout=0.9), made.data(), torch.arange(50)
    model.train()
    first, second = outputs_on(model, data, rows), outputs_on(model, data, rows)
    assert torch.equal(first["binary"], second["binary"])
    assert model.training
    assert not first["binary"].requires_grad


def test_no_rows_have_outputs_of_the_right_shape(made):
    outputs = outputs_on(made.model(), made.data(), torch.zeros(0, dtype=torch.long))
    assert outputs["regression"].shape == (0, 2, 1)


def test_rows_of_one_task_each(made):
    data = made.one_form(made.data())
    outputs = outputs_on(made.model(), data, torch.arange(9))
    dense = outputs_on(made.model(), made.data(), torch.arange(9))
    assert torch.equal(outputs["binary"][1], dense["binary"][1, 0])
    assert torch.equal(outputs["regression"][5], dense["regression"][5, 1])

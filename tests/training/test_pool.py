import pytest
import torch

from sharewise._core import Batch
from sharewise.training._pool import Pool

CPU = torch.device("cpu")


def batches(sizes, *, masks=True, weights=False):
    found = []
    for seed, rows in enumerate(sizes):
        draw = torch.Generator().manual_seed(seed)
        inputs = {"x": torch.randn(rows, 3, generator=draw), "more": [torch.randint(0, 5, (rows, 2), generator=draw)]}
        targets = {"regression": torch.randn(rows, 2, generator=draw)}
        observed = torch.rand(rows, 2, generator=draw) > 0.5 if masks and seed % 2 == 0 else None
        weight = torch.rand(rows, generator=draw) if weights else None
        found.append(Batch(inputs, targets, observed, weight=weight))
    return found


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("masks", [False, True])
def test_rows_are_each_models_own(masks, weights):
    data = batches((7, 5, 9), masks=masks, weights=weights)
    rows = torch.tensor([[6, 0], [4, 4], [8, 2]])
    found = Pool(data, 2, CPU).take(rows)
    for model, own in enumerate(data):
        expected = own.take(rows[model])
        assert torch.equal(found.inputs["x"][model], expected.inputs["x"])
        assert torch.equal(found.inputs["more"][0][model], expected.inputs["more"][0])
        assert torch.equal(found.targets["regression"][model], expected.targets["regression"])
        if masks:
            shown = torch.ones(2, 2, dtype=torch.bool) if expected.observed is None else expected.observed
            assert torch.equal(found.observed[model], shown)
        if weights:
            assert torch.equal(found.weight[model], expected.weight)


def test_equal_tensors_are_kept_once():
    (one,) = batches((7,))
    same = Batch({"x": one.inputs["x"].clone(), "more": one.inputs["more"]}, one.targets, ~one.observed)
    pool = Pool([one, same, one], 2, CPU)
    assert [len(column.values) for column in pool._columns] == [7, 7, 7, 14]
    rows = torch.arange(6).view(3, 2)
    assert torch.equal(pool.take(rows).observed[1], ~one.observed[rows[1]])


def test_hidden_rows_have_no_labels():
    data = batches((7, 5), masks=False)
    real = torch.tensor([[True, False], [True, True]])
    found = Pool(data, 2, CPU).take(torch.zeros(2, 2, dtype=torch.long), real)
    assert torch.equal(found.observed, real.unsqueeze(-1).expand(2, 2, 2))
    one = [
        Batch(each.inputs, {"regression": each.targets["regression"][:, 0]}, task=torch.zeros(len(each)).long())
        for each in data
    ]
    assert torch.equal(Pool(one, 2, CPU).take(torch.zeros(2, 2, dtype=torch.long), real).observed, real)


def test_some_of_the_models():
    data = batches((7, 5, 9))
    found = Pool(data, 2, CPU).of(torch.tensor([2, 1])).take(torch.tensor([[8], [3]]))
    assert torch.equal(found.inputs["x"][0, 0], data[2].inputs["x"][8])
    assert torch.equal(found.inputs["x"][1, 0], data[1].inputs["x"][3])


def test_sparse_inputs():
    dense = [torch.randn(rows, 4).relu() for rows in (5, 3)]
    data = [Batch(each.to_sparse_csr(), {"regression": each[:, :1]}) for each in dense]
    found = Pool(data, 1, CPU).take(torch.tensor([[4, 1], [2, 0]]))
    assert torch.equal(found.inputs[0], dense[0][[4, 1]])
    assert torch.equal(found.inputs[1], dense[1][[2, 0]])

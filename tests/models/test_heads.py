import copy

import pytest
import torch
from torch import nn

from sharewise.models import Heads

WIDTHS = {"multiclass": [3, 5, 2], "regression": [1, 1], "multilabel4": [4]}
INDEX = {"multiclass": [4, 0, 2], "regression": [1, 5], "multilabel4": [3]}


def separate(heads: Heads) -> dict[int, nn.Linear]:
    layers, first = {}, 0
    for key, widths in heads.widths.items():
        for task, width in zip(heads.index[key], widths, strict=True):
            layer = nn.Linear(heads.features, width, bias=heads.bias is not None).double()
            with torch.no_grad():
                layer.weight.copy_(heads.weight[first : first + width])
                if heads.bias is not None:
                    layer.bias.copy_(heads.bias[first : first + width])
            layers[task] = layer
            first += width
    return layers


@pytest.fixture(params=[True, False])
def heads(request) -> Heads:
    torch.manual_seed(0)
    return Heads(7, WIDTHS, INDEX, bias=request.param).double()


def test_dense_equals_separate_layers(heads):
    h = torch.randn(6, 7, dtype=torch.float64)
    out, layers = heads(h), separate(heads)
    for key, widths in WIDTHS.items():
        assert out[key].shape == (6, len(widths), max(widths))
        for position, (task, width) in enumerate(zip(INDEX[key], widths, strict=True)):
            torch.testing.assert_close(out[key][:, position, :width], layers[task](h))
            assert (out[key][:, position, width:] == -torch.inf).all()


def test_leading_axis(heads):
    h = torch.randn(3, 6, 7, dtype=torch.float64)
    out = heads(h)
    for key in WIDTHS:
        torch.testing.assert_close(out[key][1], heads(h[1])[key])
    task = torch.randint(6, (3, 6))
    rows = heads(h, task)
    for key in WIDTHS:
        torch.testing.assert_close(rows[key][2], heads(h[2], task[2])[key])


def test_rows_equal_dense_and_other_kinds_stay_finite(heads):
    task = torch.tensor([5, 4, 0, 2, 1, 3, 3, 4, 2])
    h = torch.randn(9, 7, dtype=torch.float64)
    dense, rows = heads(h), heads(h, task)
    for key, tasks in INDEX.items():
        for row, owner in enumerate(task.tolist()):
            if owner in tasks:
                torch.testing.assert_close(rows[key][row], dense[key][row, tasks.index(owner)])
            else:
                assert rows[key][row].isfinite().all()


def test_each_reads_features_of_its_own(heads):
    h = torch.randn(6, 4, 7, dtype=torch.float64)
    out = heads.each(h)
    for key, tasks in INDEX.items():
        for position, task in enumerate(tasks):
            torch.testing.assert_close(out[key][:, position], heads(h[task])[key][:, position])


def test_equal_widths_are_a_view(heads):
    h = torch.randn(6, 7, dtype=torch.float64)
    assert heads(h)["regression"]._is_view()


def test_gradient_of_a_task_stays_in_its_slices(heads):
    owners = heads.task_slices()
    h = torch.randn(6, 7, dtype=torch.float64)
    for key, tasks in INDEX.items():
        for position, (task, width) in enumerate(zip(tasks, WIDTHS[key], strict=True)):
            heads.zero_grad()
            heads(h)[key][:, position, :width].square().sum().backward()
            for parameter in heads.parameters():
                touched = parameter.grad.reshape(len(parameter), -1).abs().sum(1) > 0
                assert torch.equal(touched, owners[parameter][:, task])


def test_padding_gives_no_gradient_to_others():
    heads = Heads(3, {"multiclass": [2, 4]}, {"multiclass": [0, 1]}).double()
    h = torch.randn(5, 3, dtype=torch.float64)
    heads(h)["multiclass"].log_softmax(-1)[:, 0, 0].sum().backward()
    assert heads.weight.grad.isfinite().all()
    assert (heads.weight.grad[2:] == 0).all()


def test_initialised_as_linear():
    torch.manual_seed(0)
    heads = Heads(16, {"regression": [1] * 4000}, {"regression": range(4000)})
    layer = nn.Linear(16, 4000)
    for ours, theirs in ((heads.weight, layer.weight), (heads.bias, layer.bias)):
        assert ours.abs().max() <= 0.25
        torch.testing.assert_close(ours.std(), theirs.std(), rtol=0.03, atol=0)


def test_state_and_copies_round_trip(heads):
    twin = copy.deepcopy(heads)
    twin.reset_parameters()
    twin.load_state_dict(heads.state_dict())
    h = torch.randn(2, 7, dtype=torch.float64)
    assert torch.equal(twin(h)["regression"], heads(h)["regression"])
    assert set(heads.state_dict()) <= {"weight", "bias"}


@pytest.mark.parametrize(
    ("widths", "index", "message"),
    [
        ({"a": [1]}, {"b": [0]}, "must name the same heads"),
        ({"a": [1, 1]}, {"a": [0]}, "must name the same heads"),
        ({"a": [1, 1]}, {"a": [0, 2]}, "each task from 0 to K - 1 once"),
        ({}, {}, "each task from 0 to K - 1 once"),
        ({"a": [0]}, {"a": [0]}, "must be positive"),
    ],
)
def test_bad_heads(widths, index, message):
    with pytest.raises(ValueError, match=message):
        Heads(3, widths, index)

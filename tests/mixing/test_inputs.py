import json

import pytest
import torch

from sharewise._core import Batch, InputError
from sharewise.mixing import TargetEncoder, TensorEncoder
from sharewise.mixing._inputs import check_inputs, check_weight, forms, leaves
from sharewise.tasks import Regression, Task

SPARSE = torch.tensor([[0.0, 2.0], [0.0, 0.0], [3.0, 4.0]]).to_sparse_csr()


def encoder(inputs):
    raw = Batch(inputs, {"regression": torch.arange(4.0).unsqueeze(1)})
    return TensorEncoder(TargetEncoder.fit([Task("y", Regression())], raw, torch.arange(4)), forms(inputs))


def test_forms_name_every_tensor():
    tree = {"a": torch.zeros(3, 2), "b": (torch.zeros(3), [SPARSE])}
    assert forms(tree) == {".a": (2,), ".b.0": (), ".b.1.0": (2,)}
    assert forms(torch.zeros(3, 1, 8, 8)) == {"": (1, 8, 8)}


def test_leaves_of_a_sparse_matrix_are_its_parts():
    parts = dict(leaves({"x": SPARSE}))
    assert parts[".x.starts"].tolist() == [0, 1, 1, 3]
    assert parts[".x.values"].tolist() == [2.0, 3.0, 4.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_inputs_that_are_not_finite(value):
    dense = torch.zeros(5, 2)
    dense[3, 1] = value
    with pytest.raises(InputError, match=rf"`inputs.x` must be finite, got {value} in row 3"):
        check_inputs({"x": dense}, 5)
    dense[3, 1], dense[1, 0], dense[4] = 1.0, 2.0, value
    with pytest.raises(InputError, match=rf"`inputs` must be finite, got {value} in row 4"):
        check_inputs(dense.to_sparse_csr(), 5)


def test_integers_and_halves_are_inputs():
    check_inputs((torch.zeros(2, 3, dtype=torch.uint8), torch.ones(2, dtype=torch.float16)), 2)
    with pytest.raises(ValueError, match="must have 3 rows, as many as the targets, got 2"):
        check_inputs(torch.zeros(2, 1), 3)


def test_weights():
    check_weight(None)
    check_weight(torch.tensor([0.0, 2.0]))
    for bad in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="in row 1"):
            check_weight(torch.tensor([1.0, bad]))


def test_new_inputs_must_have_the_form_of_the_old_ones():
    ours = encoder({"x": torch.zeros(4, 2)})
    new = {"x": torch.ones(9, 2)}
    assert ours.encode(new) is new
    for wrong in ({"x": torch.ones(9, 3)}, {"z": torch.ones(9, 2)}, torch.ones(9, 2)):
        with pytest.raises(InputError, match="of the form"):
            ours.encode(wrong)
    with pytest.raises(InputError, match="in row 8"):
        ours.encode({"x": torch.cat([torch.ones(8, 2), torch.full((1, 2), torch.nan)])})


def test_state_returns_through_json():
    ours = encoder((torch.zeros(4, 1, 3), torch.zeros(4)))
    description, tensors = ours.state()
    again = TensorEncoder.from_state([Task("y", Regression())], json.loads(json.dumps(description)), tensors)
    assert again.forms == ours.forms
    assert torch.equal(again.decode({"y": torch.ones(1)})["y"], ours.decode({"y": torch.ones(1)})["y"])

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from tests.diagnosis.worlds import three_tasks
from torch import nn

from sharewise.diagnosis import measure_attention, plain_view
from sharewise.diagnosis._attention import _auroc, sensitivity, with_copies
from sharewise.models import Heads, MultiTask
from sharewise.tasks import Binary, Multiclass, Regression, Task


def test_the_sensitivity_of_a_linear_network_is_its_weights_by_deviations():
    torch.manual_seed(0)
    tasks = [Task("a", Regression()), Task("b", Multiclass(3)), Task("c", Regression()), Task("d", Binary())]
    index = {"regression": [0, 2], "multiclass": [1], "binary": [3]}
    model = MultiTask(nn.Linear(5, 4), Heads(4, {"regression": [1, 1], "multiclass": [3], "binary": [1]}, index))
    inputs = torch.randn(50, 5) * torch.tensor([1.0, 2.0, 0.0, 0.5, 3.0])
    with torch.no_grad():
        slopes = {key: model(torch.eye(5))[key] - model(torch.zeros(1, 5))[key] for key in index}  # [I, K_key, C]
    for task, key, column in zip(
        tasks, ("regression", "multiclass", "regression", "binary"), (0, 0, 1, 0), strict=True
    ):
        expected = slopes[key][:, column].abs().sum(1) * inputs.std(0)
        torch.testing.assert_close(sensitivity(model, inputs, task, tasks), expected)


def test_the_sensitivity_of_a_curve_is_its_mean_slope():
    class Square(nn.Module):
        def forward(self, inputs):
            return {"regression": (inputs[:, :1] ** 2).unsqueeze(-1)}

    x = torch.randn(200, 2)
    found = sensitivity(Square(), x, Task("a", Regression()), [Task("a", Regression())])
    assert found[0] == pytest.approx(float((2 * x[:, 0]).abs().mean() * x[:, 0].std()), rel=1e-5)
    assert found[1] == 0


def test_copies_have_the_same_values_in_other_rows():
    view = plain_view(three_tasks(), 1)
    both = with_copies(view).inputs
    real, copies = both[:, :3], both[:, 3:]
    assert torch.equal(real, view.inputs)
    assert torch.equal(copies.sort(0).values, real.sort(0).values)
    order = torch.cdist(copies, real).argmin(1)
    assert torch.equal(real[order], copies)  # whole rows
    assert (order == torch.arange(len(order))).double().mean() < 0.05


def test_auroc_is_that_of_scikit_learn():
    draw = np.random.default_rng(0)
    real, copies = draw.integers(0, 6, 20).astype(float), draw.integers(0, 5, 15).astype(float)
    expected = roc_auc_score([1] * 20 + [0] * 15, np.concatenate([real, copies]))
    assert _auroc(real, copies) == pytest.approx(expected)


def test_shares_add_up_over_features_and_their_copies(bench, arms):
    first, second = (measure_attention(bench, arms, ["late"], relevant={"late": own})[0] for own in ([1], [0, 2]))
    assert set(first.real) == {"alone", "together", "shuffled"}
    for arm, real in first.real.items():
        assert real.shape == (2,)
        assert ((real > 0) & (real < 1)).all()
        np.testing.assert_allclose(first.known[arm] + second.known[arm], real)
    assert first.gain.estimate == pytest.approx(float((first.real["together"] - first.real["alone"]).mean()))
    assert first.agreement["alone"][0] in (-1.0, -0.5, 0.5, 1.0)  # ranks of three
    assert "50 % is blind" in first.sentence

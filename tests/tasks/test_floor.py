import math

import pytest
import torch

from sharewise._core import Batch
from sharewise.tasks import (
    Binary,
    Count,
    Multiclass,
    Regression,
    Task,
    constant_losses,
    constant_scores,
    constants,
    skill,
)


def test_losses_are_the_least_of_any_constant(kind, draw):
    targets, observed = draw(kind, 80).unsqueeze(1), torch.rand(80, 1) > 0.3
    data = Batch(torch.zeros(80), {kind.key: targets}, observed, weight=torch.rand(80))
    found = constant_losses([Task("a", kind)], data)[0]
    weight = data.weight[observed[:, 0]].double()
    for _ in range(200):
        other = constants([Task("a", kind)], data)[0] + torch.randn(kind.width) * torch.rand(1)
        loss = kind.loss(other.expand(len(weight), -1), targets[observed])
        assert found <= (weight * loss).sum() / weight.sum()


def test_losses_of_known_shapes():
    targets = {
        "regression": torch.tensor([[1.0], [3.0], [5.0], [7.0]]),
        "binary": torch.tensor([[1], [0], [0], [0]]),
        "multiclass": torch.tensor([[0], [1], [2], [3]]),
    }
    tasks = [Task("m", Multiclass(4)), Task("r", Regression()), Task("b", Binary())]
    losses = constant_losses(tasks, Batch(torch.zeros(4), targets))
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    assert losses.tolist() == pytest.approx([math.log(4), 5.0, entropy])


def test_class_weights_balance_the_constant():
    targets = torch.tensor([[1], [0], [0], [0]])
    task = Task("b", Binary(), class_weight=(1.0, 3.0))
    assert constants([task], Batch(torch.zeros(4), {"binary": targets}))[0].item() == pytest.approx(0, abs=1e-12)


def test_one_form_equals_the_tasks_alone(draw):
    tasks = [Task("a", Regression()), Task("b", Count()), Task("c", Regression())]
    task = torch.randint(3, (60,))
    targets = {"regression": draw(Regression(), 60), "count": draw(Count(), 60)}
    data = Batch(torch.zeros(60), targets, torch.rand(60) > 0.2, task, weight=torch.rand(60))
    alone = []
    for place, each in enumerate(tasks):
        own = (task == place) & data.observed
        labels = {each.kind.key: targets[each.kind.key][own].unsqueeze(1)}
        alone.append(constant_losses([each], Batch(torch.zeros(60), labels, weight=data.weight[own])))
    torch.testing.assert_close(constant_losses(tasks, data), torch.cat(alone))


def test_no_label_has_no_floor(kind):
    targets = torch.zeros(5, 1) if kind.target_width is None else torch.zeros(5, 1, kind.target_width)
    data = Batch(torch.zeros(5), {kind.key: targets}, torch.zeros(5, 1, dtype=torch.bool))
    assert constant_losses([Task("a", kind)], data).isnan().all()
    assert constants([Task("a", kind)], data)[0].shape == (kind.width,)


def test_skill():
    losses = torch.tensor([[0.0, 2.0, 4.0, 1.0, 1.0]])
    constant = torch.tensor([2.0, 2.0, 2.0, 0.0, torch.nan])
    torch.testing.assert_close(
        skill(losses, constant), torch.tensor([[1.0, 0.0, -1.0, torch.nan, torch.nan]]), equal_nan=True
    )


def test_scores_of_the_constant(draw):
    tasks = [Task("r", Regression()), Task("b", Binary()), Task("n", Count())]
    targets = {task.kind.key: draw(task.kind, 50).unsqueeze(1) for task in tasks}
    data = Batch(torch.zeros(50), targets)
    scores = constant_scores(tasks, data, data)
    share = targets["binary"].double().mean().item()
    assert scores["r"]["r2"] == pytest.approx(0, abs=1e-12)
    assert scores["r"]["rmse"] == pytest.approx(targets["regression"].std(correction=0).item())
    assert scores["b"]["auroc"] == 0.5
    assert scores["b"]["average_precision"] == pytest.approx(share)
    assert scores["n"]["d2"] == pytest.approx(0, abs=1e-12)


def test_scores_are_fitted_on_the_first_and_measured_on_the_second():
    tasks = [Task("r", Regression()), Task("s", Regression())]
    train = Batch(torch.zeros(3), {"regression": torch.tensor([1.0, 3.0, 10.0])}, None, torch.tensor([0, 0, 1]))
    test = Batch(torch.zeros(3), {"regression": torch.tensor([2.0, 10.0, 12.0])}, None, torch.tensor([0, 1, 1]))
    scores = constant_scores(tasks, train, test)
    assert (scores["r"]["mae"], scores["s"]["mae"]) == (0.0, 1.0)

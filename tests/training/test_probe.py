import torch
from torch.nn.functional import cosine_similarity

from sharewise.objectives import Sum
from sharewise.tasks import Criterion
from sharewise.training import Step, gradient_records


def gradients(step, batch):
    means = step.forward([batch]).mean()
    rows = []
    for mean in means:
        found = torch.autograd.grad(mean, list(step.model.trunk.parameters()), retain_graph=True)
        rows.append(torch.cat([each.flatten() for each in found]))
    return torch.stack(rows)


def test_norms_and_cosines_are_those_of_each_loss_alone(made):
    model, batch = made.model(dtype=torch.float64).eval(), made.data(dtype=torch.float64, missing=0.3)
    step = Step(model, Criterion(made.tasks), Sum())
    found = gradient_records(step, batch, made.tasks, 5)
    truth = gradients(step, batch)
    norms = [record.value for record in found if record.name == "gradient_norm"]
    torch.testing.assert_close(torch.tensor(norms, dtype=torch.float64), truth.norm(dim=1))
    pairs = {(record.task, record.other): record.value for record in found if record.name == "gradient_cosine"}
    assert list(pairs) == [("up", "late"), ("up", "down"), ("late", "down")]
    expected = cosine_similarity(truth[0], truth[2], dim=0).item()
    assert abs(pairs["up", "down"] - expected) < 1e-9
    assert {record.step for record in found} == {5}


def test_absent_tasks_are_left_out(made):
    batch = made.data()
    observed = torch.ones(len(batch), 3, dtype=torch.bool)
    observed[:, 1] = False
    batch = type(batch)(batch.inputs, batch.targets, observed)
    found = gradient_records(Step(made.model(), Criterion(made.tasks), Sum()), batch, made.tasks, 0)
    assert [(record.task, record.other) for record in found] == [("up", None), ("down", None), ("up", "down")]


def test_nothing_is_changed(made):
    model = made.model(trunk=made.batch_norm)
    model.train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradient_records(Step(model, Criterion(made.tasks), Sum()), made.data(), made.tasks, 0)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training

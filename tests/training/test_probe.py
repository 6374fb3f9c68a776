import torch
from torch.nn.functional import cosine_similarity

from sharewise.gradients import MGDA, ConFIG, GradVac, Normalize, UPGrad
from sharewise.objectives import MinMax, Sum, Weighted
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
    assert [(record.task, record.other) for record in found] == [
        ("up", None), ("down", None), ("up", None), ("down", None), ("up", "down"),
    ]  # fmt: skip


def test_nothing_is_changed(made):
    model = made.model(trunk=made.batch_norm)
    model.train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    gradient_records(Step(model, Criterion(made.tasks), Sum()), made.data(), made.tasks, 0)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


def weights(made, method):
    step = Step(made.model(dtype=torch.float64), Criterion(made.tasks), method)
    batch = made.data(dtype=torch.float64)
    found = gradient_records(step, batch, made.tasks, 0)
    return step, batch, [record.value for record in found if record.name == "task_weight"]


def test_weights_of_an_objective_are_its_gradient(made):
    assert weights(made, Weighted([2.0, 0.5, 1.0]))[2] == [2.0, 0.5, 1.0]
    step, batch, found = weights(made, MinMax(0.5))
    step.model.eval()
    losses = step.forward([batch]).mean()
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), torch.softmax(losses.detach() / 0.5, 0))


def test_weights_of_a_weighting_come_from_its_gramian_and_its_state_stays(made):
    method = GradVac(3)
    before = {name: tensor.clone() for name, tensor in method.state_dict().items()}
    step, batch, found = weights(made, method)
    step.model.eval()
    rows = gradients(step, batch)
    expected = method.eval()(rows @ rows.T, torch.ones(3, dtype=torch.bool))
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), expected.double(), rtol=1e-6, atol=1e-9)
    assert all(torch.equal(before[name], tensor) for name, tensor in method.state_dict().items())


def test_methods_without_weights_have_none(made):
    assert weights(made, ConFIG())[2] == []


def test_solvers_say_whether_they_reached_the_optimum(made):
    for method in (MGDA(), Normalize(UPGrad()), ConFIG()):
        step = Step(made.model(dtype=torch.float64), Criterion(made.tasks), method)
        found = gradient_records(step, made.data(dtype=torch.float64), made.tasks, 7)
        told = [(each.value, each.task, each.step) for each in found if each.name == "solver_optimal"]
        assert told == ([] if isinstance(method, ConFIG) else [(1.0, None, 7)])


def test_a_solver_that_fails_is_told(made, monkeypatch):
    monkeypatch.setattr("sharewise.gradients._mgda.min_norm", lambda parts, _: (parts.norms * 0, torch.tensor(False)))
    step = Step(made.model(dtype=torch.float64), Criterion(made.tasks), MGDA())
    found = gradient_records(step, made.data(dtype=torch.float64), made.tasks, 0)
    assert [each.value for each in found if each.name == "solver_optimal"] == [0.0]

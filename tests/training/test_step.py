import torch

from sharewise.gradients import MGDA, backward
from sharewise.objectives import STCH, Sum
from sharewise.tasks import Criterion
from sharewise.training import Step, _step


def gradient(model):
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def test_the_sum_is_what_autograd_gives(made):
    model, batch = made.model(dtype=torch.float64), made.data(dtype=torch.float64, missing=0.3)
    step = Step(model, Criterion(made.tasks), Sum())
    losses = step([batch])
    ours = gradient(model)
    model.zero_grad()
    step.forward([batch]).mean().sum().backward()
    torch.testing.assert_close(ours, gradient(model))
    assert not losses.total.requires_grad


def test_two_batches_add_up_to_one(made):
    model, batch = made.model(dtype=torch.float64), made.data(dtype=torch.float64, missing=0.3)
    step = Step(model, Criterion(made.tasks), Sum())
    step([batch])
    whole = gradient(model)
    model.zero_grad()
    step([batch.take(torch.arange(30)), batch.take(torch.arange(30, 120))])
    torch.testing.assert_close(gradient(model), whole)


def test_expected_counts_replace_those_of_the_batch(made):
    model, batch = made.model(dtype=torch.float64), made.data(dtype=torch.float64)
    Step(model, Criterion(made.tasks), Sum(), expected=torch.tensor([240.0, 240.0, 240.0]))([batch])
    halved = gradient(model)
    model.zero_grad()
    Step(model, Criterion(made.tasks), Sum())([batch])
    torch.testing.assert_close(2 * halved, gradient(model))


def test_a_scale_multiplies_the_gradient_and_no_more(made):
    """An objective that is not homogeneous must see the losses without it."""
    for method in (Sum(), STCH(3), MGDA()):
        model, batch = made.model(dtype=torch.float64), made.data(dtype=torch.float64)
        step = Step(model, Criterion(made.tasks), method.eval())
        step([batch])
        plain = gradient(model)
        model.zero_grad()
        step([batch], 1024.0)
        torch.testing.assert_close(gradient(model), 1024 * plain)


def test_heads_get_their_own_gradient_under_a_weighting(made):
    """Their weights are one parameter, of which each task owns a slice."""
    model, batch = made.model(dtype=torch.float64), made.data(dtype=torch.float64)
    Step(model, Criterion(made.tasks), MGDA())([batch])
    weighted = model.heads.weight.grad.clone()
    model.zero_grad()
    Step(model, Criterion(made.tasks), Sum())([batch])
    torch.testing.assert_close(weighted, model.heads.weight.grad)


def test_rows_of_one_task_each_give_the_gradient_of_a_loop(made):
    batch = made.one_form(made.data(dtype=torch.float64))
    results = []
    for batches in ([batch], [batch.take(torch.arange(60)), batch.take(torch.arange(60, 120))]):
        model = made.model(dtype=torch.float64)
        Step(model, Criterion(made.tasks), MGDA())(batches)
        results.append(gradient(model))
    torch.testing.assert_close(*results)


def test_rows_of_one_task_each_cost_one_pass(made, monkeypatch):
    seen = []

    def watched(*arguments, **named):
        seen.append(backward(*arguments, **named))
        return seen[-1]

    monkeypatch.setattr(_step, "backward", watched)
    model = made.model()
    Step(model, Criterion(made.tasks), MGDA())([made.one_form(made.data())])
    paths = [seen[0].paths[p] for p in model.trunk.parameters()]
    assert all("rows of one task each" in path for path in paths)

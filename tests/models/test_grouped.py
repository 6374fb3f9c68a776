import copy

import pytest
import torch
from torch import nn

from sharewise.models import MLP, Grouped, Heads, MultiTask, export_task, grouped, join_groups, stack


def heads():
    return Heads(6, {"regression": [1, 1], "multiclass": [3]}, {"regression": [0, 2], "multiclass": [1]})


def networks(many):
    torch.manual_seed(0)
    return [MultiTask(MLP(4, 6), heads()) for _ in range(many)]


def outputs(model, x):
    out = model(x)
    return [out["regression"][:, 0], out["multiclass"][:, 0], out["regression"][:, 1]]


@pytest.fixture
def x():
    return torch.randn(7, 4, generator=torch.Generator().manual_seed(1))


def test_joined_networks_predict_as_they_do_alone(x):
    single, group = networks(2), [1, 0, 1]
    shell = Grouped(stack(lambda: MLP(4, 6), 2), torch.tensor(group), heads())
    joined = outputs(join_groups(single, group, shell), x)
    for task, chosen in enumerate(group):
        torch.testing.assert_close(joined[task], outputs(single[chosen], x)[task])


def test_the_shell_stays_as_it_is(x):
    shell = Grouped(stack(lambda: MLP(4, 6), 2), torch.tensor([0, 0, 1]), heads())
    before = copy.deepcopy(shell.state_dict())
    join_groups(networks(2), [0, 0, 1], shell)
    assert all(torch.equal(before[name], value) for name, value in shell.state_dict().items())


def test_a_group_takes_no_step_for_the_losses_of_another(x):
    model = grouped(lambda d: MLP(d, 6), 4, heads(), groups=[0, 1, 0])
    outputs(model, x)[1].square().sum().backward()
    for parameter in model.trunks.parameters():
        assert not parameter.grad[0].any()
    assert any(parameter.grad[1].any() for parameter in model.trunks.parameters())


def test_export_of_all_tasks_and_of_one(x):
    model = grouped(lambda d: MLP(d, 6), 4, heads(), groups=[0, 1, 0]).eval()
    rows = torch.export.Dim("rows", min=1)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: rows},))
    other = torch.randn(3, 4)
    for found, wanted in zip(outputs(program.module(), other), outputs(model, other), strict=True):
        torch.testing.assert_close(found, wanted)
    part = export_task(model, 1, x).module()(other)["multiclass"]
    torch.testing.assert_close(part[:, 0], outputs(model, other)[1])


def test_trunks_that_serve_nobody_are_dropped():
    model = grouped(lambda d: nn.Linear(d, 6), 4, heads(), groups=[0, 1, 2])
    assert model.take([2, 0]).trunks.copies == 2


@pytest.mark.parametrize("groups", [[0, 2, 0], [0, 1], [1, 1, 1]])
def test_wrong_groups_are_refused(groups):
    with pytest.raises(ValueError, match=r"groups from 0 without a gap|one of 2 trunks for each of 3 tasks"):
        grouped(lambda d: nn.Linear(d, 6), 4, heads(), groups=groups)

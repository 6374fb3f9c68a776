import pytest
import torch

from sharewise.models import TaskSlices


@pytest.fixture
def x() -> torch.Tensor:
    return torch.randn(7, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def outputs(out, heads, tasks):
    """Outputs by task."""
    found = {}
    for key, values in out.items():
        like = [task for task in tasks if task in heads.index[key]]
        widths = dict(zip(heads.index[key], heads.widths[key], strict=True))
        found |= {task: values[:, at, : widths[task]] for at, task in enumerate(like)}
    return found


def in_order(model):
    """Tasks kind by kind: how dense outputs stand."""
    return [task for tasks in model.heads.index.values() for task in tasks]


@pytest.mark.parametrize("parts", [[[0, 1, 2]], [[2], [0, 1]], [[0], [2], [1]]])
def test_parts_are_the_whole_with_its_gradients(model, x, parts):
    slices, found = TaskSlices(model, parts), {}
    for at, (tasks, parameters) in enumerate(zip(parts, slices.parameters(), strict=True)):
        found |= outputs(slices(at, parameters, x), model.heads, tasks)
    whole = outputs(model(x), model.heads, in_order(model))
    scales = {task: torch.randn_like(out) for task, out in whole.items()}
    for task, out in whole.items():
        torch.testing.assert_close(found[task], out, rtol=0, atol=1e-12)
    gradients = [
        torch.autograd.grad(
            sum((each[task] * scales[task]).sum() for task in each), list(model.parameters()), materialize_grads=True
        )
        for each in (whole, found)
    ]
    for expected, given in zip(*gradients, strict=True):
        torch.testing.assert_close(given, expected, rtol=0, atol=1e-12)


def test_parts_run_in_the_modes_of_the_whole(model, x):
    slices = TaskSlices(model.eval(), [[0, 1], [2]])
    heads = model.heads.train()
    slices(0, slices.parameters()[0], x)
    part = slices._templates[0]
    assert part.heads.training == heads.training
    assert not any(module.training for name, module in part.named_modules() if not name.startswith("heads"))


def test_numbers_are_read_at_each_call(model, x):
    slices = TaskSlices(model, [[0, 1], [2]])
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    found = outputs(slices(0, slices.parameters()[0], x), model.heads, [0, 1])
    whole = outputs(model(x), model.heads, in_order(model))
    torch.testing.assert_close(found[0], whole[0], rtol=0, atol=1e-12)

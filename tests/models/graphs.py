"""Runs alone: shapes are checked at run time under pytest by code that cannot be compiled. Prints case -> result."""

import json
import sys
import traceback
from collections.abc import Callable

import torch
from conftest import FORMS, HIDDEN, heads
from torch import nn

from sharewise.models import ConvTrunk, MultiTask, Router, Stitched, TableTrunk, export_task

BINS = torch.tensor([[0.0, 0.5, 1.0, 2.0], [-1.0, -1.0, 0.0, 0.0]])


def table(**form: object) -> nn.Module:
    return MultiTask(TableTrunk(2, [2, 4], width=HIDDEN, **form), heads(3))


TABLES = {
    "table, piecewise": lambda: table(bins=BINS),
    "table, periodic": lambda: table(frequencies=3),
    "table, plain": table,
}


def check(model: nn.Module, x: object) -> None:
    task, row = torch.tensor([0, 1, 2, 0, 1]), torch.tensor([4, 0, 0, 1, 2])
    model.eval()
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    dense, pairs = compiled(x), compiled(x, task, row)
    for key, out in model(x).items():
        torch.testing.assert_close(dense[key], out)
        torch.testing.assert_close(pairs[key], model(x, task, row)[key])
    program = export_task(model, 1, x)
    torch.testing.assert_close(program.module()(x)["regression"][:, 0], model(x)["regression"][:, 0])
    size, needed = sum(each.numel() for each in program.parameters()), used(model, x) + masked(model.take([1]))
    # networks that are stitched at any place of any backbone all stay
    assert size == needed or (isinstance(model, Stitched) and size > needed)


def masked(model: nn.Module) -> int:
    """Numbers that gates hold for experts which an output may not hear while another one does."""
    found = [(module.uses(), each) for module in routers(model) for each in module.stacked()]
    return sum(each[~uses].numel() for uses, each in found if not uses.all())


def routers(model: nn.Module) -> list[Router]:
    return [module for module in model.modules() if isinstance(module, Router)]


@torch.no_grad()
def used(model: nn.Module, x: object) -> int:
    """Numbers of a model that move the outputs of its task 1, by slices of stacked parameters, of routers by expert."""
    before, stacked, total = model(x)["regression"][:, 0], model.task_slices(), 0
    gates = {each for module in routers(model) for each in module.stacked()}
    for parameter in model.parameters():
        slices = parameter.flatten(0, 1) if parameter in gates else parameter
        for part in slices if parameter in stacked else [parameter]:
            old = part.clone()
            part.add_(torch.randn_like(part))
            total += part.numel() if not torch.equal(model(x)["regression"][:, 0], before) else 0
            part.copy_(old)
    return total


def attempt(make: Callable[[], nn.Module], x: object) -> str:
    torch._dynamo.reset()
    try:
        check(make(), x)
    except Exception:
        return traceback.format_exc(limit=-3)
    return "ok"


def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 4)
    rows = {"numeric": x[:, :2], "categorical": torch.randint(3, (5, 2))}
    image = torch.randn(5, 1, 8, 8)
    results = {name: attempt(lambda form=form: form(3), x) for name, form in FORMS.items()}
    results |= {name: attempt(make, rows) for name, make in TABLES.items()}
    results["image"] = attempt(lambda: MultiTask(ConvTrunk((1, 8, 8), width=HIDDEN), heads(3)), image)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()

"""Runs alone: shapes are checked at run time under pytest by code that cannot be compiled. Prints case -> result."""

import json
import sys
import traceback
from collections.abc import Callable

import torch
from conftest import FORMS, HIDDEN, heads
from torch import nn

from sharewise.models import ConvTrunk, MultiTask, TableTrunk, export_task

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
    slice_ = export_task(model, 1, x).module()(x)["regression"]
    torch.testing.assert_close(slice_[:, 0], model(x)["regression"][:, 0])


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

"""Runs alone: shapes are checked at run time under pytest by code that cannot be compiled. Prints case -> result."""

import json
import sys
import traceback

import torch
from torch import nn

from sharewise.models import MLP, Heads, Independent, MultiTask, TableTrunk, stack

BINS = torch.tensor([[0.0, 0.5, 1.0, 2.0], [-1.0, -1.0, 0.0, 0.0]])


def heads(features: int) -> Heads:
    return Heads(features, {"multiclass": [3, 5], "regression": [1]}, {"multiclass": [2, 0], "regression": [1]})


def table(**form) -> nn.Module:
    return MultiTask(TableTrunk(2, [2, 4], width=6, **form), heads(6))


CASES = {
    "hard": lambda: MultiTask(MLP(4, 6), heads(6)),
    "independent": lambda: Independent(stack(lambda: MLP(4, 6), 3), heads(6)),
    "table, piecewise": lambda: table(bins=BINS),
    "table, periodic": lambda: table(frequencies=3),
    "table, plain": table,
}


def check(model: nn.Module, x: object) -> None:
    task, row = torch.tensor([0, 1, 2, 0, 1]), torch.tensor([4, 0, 0, 1, 2])
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    exported = torch.export.export(model.eval(), (x,)).module()
    for key, out in model(x).items():
        torch.testing.assert_close(compiled(x)[key], out)
        torch.testing.assert_close(exported(x)[key], out)
        torch.testing.assert_close(compiled(x, task)[key], model(x, task)[key])
        torch.testing.assert_close(compiled(x, task, row)[key], model(x, task, row)[key])


def main() -> None:
    results = {}
    for name, make in CASES.items():
        torch._dynamo.reset()
        torch.manual_seed(0)
        x = torch.randn(5, 4)
        if name.startswith("table"):
            x = {"numeric": x[:, :2], "categorical": torch.randint(3, (5, 2))}
        try:
            check(make(), x)
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc(limit=-3)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()

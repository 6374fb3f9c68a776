"""All forms of sharing, found in the room's public names; a new one is tested because it is public."""

import inspect
from collections.abc import Callable

import pytest
import torch
from torch import nn

from sharewise import models
from sharewise.models import (
    MLP,
    Condition,
    Conditioned,
    CrossStitch,
    Grouped,
    Heads,
    Independent,
    MultiTask,
    Stitched,
    stack,
)

FEATURES, HIDDEN = 4, 6
collect_ignore = ["graphs.py"]  # a program of its own, run by test_graphs.py


def heads(tasks: int) -> Heads:
    """Mixed kinds in mixed order: two multiclass heads of different width where there are three tasks or more."""
    if tasks < 3:
        return Heads(HIDDEN, {"regression": [1] * tasks}, {"regression": range(tasks)})
    rest = range(3, tasks)
    widths = {"multiclass": [3, 5], "regression": [1] * (tasks - 2)}
    return Heads(HIDDEN, widths, {"multiclass": [2, 0], "regression": [1, *rest]})


def expert(features: int) -> nn.Module:
    return MLP(features, HIDDEN, 1)


def _forms() -> dict[str, Callable[[int], nn.Module]]:
    found: dict[str, Callable[[int], nn.Module]] = {
        "MultiTask": lambda tasks: MultiTask(MLP(FEATURES, HIDDEN), heads(tasks)),
        "Independent": lambda tasks: Independent(stack(lambda: MLP(FEATURES, HIDDEN), tasks), heads(tasks)),
        "Grouped": lambda tasks: Grouped(
            stack(lambda: MLP(FEATURES, HIDDEN), min(2, tasks)), torch.arange(tasks) % 2, heads(tasks)
        ),
        "Stitched": lambda tasks: Stitched(
            lambda: MLP(FEATURES, HIDDEN),
            {"layers.0": CrossStitch(tasks), "layers.1": CrossStitch(tasks)},
            heads(tasks),
        ),
    }
    for name in models.__all__:
        member = getattr(models, name)
        if inspect.isfunction(member) and list(inspect.signature(member).parameters)[:3] == [
            "make",
            "features",
            "heads",
        ]:
            found[name] = _built(member)
        elif inspect.isclass(member) and issubclass(member, Condition) and member is not Condition:
            found[name] = _conditioned(member)
    return found


def _built(form: Callable[..., nn.Module]) -> Callable[[int], nn.Module]:
    def make(tasks: int) -> nn.Module:
        more = {"z": torch.randn(tasks, 2)} if "z" in inspect.signature(form).parameters else {}
        return stirred(form(expert, FEATURES, heads(tasks), **more))

    return make


def _conditioned(condition: type[Condition]) -> Callable[[int], nn.Module]:
    def make(tasks: int) -> nn.Module:
        places = {"layers.0": condition(HIDDEN, tasks), "layers.1.0": condition(HIDDEN, tasks)}
        return stirred(Conditioned(MLP(FEATURES, HIDDEN), places, torch.arange(tasks), heads(tasks)))

    return make


def stirred(model: nn.Module) -> nn.Module:
    """Parameters that start at zero moved away from it: where nothing is conditioned yet, nothing would be tested."""
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.3)
    return model


FORMS = _forms()


def pytest_generate_tests(metafunc):
    if "form" in metafunc.fixturenames:
        metafunc.parametrize("form", FORMS.values(), ids=FORMS.keys())


@pytest.fixture
def model(form) -> nn.Module:
    torch.manual_seed(0)
    return form(3).double()

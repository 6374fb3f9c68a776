from dataclasses import MISSING, fields, is_dataclass

import pytest
import torch

import sharewise.tasks as room
from sharewise.tasks import Binary, Count, Kind, Multiclass, Multilabel, mae


def pinball(outputs, targets):
    error = targets.to(outputs.dtype) - outputs.squeeze(-1)
    return torch.maximum(0.7 * error, -0.3 * error)


def pinball_constant(targets, weight):
    weight = torch.ones(len(targets)) if weight is None else weight
    values, order = targets.double().sort()
    share = weight[order].double().cumsum(0) / weight.double().sum()
    return values[(share < 0.7).sum().clamp(max=len(values) - 1)].reshape(1)


ARGUMENTS = {
    "name": "pinball",
    "loss_function": pinball,
    "metrics_default": (mae,),
    "constant_function": pinball_constant,
}


def members(base):
    """Public finals of the room."""
    found = [getattr(room, name) for name in room.__all__]
    return [member for member in found if isinstance(member, type) and issubclass(member, base) and member is not base]


def examples(cls):
    """Kinds made from the types of the fields alone: numbers 1 or 3 where legal, else `ARGUMENTS`."""
    made = []
    for number in (1, 3) if cls.__name__ != "Custom" else (1,):
        given = {
            field.name: ARGUMENTS.get(field.name, number)
            for field in fields(cls)
            if field.name in ARGUMENTS or field.type in (int, "int") or field.default is MISSING
        }
        try:
            made.append(cls(**given))
        except ValueError:
            made.append(cls(**{name: 2 if value == 1 else value for name, value in given.items()}))
    return list(dict.fromkeys(made))


KINDS = [kind for cls in members(Kind) if is_dataclass(cls) for kind in examples(cls)]


def draw_targets(kind, *shape, generator=None):
    full = shape if kind.target_width is None else (*shape, kind.target_width)
    if isinstance(kind, Multiclass):
        return torch.randint(kind.classes, full, generator=generator)
    if isinstance(kind, Binary | Multilabel):
        return torch.randint(2, full, generator=generator)
    if isinstance(kind, Count):
        return torch.randint(5, full, generator=generator)
    return torch.randn(full, generator=generator, dtype=torch.float64)


@pytest.fixture(params=KINDS, ids=lambda kind: f"{type(kind).__name__}-{kind.width}")
def kind(request):
    return request.param


@pytest.fixture
def kinds():
    return KINDS


@pytest.fixture
def draw():
    return draw_targets


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)

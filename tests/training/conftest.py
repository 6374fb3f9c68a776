"""A small problem with three tasks of two kinds."""

import pytest
import torch
from torch import nn

from sharewise._core import Batch, Split
from sharewise.models import MLP, Heads, MultiTask
from sharewise.tasks import Binary, Regression, Task

TASKS = (Task("up", Regression()), Task("late", Binary()), Task("down", Regression()))


def make_data(*, rows=120, missing=0.0, dtype=torch.float32, seed=0):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 4, generator=draw, dtype=dtype)
    noise = 0.3 * torch.randn(rows, 3, generator=draw, dtype=dtype)
    targets = {
        "regression": torch.stack([x[:, 0] + x[:, 1], x[:, 1] - x[:, 2]], 1) + noise[:, :2],
        "binary": (x[:, :1] + noise[:, 2:] > 0).long(),
    }
    observed = torch.rand(rows, 3, generator=draw) >= missing if missing else None
    return Batch(x, targets, observed)


def make_model(*, width=8, dropout=0.0, dtype=torch.float32, trunk=None, seed=0):
    torch.manual_seed(seed)
    heads = Heads(width, {"regression": [1, 1], "binary": [1]}, {"regression": [0, 2], "binary": [1]})
    return MultiTask(trunk() if trunk else MLP(4, width, 1, dropout=dropout), heads).to(dtype)


def one_form(data):
    """Each row for one task only."""
    task = torch.arange(len(data)) % 3
    regression = data.targets["regression"][torch.arange(len(data)), (task == 2).long()]
    return Batch(data.inputs, {"regression": regression, "binary": data.targets["binary"][:, 0]}, task=task)


class KillError(Exception):
    """Stands for a power cut."""


class KillAfter:
    """A callback that ends the process, as it were, after some evaluations."""

    def __init__(self, evaluations):
        self.left = evaluations

    def start(self, steps):
        pass

    def record(self, step, records):  # noqa: ARG002
        self.left -= 1
        if self.left < 0:
            raise KillError

    def end(self):
        pass


class Noted:
    """A callback that remembers."""

    def __init__(self):
        self.told = []

    def start(self, steps):
        self.told.append(("start", steps))

    def record(self, step, records):
        self.told.append((step, len(records)))

    def end(self):
        self.told.append("end")


@pytest.fixture(scope="session")
def made():
    class Made:
        tasks = TASKS
        data = staticmethod(make_data)
        model = staticmethod(make_model)
        one_form = staticmethod(one_form)
        kill = KillError
        kill_after = KillAfter
        noted = Noted

        @staticmethod
        def split(rows=120):
            return Split(*torch.arange(rows).split([rows // 2, rows // 4, rows // 8, rows // 8]))

        @staticmethod
        def batch_norm(width=8):
            return nn.Sequential(nn.Linear(4, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.2))

    return Made

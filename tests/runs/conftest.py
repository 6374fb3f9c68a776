"""Small data sets and runs that finish in a blink."""

import numpy as np
import pandas as pd
import pytest

from sharewise.mixing import Columns, Table, Tensors, from_arrays
from sharewise.runs import Network, Run
from sharewise.tasks import Binary, Regression, Task
from sharewise.training import Recipe


def tensors(*, rows=160, seed=0, order=(0, 1, 2), noise=0.3):
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3))
    targets = {
        "up": 5 + 3 * x[:, 0] + noise * draw.normal(size=rows),
        "late": (x[:, 1] + noise * draw.normal(size=rows) > 0).astype(int),
        "down": x[:, 0] - x[:, 2] + noise * draw.normal(size=rows),
    }
    tasks = [Task("up", Regression()), Task("late", Binary()), Task("down", Regression())]
    tasks = [tasks[place] for place in order]
    return Tensors(*from_arrays(x, {task.name: targets[task.name] for task in tasks}, tasks=tasks), name="small")


def frame(*, rows=200, seed=0):
    """Numbers, categories, booleans, dates, gaps, and targets of four kinds with gaps."""
    draw = np.random.default_rng(seed)
    age, colour = draw.normal(40, 10, rows), draw.choice(["red", "green", "blue"], rows)
    made = pd.DataFrame({"age": age, "colour": colour, "member": draw.random(rows) < 0.5})
    made["since"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, rows), unit="D")
    made["income"] = age * 100 + 500 * (colour == "red") + draw.normal(0, 50, rows)
    made["late"] = np.where(draw.random(rows) < age / 80, "yes", "no")
    made["grade"] = pd.Series(np.digitize(age, [33, 45])).map({0: "low", 1: "mid", 2: "high"})
    made["visits"] = draw.poisson(2 + 3 * (colour == "blue"))
    made.loc[draw.random(rows) < 0.1, "age"] = np.nan
    made.loc[draw.random(rows) < 0.1, "colour"] = None
    made.loc[draw.random(rows) < 0.2, "income"] = np.nan
    return made


KINDS = {"income": None, "late": None, "grade": None, "visits": "count"}


def table(**more):
    return Table.from_frame(frame(**more), KINDS, name="people")


def schools(*, rows=240):
    """Rows of three schools, each a task of its own with classes of its own."""
    draw = np.random.default_rng(0)
    x, school = draw.normal(size=(rows, 2)), draw.choice(["north", "south", "west"], rows)
    mark = np.where(x[:, 0] + 0.5 * (school == "south") * x[:, 1] > 0, "pass", "fail")
    data = pd.DataFrame({"x": x[:, 0], "z": x[:, 1], "school": school, "mark": mark})
    return Table.from_frame(data, {"mark": None}, columns=Columns(by="school"), name="schools")


RECIPE = Recipe(learning_rate=0.02, batch_size=32, steps=20, evaluate_every=5)


def run(dataset, tasks=None, *, replicate=0, **more):
    names = tuple(task.name for task in dataset.tasks) if tasks is None else tasks
    more = {"network": Network(width=8, blocks=1), "recipe": RECIPE} | more
    return Run("alone" if len(names) == 1 else "together", names, replicate, **more)


@pytest.fixture(scope="session")
def made():
    class Made:
        tensors = staticmethod(tensors)
        table = staticmethod(table)
        frame = staticmethod(frame)
        schools = staticmethod(schools)
        run = staticmethod(run)
        recipe = RECIPE

    return Made

import pytest

from sharewise._core import Record
from sharewise.tasks import Regression, Task, mae, r2


@pytest.fixture
def tasks():
    return [Task("up", Regression(), metrics=(r2,)), Task("down", Regression(), metrics=(mae,))]


@pytest.fixture
def runs():
    """Records of `{treatment: {task: values by replicate}}` under one role."""

    def make(values, role="test"):
        name = {"up": "r2", "down": "mae"}
        found = {}
        for treatment, by_task in values.items():
            for task, numbers in by_task.items():
                for replicate, number in enumerate(numbers):
                    records = found.setdefault((treatment, replicate), [])
                    records.append(Record(name[task], float(number), role, task))
        return found

    return make

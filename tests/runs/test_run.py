import json

from sharewise.runs import Network, Run
from sharewise.training import Recipe


def test_a_description_is_json_and_complete():
    parts = {
        "shuffled": ("b",),
        "network": Network(8, 1, 0.1),
        "recipe": Recipe(steps=7),
        "rates": (1.0, 2.0),
        "options": {"tasks": 2},
        "labels": {"a": 7},
        "hints": ("a",),
        "start": "0123",
    }
    run = Run("together", ("a", "b"), 3, 1, "STCH", plan="equal", probe=True, keep=True, **parts)
    again = Run.from_description(json.loads(json.dumps(run.describe())))
    assert again == run


def test_defaults_come_back_too():
    run = Run("alone", ("a",), 0)
    assert Run.from_description(run.describe()) == run

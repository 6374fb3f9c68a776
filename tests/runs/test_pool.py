"""The pool against this process, and what happens when workers die."""

import itertools
import os
import subprocess
import sys
import textwrap
import time

import pytest
import torch

from sharewise.mixing import digits
from sharewise.runs import Finished, Network, Perform, Run, Store, can_travel, execute, one_thread
from sharewise.training import Recipe

# The module that workers import: how often each row was begun is noted in a folder.
WORK = """
import os, signal, time
from dataclasses import dataclass
from pathlib import Path
from sharewise.runs import Finished

@dataclass
class Work:
    folder: Path
    kills: int = 0
    parent: int = 0

    def __call__(self, row):
        (self.folder / f"{row}-{time.time_ns()}").touch()
        if row == 3 and len(list(self.folder.glob("3-*"))) <= self.kills and os.getpid() != self.parent:
            os.kill(os.getpid(), signal.SIGKILL)
        if row == "bad":
            raise ValueError("`row` must be good, got bad")
        if row == "full":
            raise OSError(28, "No space left on device")
        return Finished(info={"square": row**2, "pid": os.getpid()})
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    (tmp_path / "module").mkdir()
    name = f"pool_work_{os.getpid()}_{time.time_ns()}"
    (tmp_path / "module" / f"{name}.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path / "module")
    (tmp_path / "begun").mkdir()

    def make(**more):
        return __import__(name).Work(tmp_path / "begun", parent=os.getpid(), **more)

    return make


def begun(work):
    names = sorted(file.name.split("-")[0] for file in work.folder.iterdir())
    return {name: len(list(group)) for name, group in itertools.groupby(names)}


def rows(*each):
    return [(f"key{row}", row) for row in each]


class TestHere:
    def test_finished_rows_are_never_repeated(self, work, tmp_path):
        store, told, job = Store(tmp_path / "runs"), [], work()
        execute(rows(1, 2), job, store, done=told.append)
        execute(rows(1, 2, 5), job, store, done=told.append)
        assert begun(job) == {"1": 1, "2": 1, "5": 1}
        assert told == [0, 1, 1, 2, 1]
        assert store.get("key5").info["square"] == 25

    def test_rows_before_a_failure_are_kept(self, work, tmp_path):
        store, job = Store(tmp_path / "runs"), work()
        with pytest.raises(ValueError, match="`row` must be good"):
            execute(rows(1, "bad", 2), job, store)
        assert "key1" in store
        assert "key2" not in store

    def test_one_thread_and_back(self):
        before = torch.get_num_threads()
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == before


class TestPool:
    def test_it_gives_the_bits_of_this_process(self, tmp_path):
        data = digits()
        recipe = Recipe(steps=12, evaluate_every=6, batch_size=64)
        network = Network(width=16)
        names = tuple(task.name for task in data.tasks)
        plan = [
            Run("t", names, 0, recipe=recipe, network=network, keep=True),
            Run("a", ("slant",), 1, recipe=recipe, network=network),
        ]
        perform = Perform(data)
        pairs = [(perform.key(run), run) for run in plan]
        here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
        execute(pairs, perform, here)
        execute(pairs, perform, there, workers=2)
        for key, _ in pairs:
            one, two = here.get(key), there.get(key)
            assert repr(one.records) == repr(two.records)
            assert one.tensors.keys() == two.tensors.keys()
            assert all(torch.equal(one.tensors[name], two.tensors[name]) for name in one.tensors)

    def test_a_killed_worker_does_not_stop_the_plan(self, work, tmp_path):
        store, job, told = Store(tmp_path / "runs"), work(kills=1), []
        execute(rows(1, 2, 3, 4, 5, 6), job, store, workers=2, done=told.append)
        assert [store.get(key).info["square"] for key, _ in rows(1, 2, 3, 4, 5, 6)] == [1, 4, 9, 16, 25, 36]
        assert begun(job)["3"] >= 2
        assert sum(told) == 6

    def test_a_row_that_always_kills_ends_with_a_sentence(self, work, tmp_path):
        store, job = Store(tmp_path / "runs"), work(kills=99)
        with pytest.raises(
            RuntimeError, match=r"workers died 3 times in a row, with [12] runs left.*finished runs are kept"
        ):
            execute(rows(1, 2, 3, 4), job, store, workers=2)
        assert "key1" in store
        assert "key3" not in store

    @pytest.mark.parametrize(
        ("row", "error", "text"), [("bad", ValueError, "must be good"), ("full", OSError, "No space")]
    )
    def test_an_error_of_the_work_arrives_here(self, work, tmp_path, row, error, text):
        with pytest.raises(error, match=text) as caught:
            execute(rows(1, row, 2), work(), Store(tmp_path / "runs"), workers=2)
        assert row != "full" or caught.value.errno == 28


class Local:
    def __call__(self, row):
        return Finished(info={"row": row})


def test_what_cannot_travel_is_told(monkeypatch, work):
    assert can_travel(work()) is None
    assert "lambda" in can_travel(lambda row: Finished(info={"row": row}))
    monkeypatch.setattr(Local, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Local", Local, raising=False)
    assert "Local" in can_travel(Local())
    assert sys.modules["__main__"].Local is Local


SCRIPT = """
    import sys
    from pathlib import Path
    from torch import nn
    from sharewise.mixing import digits
    from sharewise.runs import Network, Perform, Run, Store, can_travel, execute
    from sharewise.training import Recipe

    class Trunk(nn.Linear):
        def __init__(self):
            super().__init__(16, 4)

    print("script runs")
    data, recipe = digits(), Recipe(steps=2, evaluate_every=1)
    own = Perform(data, Trunk)
    print("own trunk travels:", can_travel(own) is None)
    perform = Perform(data)
    plan = [Run("a", (name,), 0, recipe=recipe, network=Network(8, 1)) for name in ("slant", "stroke")]
    execute([(perform.key(run), run) for run in plan], perform, Store(Path(sys.argv[1])), workers=2)
    print("done")
"""


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    found = subprocess.run([sys.executable, path, tmp_path / "runs"], capture_output=True, text=True, timeout=120)
    assert found.stdout.splitlines() == ["script runs", "own trunk travels: False", "done"], found.stderr
    assert len(list((tmp_path / "runs").glob("*.safetensors"))) == 2

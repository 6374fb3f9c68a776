import errno
import multiprocessing
import os
import signal
import time

import pytest
import torch

from sharewise._core import InputError, Record
from sharewise.runs import Finished, Store

RECORDS = [Record("loss", 0.1 + 0.2, "valid", "a", step=3), Record("cosine", float("nan"), "train", "a", other="b")]


def finished(size=3):
    return Finished(
        RECORDS, {"weight": torch.randn(size).t(), "count": torch.tensor(7)}, {"seconds": 1.5, "seen": [1, 2]}
    )


def test_a_round_trip_keeps_every_bit(tmp_path):
    store, given = Store(tmp_path / "runs"), finished()
    assert "k" not in store
    store.put("k", given)
    found = store.get("k")
    assert repr(found.records) == repr(given.records)
    assert all(torch.equal(found.tensors[name], given.tensors[name]) for name in given.tensors)
    assert found.info == given.info


def test_a_run_that_left_nothing_can_be_stored(tmp_path):
    Store(tmp_path).put("k", Finished(info={"failed": "loss"}))
    assert Store(tmp_path).get("k").info == {"failed": "loss"}


def test_what_is_not_there_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        Store(tmp_path).get("k")


@pytest.mark.parametrize("where", ["write_bytes", "replace"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch, where):
    def full(self, *arguments):
        if where == "write_bytes":
            self.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(f"pathlib.Path.{where}", full)
    with pytest.raises(OSError, match="No space left"):
        Store(tmp_path).put("k", finished())
    assert "k" not in Store(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named(tmp_path):
    store = Store(tmp_path)
    store.put("k", finished())
    path = tmp_path / "k.safetensors"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InputError, match=r"k.safetensors` is damaged .*delete it, and its run is repeated"):
        store.get("k")


def test_a_killed_writer_never_leaves_a_part(tmp_path):
    """A child writes large runs one after the other until it is killed."""
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_write_for_ever, args=(tmp_path,))
    child.start()
    while not list(tmp_path.glob("*.safetensors")):
        time.sleep(0.005)
    time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    store = Store(tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        assert store.get(path.stem).tensors["weight"].shape == (300_000,)


def _write_for_ever(folder):
    number, large = 0, finished(300_000)
    while True:
        Store(folder).put(str(number % 50), large)
        number += 1


def test_numbers_at_the_end_are_those_without_a_step():
    rows = [("skill", 0.5, "test", "a"), ("skill", 0.4, "select", "a"), ("loss", 0.1, "test", "a")]
    records = [*(Record(*row) for row in rows), Record("skill", 0.9, "test", "a", step=3), Record("skill", 1.0, "test")]
    found = Finished([*records, Record("skill", 0.7, "test", "b")])
    assert found.last("skill", "test") == {"a": 0.5, "b": 0.7}
    assert found.last("skill", "valid") == {}

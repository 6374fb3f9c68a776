import errno
import pickle

import pytest
import torch

from sharewise.training import load_checkpoint, save_checkpoint


def test_a_round_trip_keeps_every_bit(tmp_path):
    state = {"model": {"w": torch.randn(3, 2)}, "step": 7, "best": -float("inf"), "names": ["a"], "none": None}
    save_checkpoint(tmp_path / "new" / "last.pt", state)
    found = load_checkpoint(tmp_path / "new" / "last.pt")
    assert torch.equal(found.pop("model")["w"], state.pop("model")["w"])
    assert found == state


@pytest.mark.parametrize("where", ["write_bytes", "replace"])
def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch, where):
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"step": 1})

    def full(self, *arguments):
        if where == "write_bytes":
            self.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(f"pathlib.Path.{where}", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, {"step": 2})
    monkeypatch.undo()
    assert load_checkpoint(path) == {"step": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


class Trap:
    def __reduce__(self):
        return exec, ("raise SystemExit",)


def test_no_code_in_a_checkpoint_is_run(tmp_path):
    torch.save({"trap": Trap()}, tmp_path / "bad.pt")
    with pytest.raises(pickle.UnpicklingError, match="Weights only"):
        load_checkpoint(tmp_path / "bad.pt")

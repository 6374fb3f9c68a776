import importlib.resources
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from sharewise.runs import code_fingerprint, digest, module_fingerprint, versions


def test_it_is_the_same_in_any_process():
    code = "from sharewise.runs import code_fingerprint, digest; print(digest([1, 'a', None]), code_fingerprint())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert found == [digest([1, "a", None]), code_fingerprint()]


def test_contents_are_told_apart():
    assert len({digest(each) for each in ({"a": 1}, {"a": 1.5}, {"a": "1"}, ["a", 1], None)}) == 5


def test_the_code_of_every_room_that_makes_numbers_counts(tmp_path, monkeypatch):
    package = tmp_path / "sharewise"
    for room in ("_core", "tasks", "models", "objectives", "gradients", "mixing", "training", "runs", "evidence"):
        (package / room).mkdir(parents=True)
        (package / room / "_a.py").write_text("1")
    monkeypatch.setattr(importlib.resources, "files", lambda _: package)
    plain = code_fingerprint.__wrapped__
    before, more = plain(), plain("evidence")
    assert before != more
    (package / "evidence" / "_a.py").write_text("2")
    assert plain() == before
    assert plain("evidence") != more
    Path(package / "training" / "_a.py").write_text("2")
    assert plain() != before


def test_versions_name_what_makes_numbers():
    assert versions()["torch"] == torch.__version__
    assert versions().keys() == {"python", "torch", "numpy"}


class Doubled(nn.Module):
    def __init__(self, factor=2.0):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.register_buffer("factor", torch.tensor(factor))

    def forward(self, x):
        return self.inner(x) * self.factor


def seeded(make):
    torch.manual_seed(0)
    return make()


@pytest.mark.parametrize("other", [lambda: nn.Linear(2, 2), lambda: Doubled(3.0), lambda: nn.Sequential(Doubled())])
def test_modules_are_told_apart(other):
    assert module_fingerprint(seeded(Doubled)) == module_fingerprint(seeded(Doubled))
    assert module_fingerprint(seeded(Doubled)) != module_fingerprint(seeded(other))


def test_other_weights_are_another_module():
    """Such as those of another pretrained file."""
    one, two = Doubled(), Doubled()
    assert module_fingerprint(one) != module_fingerprint(two)
    two.load_state_dict(one.state_dict())
    assert module_fingerprint(one) == module_fingerprint(two)

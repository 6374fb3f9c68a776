import pytest

from sharewise._core import InputError
from sharewise.cli._tensorboard import check_board


def test_the_records_are_written(run, here, quick):
    pytest.importorskip("tensorboardX")
    run("study", "people.csv", "--task", "income", "--task", "late", *quick, "--out", "out", "--tensorboard").done()
    names = {folder.name for folder in (here / "out" / "tensorboard").iterdir()}
    assert names == {
        f"{arm}-{replicate}" for arm in ("alone-income", "alone-late", "together-all") for replicate in (0, 1)
    }
    content = b"".join(file.read_bytes() for file in (here / "out" / "tensorboard" / "together-all-0").iterdir())
    assert b"loss/valid/income" in content
    assert b"gradient_cosine/train/income-late" in content


def test_without_the_library_it_is_refused_before_hours_of_training(run, here, quick, monkeypatch):
    monkeypatch.setattr("sharewise.cli._tensorboard.find_spec", lambda _: None)
    with pytest.raises(InputError, match="install `sharewise"):
        check_board()
    run("study", "people.csv", "--task", "income", "--task", "late", *quick, "--tensorboard").refused(
        "needs tensorboardX"
    )
    assert not (here / "runs").exists()

import pandas as pd

from sharewise._core import Record
from sharewise.runs import Finished, Run
from sharewise.study._frame import COLUMNS, tidy


def test_every_number_has_one_row():
    first = Finished([Record("loss", 0.5, "valid", "a", step=25), Record("r2", 0.9, "test", "a")])
    second = Finished([Record("gradient_cosine", 0.1, "train", "a", other="b", step=25)])
    failed = Finished(info={"failed": "loss"})
    results = [
        (Run("alone", ("a",), 1, 2), first),
        (Run("together", ("a", "b"), 0), second),
        (Run("alone", ("b",), 0), failed),
    ]
    frame = tidy(results, results[:1])
    assert list(frame.columns) == COLUMNS
    assert frame["run"].tolist() == [0, 0, 1]
    assert frame["trained"].tolist() == ["a", "a", "all"]
    assert frame["chosen"].tolist() == [True, True, False]
    assert frame["step"].isna().tolist() == [False, True, False]
    assert frame["other"].tolist()[2] == "b"
    assert frame.loc[0, ["treatment", "replicate", "trial", "role", "task", "name", "value"]].tolist() == [
        "alone", 1, 2, "valid", "a", "loss", 0.5,
    ]  # fmt: skip


def test_no_runs_give_the_same_columns():
    assert list(tidy([], []).columns) == COLUMNS


def test_it_survives_parquet(tmp_path):
    frame = tidy([(Run("alone", ("a",), 0), Finished([Record("r2", 0.1 + 0.2, "test", "a")]))], [])
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), frame)

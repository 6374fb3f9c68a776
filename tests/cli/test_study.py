"""`sharewise study` on good input, bad input, full disks and Ctrl-C."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

TASKS = ("--task", "income", "--task", "late")


@pytest.fixture
def study(run, here, quick):
    """`sharewise study FILE --task ... --out out`, quickly."""

    def command(*words, tasks=TASKS, out="out"):
        return run("study", *words, *tasks, *quick, "--out", out)

    return command


def entries(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class TestGoodInput:
    def test_the_whole_way(self, study, run, here):
        found = study("people.csv").done()
        for word in ("income", "late", "auroc", "out/report.html", "out/model"):
            assert word in found.out
        assert "kind: taken as binary" in found.error
        run("predict", "out/model", "people.csv", "--out", "predicted.csv").done()
        predicted = pd.read_csv(here / "predicted.csv")
        assert list(predicted.columns) == ["income", "late", "late: no", "late: yes"]

    def test_the_file_that_it_saves_repeats_it(self, study, run, here):
        study("people.csv").done()
        saved = yaml.safe_load((here / "out" / "study.yaml").read_text())
        assert saved["task"] == ["income", "late"]
        before = pd.read_parquet(here / "out" / "records.parquet")
        run("study", "--config", "out/study.yaml", "--out", "again", "--workers", "1").done()
        pd.testing.assert_frame_equal(pd.read_parquet(here / "again" / "records.parquet"), before)

    def test_treatments_forms_of_sharing_looks_and_transfer(self, run, here):
        tasks = ("--task", "income", "--task", "late", "--task", "age")
        sizes = ("--steps", "8", "--replicates", "2", "--trials", "1", "--width", "16", "--blocks", "1")
        more = ("--no-references", "--workers", "1", "--sharing", "soft", "--looks", "2", "--treatment", "worst task")
        found = run("study", "people.csv", *tasks, *sizes, *more, "--out", "out").done()
        for word in ("worst", "soft", "pairs of tasks"):
            assert word in found.out + found.error
        summary = json.loads((here / "out" / "summary.json").read_text())
        assert [each["name"] for each in summary["treatments"]] == ["alone", "together", "soft", "worst task"]
        assert summary["transfer"]["tasks"] == ["income", "late", "age"]

    def test_a_budget_is_kept_and_told(self, study, here):
        found = study("people.csv", "--budget", "1s").done()
        assert "to fit 1 s: it is expected to take" in found.error
        again = study("people.csv", "--budget", "1s").done()
        assert "to fit" not in again.error, "the plan was written down"
        left_out = json.loads((here / "out" / "summary.json").read_text())["left_out"]
        assert any("expected to take" in text for text in left_out)

    def test_names_that_look_like_markup(self, study, made):
        """Square brackets, as in units, are no colours."""
        made().rename(columns={"income": "income [/EUR]", "age": "age [bold]"}).to_csv("odd.csv", index=False)
        found = study("odd.csv", tasks=("--task", "income [/EUR]", "--task", "late")).done()
        assert "income [/EUR]" in found.out

    def test_missing_labels_and_values(self, study, made):
        frame = made()
        draw = np.random.default_rng(0)
        for column, share in (("income", 0.3), ("late", 0.2), ("age", 0.2), ("colour", 0.2)):
            frame.loc[draw.random(len(frame)) < share, column] = None
        frame.to_parquet("gaps.parquet")
        study("gaps.parquet").done()

    def test_files_with_a_task_each_are_mixed_by_rates(self, study, here, made):
        for place, name in enumerate(("north", "south")):
            made(seed=place, rows=120 + 60 * place).drop(columns="late").to_csv(f"{name}.csv", index=False)
        found = study("north.csv", "south.csv", "--rate", "3", "--rate", "1", tasks=("--task", "income:regression"))
        assert "north" in found.done().out
        seen = json.loads((here / "out" / "summary.json").read_text())["mixing"]
        assert seen["north"] == pytest.approx(3 * seen["south"], abs=8)
        assert seen["north"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--budget", "ten"), "a time must be a positive number with its unit, such as 90s, 10m or 2h; got `ten`"),
        (("--budget", "-3m"), "got `-3m`"),
        (("--sharing", "mmo"), "there is no sharing `mmo`; did you mean `mmoe`"),
        (("--looks", "0"), "looks: Input should be greater than or equal to 1, got 0"),
        (("--device", "abacus"), "`device` must be a device of this machine, got `abacus`"),
    ],
)
def test_bad_choices_are_refused_before_anything_is_trained(study, here, words, message):
    study("people.csv", *words).refused(message)
    assert not list(here.glob("out/runs/*"))


BAD = {
    "an unknown column": (lambda frame: frame, ("income", "lat"), r"no column `lat`.*did you mean `late`"),
    "an unknown kind": (lambda frame: frame, ("income:regresion", "late"), r"income:regresion"),
    "one class": (lambda frame: frame.assign(late="no"), ("income", "late"), "Task `late` has one class only: .*`no`"),
    "a task without labels": (lambda frame: frame.assign(late=None), ("income", "late"), "Task `late` has no labels"),
    "few labels": (
        lambda frame: frame.assign(late=frame["late"].where(frame.index < 9)),
        ("income", "late"),
        "Task `late` has 9 labelled rows, at least 20",
    ),
    "text in a number": (
        lambda frame: frame.assign(income=frame["income"].astype(object).where(frame.index != 7, "much")),
        ("income:regression", "late"),
        "income.*row 8.*much|`income` holds 'much' in row 8|income.*much",
    ),
    "infinite labels": (
        lambda frame: frame.assign(income=frame["income"].where(frame.index != 7, np.inf)),
        ("income", "late"),
        "income.*inf",
    ),
    "infinite features": (
        lambda frame: frame.assign(age=frame["age"].where(frame.index != 7, -np.inf)),
        ("income", "late"),
        "age.*inf",
    ),
    "one task": (lambda frame: frame, ("income",), "a study compares tasks and needs two of them, got 1"),
    "no features": (lambda frame: frame[["income", "late"]], ("income", "late"), "feature"),
    "features without values": (
        lambda frame: frame.assign(age=None, colour=None)[["age", "colour", "income", "late"]],
        ("income", "late"),
        "feature",
    ),
    "fewer rows than roles": (lambda frame: frame.head(3), ("income", "late"), "3 labelled rows|at least"),
    "no rows": (lambda frame: frame.head(0), ("income", "late"), "has a header but no rows"),
}


class TestBadInput:
    @pytest.mark.parametrize("case", BAD)
    def test_it_is_refused_and_nothing_written(self, study, here, made, case):
        spoil, tasks, message = BAD[case]
        spoil(made()).to_csv("bad.csv", index=False)
        before = entries(here)
        study("bad.csv", tasks=[word for task in tasks for word in ("--task", task)]).refused(message)
        assert entries(here) == before

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("a.csv", "", "`a.csv` is empty; give a header line and rows"),
            ("a.csv", "x,income,late\n1,2,3\n1,2\n", "Line 3 of `a.csv` has 2 fields, the header has 3"),
            ("a.csv", "x,x,income\n1,2,3\n", r"`a.csv` has several columns named `x` \(columns 1, 2\)"),
            ("a.csv", "\xff\xfe", "is not UTF-8 text"),
            ("a.parquet", "x,income\n1,2\n", "`a.parquet` is not a Parquet file .*rename it if it is a CSV file"),
            ("a.parquet", "PAR1 and so on PAR1", "`a.parquet` is a damaged Parquet file"),
            ("a.xlsx", "x", "`a.xlsx` ends in `.xlsx`; give a file that ends in .csv"),
        ],
    )
    def test_files_that_cannot_be_read(self, study, here, name, content, message):
        (here / name).write_text(content, encoding="latin1")
        before = entries(here)
        study(name).refused(message)
        assert entries(here) == before

    def test_a_file_that_is_not_there(self, study):
        study("poeple.csv").refused("There is no file `poeple.csv`; did you mean `people.csv`?")

    def test_two_columns_of_a_parquet_file_with_one_name(self, study):
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table([pa.array([1.0, 2.0])] * 3, names=["x", "x", "income"])
        pq.write_table(table, "twice.parquet")
        study("twice.parquet").refused("has several columns named `x`")

    def test_a_role_without_labels(self, study, here, made):
        frame = made()
        frame["role"] = np.array(["train", "valid", "select", "test"])[np.arange(len(frame)) % 4]
        frame.loc[frame["role"] == "select", "late"] = None
        frame.to_csv("roles.csv", index=False)
        before = entries(here)
        study("roles.csv", "--split", "role").refused("Task `late` has no labels in role `select`; label more rows")
        assert entries(here) == before

    def test_the_same_entities_in_several_files(self, study, here, made):
        frame = made().drop(columns="late")
        frame.to_csv("a.csv", index=False)
        frame.assign(income=frame["income"] * 2).to_csv("b.csv", index=False)
        before = entries(here)
        study("a.csv", "b.csv", tasks=("--task", "income:regression")).refused("the same entities .* as `group`")
        assert entries(here) == before

    def test_a_plan_for_rows_that_all_tasks_share(self, study, here):
        for words in (("--plan", "equal"), ("--rate", "1", "--rate", "2")):
            study("people.csv", *words).refused("here all share rows: leave them out")
        assert not (here / "out").exists()

    def test_several_parts_for_the_split(self, study):
        study("people.csv", "--group", "colour", "--time", "age").refused("Rows are split by one column, got group")

    def test_all_errors_of_a_file_of_choices(self, run, here):
        (here / "bad.yaml").write_text("task: income\ntrials: 0\nreplicate: 1\n")
        told = run("study", "--config", "bad.yaml")
        told.refused(
            "source: must be given.* task: .*list, got 'income' trials: .*got 0 replicate: there is no such choice"
        )


class TestFolders:
    def test_a_folder_of_another_study(self, study, here, made):
        study("people.csv").done()
        before = {path: path.stat().st_mtime_ns for path in (here / "out").rglob("*")}
        made(seed=5).to_csv("other.csv", index=False)
        study("other.csv").refused("`out` holds another study .tasks income, late.; choose another folder with `--out`")
        study("people.csv", "--exclude", "age").refused("holds another study")
        assert {path: path.stat().st_mtime_ns for path in (here / "out").rglob("*")} == before

    def test_a_folder_of_something_else(self, study, here):
        (here / "out").mkdir()
        (here / "out" / "thesis.doc").write_text("years")
        study("people.csv").refused("`out` is not empty and holds no study")
        assert entries(here / "out") == ["thesis.doc"]

    def test_a_file_in_place_of_the_folder(self, study, here):
        (here / "out").write_text("x")
        study("people.csv").refused("Directory 'out' is a file|is a file")
        assert (here / "out").read_text() == "x"

    def test_the_folder_has_the_name_of_the_data(self, run, here, quick):
        run("study", "people.csv", *TASKS, *quick).done()
        assert (here / "runs" / "people" / "report.html").exists()


class TestFullDisk:
    @pytest.mark.parametrize("limit", [2_000, 9_000, 30_000])
    def test_one_sentence_and_the_same_command_continues(self, study, here, limit):
        """Files cannot grow beyond a limit, which the system tells as it tells a full disk."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            told = study("people.csv")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        told.refused(
            "cannot read or write.*: File too large. Finished runs are kept: the same command continues", code=1
        )
        assert not list(here.rglob(".*"))
        for path in here.rglob("*.json"):
            assert yaml.safe_load(path.read_text())
        study("people.csv").done()

    def test_no_space_left(self, study, here, monkeypatch):
        def full(self, *_):
            raise OSError(28, "No space left on device", str(self))

        monkeypatch.setattr(Path, "replace", full)
        study("people.csv").refused("No space left on device. Finished runs are kept", code=1)
        monkeypatch.undo()
        os.chdir(here)
        assert not [path for path in here.rglob("*") if path.is_file() and path.name != "people.csv"]


class TestInterruption:
    def test_ctrl_c_is_one_line_and_the_same_command_continues(self, run, here, quick, stoppable):
        """SIGINT for the whole group of processes, as from a terminal, with two workers at work."""
        command = [
            "study",
            "people.csv",
            *TASKS,
            "--steps",
            "200",
            "--replicates",
            "4",
            *quick[4:-1],
            "2",
            "--out",
            "out",
        ]
        sharewise = [sys.executable, "-c", stoppable, *command]
        process = subprocess.Popen(
            sharewise, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        until = time.monotonic() + 120
        while not list(here.glob("out/runs/*.safetensors")) and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=60)
        assert process.returncode == 130, error
        assert "Traceback" not in error + out
        assert error.splitlines()[-1] == "Error: stopped. Finished runs are kept: the same command continues."
        assert error.count("Error") == 1
        kept = {path: path.stat().st_mtime_ns for path in (here / "out" / "runs").glob("*.safetensors")}
        assert 0 < len(kept) < 12
        assert not list((here / "out").rglob(".*"))
        run(*command[:-3], "1", "--out", "out").done()
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
        assert (here / "out" / "report.html").exists()

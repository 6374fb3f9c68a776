"""Conditions, harm with its causes, and benefits on four real tables: `python -m benchmarks.diagnosis_tables DATA`.

DATA is a folder with the data sets named below (or the variable SHAREWISE_DATA). Each table is diagnosed in a folder of
its own, so that an interrupted benchmark continues. `--write` makes docs/diagnosis_tables.md.
"""

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._published import add_outputs, publish
from sharewise.diagnosis import Wanted
from sharewise.mixing import Columns, Table
from sharewise.runs import Network, Perform
from sharewise.study import Protocol, diagnosis, verdict

PAGE = Path("docs/diagnosis_tables.md")
AI4I = ("machine_failure", "twf", "hdf", "pwf", "osf", "rnf")
TOX21 = ("NR-AR", "NR-AhR", "NR-ER", "NR-PPAR-gamma", "SR-ARE", "SR-MMP")
SARCOS = 6_000  # rows
SCHOOLS = 139


def ai4i(data: Path) -> Table:
    """Six rare failures, one of them (rnf) pure noise."""
    return Table.from_frame(
        pd.read_parquet(data / "ai4i_2020/data.parquet"), {f"y_{name}": "binary" for name in AI4I}, name="ai4i_2020"
    )


def sarcos(data: Path) -> Table:
    """Seven torques whose scales differ, a sample of the rows."""
    frame = pd.read_parquet(data / "sarcos/official_test_part.parquet")
    frame = frame.sample(min(SARCOS, len(frame)), random_state=0)
    return Table.from_frame(frame, {f"tau{joint}": "regression" for joint in range(1, 8)}, name="sarcos")


def tox21(data: Path) -> Table:
    """Six of the twelve toxicity assays, with missing labels."""
    labels = pd.read_parquet(data / "tox21/labels.parquet")[[f"y_{name}" for name in TOX21]]
    frame = pd.concat([pd.read_parquet(data / "tox21/rdkit_descriptors.parquet"), labels], axis=1)
    return Table.from_frame(frame, {f"y_{name}": "binary" for name in TOX21}, name="tox21")


def school(data: Path) -> Table:
    """Exam marks of pupils; each school is a task with rows of its own."""
    frame = pd.read_parquet(data / "school/data.parquet")
    frame = frame[[name for name in frame.columns if not name.startswith("split")]]
    return Table.from_frame(frame, {"y_exam": "regression"}, columns=Columns(by="school"), name="school")


@dataclass(frozen=True)
class Case:
    """One table and what is asked of it.

    Args:
        read: the table from the folder of the data.
        benefits: tasks for which benefits are measured, or () for those with the fewest labels.
        steps: at most.
        note: what was sampled.
    """

    read: Callable[[Path], Table]
    benefits: tuple[str, ...]
    steps: int
    note: str


CASES = {
    "ai4i_2020": Case(ai4i, ("y_hdf", "y_rnf"), 400, "All 10,000 rows."),
    "sarcos": Case(sarcos, ("tau2", "tau7"), 400, f"The published test part, at most {SARCOS:,} rows of it."),
    "tox21": Case(tox21, ("y_NR-ER", "y_SR-MMP"), 300, f"All rows, {len(TOX21)} of twelve tasks, 127 descriptors."),
    "school": Case(
        school, (), 300, f"All {SCHOOLS} schools; benefits for the two with the fewest pupils, capacity for all."
    ),
}  # fmt: skip


def perform(name: str, case: Case, data: Path, out: Path, *, protocol: Protocol, workers: int) -> dict[str, Any]:
    """Diagnose a table, or read what was found."""
    folder = out / name
    if not (folder / "found.json").exists():
        table = case.read(data)
        wanted = Wanted(benefits=True, hints=True, tasks=case.benefits or _fewest(table, 2))
        found = diagnosis(
            Perform(table), folder, protocol=replace(protocol, steps=case.steps), wanted=wanted, workers=workers
        )
        assert found.conditions is not None
        assert found.benefits is not None
        text = {
            "rows": len(table),
            "tasks": len(table.tasks),
            "conditions": found.conditions.rows(),
            "harm": [[task.name, task.harm.estimate, task.harm.low, task.harm.high, task.hurt] for task in found.tasks],
            "causes": [f"`{task.name}`: {verdict(task)}" for task in found.tasks if task.hurt],
            "benefits": [[part, [each.sentence for each in results]] for part, results in found.benefits.parts()],
            "seconds": found.seconds,
        }
        (folder / "found.json").write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))


def _fewest(table: Table, count: int) -> tuple[str, ...]:
    counts = {name: own["train"] for name, own in table.label_counts(table.split(0)).items()}
    return tuple(sorted(counts, key=lambda name: counts[name])[:count])


def page(found: dict[str, dict[str, Any]], protocol: Protocol) -> str:
    """Everything that was found, table by table."""
    lines = [
        "# Conditions, harm and benefits on real tables",
        "",
        "Made by `python -m benchmarks.diagnosis_tables DATA --write`. Every task was trained alone and all together,",
        f"{protocol.replicates} replicates, {protocol.trials} setting each, width {protocol.network.width}, in short",
        "trainings, so that two cores finish all in minutes: what is open here may be sure with more replicates.",
        "*Harm* is the loss together less alone on rows kept for decisions, in units of the constant predictor's, with",
        "95 % intervals, not adjusted for the number of tasks. Where a task is surely hurt (adjusted), changes",
        'were tried; a cause wants ten replicates, so that with these few most can only be "cannot tell".',
        "",
    ]
    for name, one in found.items():
        lines += [f"## {name}", "", f"{one['rows']:,} rows, {one['tasks']} tasks. {CASES[name].note}", ""]
        lines += ["| condition | reading | what was found |", "|---|---|---|"]
        lines += [f"| {question} | {reading} | {text} |" for question, reading, text in one["conditions"]]
        lines += ["", _harm(one["harm"]), "", *(f"- {cause}" for cause in one["causes"])]
        lines += [""] if one["causes"] else []
        for part, sentences in one["benefits"]:
            lines += [f"**{part}**", "", *(f"- {sentence}" for sentence in sentences), ""]
    return "\n".join(lines).rstrip() + "\n"


def _harm(rows: Sequence[Sequence[Any]]) -> str:
    """Which tasks are hurt, and how the others stand."""
    hurt = [f"`{name}` {mean:+.3f} ({low:+.3f} to {high:+.3f})" for name, mean, low, high, sure in rows if sure]
    better = [name for name, _, _, high, _ in rows if high < 0]
    text = f"Hurt together: {', '.join(hurt)}." if hurt else "No task is surely hurt together."
    mean = sum(row[1] for row in rows) / len(rows)
    text += f" {len(better)} of {len(rows)} tasks surely lose less than alone; the mean harm is {mean:+.3f}."
    if len(rows) <= 12:
        each = ", ".join(f"`{name}` {mean:+.3f} ({low:+.3f} to {high:+.3f})" for name, mean, low, high, _ in rows)
        text += f" One by one: {each}."
    return text


def main(words: Sequence[str] | None = None) -> None:
    """Diagnose, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=os.environ.get("SHAREWISE_DATA"))
    parser.add_argument("--out", type=Path, default=Path("runs/diagnosis_tables"), help="what is finished is kept here")
    parser.add_argument("--sets", nargs="+", choices=[*CASES], default=[*CASES])
    parser.add_argument("--replicates", type=int, default=3)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--workers", type=int, default=2)
    add_outputs(parser, PAGE)
    given = parser.parse_args(words)
    if given.data is None:
        parser.error("name the folder of the data, or set SHAREWISE_DATA")
    protocol = Protocol(replicates=given.replicates, trials=given.trials, network=Network(given.width, 1))
    found = {
        name: perform(name, CASES[name], Path(given.data), given.out, protocol=protocol, workers=given.workers)
        for name in given.sets
    }
    text = page(found, protocol)
    publish(given, text, found, PAGE)


if __name__ == "__main__":
    main()

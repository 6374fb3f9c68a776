"""Studies of real tables, run to their verdicts: `python -m benchmarks.studies DATA`.

DATA is a folder with the data sets named below (or the variable SHAREWISE_DATA). Each study is a command of its own,
kept in a folder of its own, so that an interrupted benchmark continues. `--write` makes docs/studies.md.
"""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from benchmarks._published import add_outputs, publish
from benchmarks._rows import Row
from sharewise.study import Summary, TaskSummary

PAGE = Path("docs/studies.md")
LONG = ("--trials", "2", "--steps", "1200", "--budget", "5m")  # larger tables, so that two cores finish in minutes


@dataclass(frozen=True)
class Table:
    """One study.

    Args:
        name: of the study.
        what: in words.
        file: below the data folder.
        tasks: targets, as on the command line.
        options: further ones.
        make: makes the file of others, where it is not there as such.
    """

    name: str
    what: str
    file: str
    tasks: tuple[str, ...]
    options: tuple[str, ...] = ()
    make: Callable[[Path], pd.DataFrame] | None = None


def _tox21(data: Path) -> pd.DataFrame:
    """Labels beside the descriptors of the same rows."""
    labels = pd.read_parquet(data / "tox21/labels.parquet").filter(like="y_")
    return pd.concat([pd.read_parquet(data / "tox21/rdkit_descriptors.parquet"), labels], axis=1)


TOX21 = ("NR-AR", "NR-AR-LBD", "NR-AhR", "NR-Aromatase", "NR-ER", "NR-ER-LBD", "NR-PPAR-gamma", "SR-ARE", "SR-ATAD5",
         "SR-HSE", "SR-MMP", "SR-p53")  # fmt: skip

TABLES = (
    Table("jura", "three metals in soil", "mulan_mtr/jura.parquet", ("y_Cd", "y_Co", "y_Cu")),
    Table("enb", "heating and cooling load of buildings", "mulan_mtr/enb.parquet", ("y_Y1", "y_Y2")),
    Table(
        "student", "three grades of pupils", "student_performance/por.parquet",
        tuple(f"y_G{number}:regression" for number in (1, 2, 3)), ("--budget", "5m"),
    ),
    Table("sarcos", "seven torques of a robot arm", "sarcos/official_test_part.parquet",
          tuple(f"tau{number}" for number in range(1, 8)), LONG),
    Table("wine", "quality of red and white wine, rows of their own", "wine_quality/data.parquet",
          ("y_quality:regression",), ("--by", "colour", *LONG)),
    Table("ai4i", "rare failures of a machine, one of them pure noise", "ai4i_2020/data.parquet",
          tuple(f"y_{name}" for name in ("machine_failure", "twf", "hdf", "pwf", "osf", "rnf")), LONG),
    Table("naval", "two decay coefficients of a ship's engine", "naval_propulsion/data.parquet",
          ("y_kMc", "y_kMt"), LONG),
    Table("bike", "rentals by casual and registered users, by time", "bike_sharing_hour/data.parquet",
          ("y_casual:count", "y_registered:count"), ("--time", "date", *LONG)),
    Table("gas", "two emissions of a gas turbine, by time", "gas_turbine/data.parquet", ("y_CO", "y_NOX"),
          ("--time", "year", *LONG)),
    Table("tox21", "twelve toxicity assays, 17 % of the labels missing", "tox21.parquet",
          tuple(f"y_{name}:binary" for name in TOX21), ("--trials", "2", "--steps", "600", "--budget", "8m"), _tox21),
)  # fmt: skip


def command(table: Table, source: Path, out: Path) -> list[str]:
    """The command of a study."""
    tasks = [word for task in table.tasks for word in ("--task", task)]
    return ["sharewise", "study", str(source), *tasks, *table.options, "--out", str(out)]


def perform(table: Table, data: Path, folder: Path) -> Summary:
    """Run a study, or continue it, or read it where it is finished."""
    out, source = folder / table.name, data / table.file
    if table.make is not None:
        source = folder / table.file
        if not source.exists():
            folder.mkdir(parents=True, exist_ok=True)
            table.make(data).to_parquet(source)
    if not (out / "summary.json").exists():
        words = command(table, source, out)
        subprocess.run([sys.executable, "-c", "from sharewise.cli import main; main()", *words[1:]], check=True)
    return Summary.from_json((out / "summary.json").read_text(encoding="utf-8"))


def page(found: dict[str, Summary]) -> str:
    """All studies in tables."""
    known = {table.name: table for table in TABLES}
    lines = [
        "# Studies of real tables",
        "",
        "Made by `python -m benchmarks.studies DATA --write`; every number comes from the summary of a study. *Mean",
        "gain*: together less alone, in the mean over the tasks, as a share of the way from a constant predictor to a",
        "perfect one, with its 95 % interval. *Credited*: tasks for which the labels of the other tasks help by",
        "themselves, against shuffled ones. *Outside*: tasks on which trees or ridge beat both networks by more than",
        "the margin. Minutes on two cores that other programs used too. The defaults of a study were chosen without",
        "these tables. Each was studied once, with the command below, but for sarcos: its first study stopped at 2 of",
        "6 replicates, for a fault since mended in how a budget reserves time, and was replaced by the one shown.",
        "",
        "| data | rows | tasks | helps | hurts | neutral | open | mean gain | verdict | credited | outside | minutes |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(known[name], summary) for name, summary in found.items()),
        "",
        "## What it comes to",
        "",
        *_reading(found),
        "",
        "## Other treatments",
        "",
        "Mean gains against alone, as above.",
        "",
        *_treatments(found),
        "",
        "## Task by task",
        "",
        "| data | task | score | alone | together | difference | interval | verdict | information | best outside |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(_task(name, task) for name, summary in found.items() for task in summary.tasks),
        "",
        "## Commands, and what a stated time left out",
        "",
        *(line for name, summary in found.items() for line in _command(known[name], summary)),
    ]
    return "\n".join(lines) + "\n"


def _reading(found: dict[str, Summary]) -> list[str]:
    """Where sharing helped, where it hurt, and where outside models are ahead."""
    tasks = [(name, task) for name, summary in found.items() for task in summary.tasks]
    lines = []
    for verb, word in (("helped", "HELPS"), ("hurt", "HURTS"), ("made no difference that matters", "NEUTRAL")):
        named = [f"{name} {task.name}" for name, task in tasks if task.verdict == word]
        lines.append(f"- Sharing {verb}: {', '.join(named) or 'nowhere'} ({len(named)} of {len(tasks)} tasks).")
    credited = [f"{name} {task.name}" for name, task in tasks
                if "information" in task.effects and task.effects["information"].verdict == "HELPS"]  # fmt: skip
    lines.append(
        f"- The labels of the other tasks helped, against shuffled ones: {', '.join(credited) or 'nowhere'}. Where "
        "the verdict is not HELPS too, they only made up for what a joint network costs."
    )
    ahead = [f"{name} {task.name}" for name, task in tasks if _outdone(task)]
    lines.append(f"- Trees or ridge beat every network by more than the margin: {', '.join(ahead) or 'nowhere'}.")
    return lines


def _command(table: Table, summary: Summary) -> list[str]:
    words = shlex.join(command(table, Path(table.file), Path("runs") / table.name))
    left_out = f"; left out: {'; '.join(summary.left_out)}" if summary.left_out else ""
    return [f"- `{words}`: {summary.replicates} replicates{left_out}"]


def _row(table: Table, summary: Summary) -> str:
    words = [task.verdict for task in summary.tasks]
    counts = [words.count(word) for word in ("HELPS", "HURTS", "NEUTRAL", "UNDETERMINED")]
    gain = next(each.gain for each in summary.treatments if each.name == "together")
    information = [task.effects["information"].verdict for task in summary.tasks if "information" in task.effects]
    cells = [
        f"{table.name}: {table.what}", f"{sum(summary.rows.values()):,}", len(words), *counts,
        f"{gain.estimate:+.2%} ({gain.low:+.2%} to {gain.high:+.2%})", gain.verdict,
        information.count("HELPS") if information else "-", sum(_outdone(task) for task in summary.tasks),
        f"{summary.timing['total'] / 60:.1f}",
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _treatments(found: dict[str, Summary]) -> list[str]:
    names = list(dict.fromkeys(each.name for summary in found.values() for each in summary.treatments))[1:]
    lines = [f"| data | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    for name, summary in found.items():
        gains = {each.name: each.gain for each in summary.treatments}
        cells = [
            f"{gains[each].estimate:+.2%}, {gains[each].verdict}" if each in gains else "-"
            for each in names
        ]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _best(task: TaskSummary) -> tuple[str, float]:
    sign = 1 if task.higher_is_better else -1
    return max(task.references.items(), key=lambda pair: sign * pair[1], default=("-", float("nan")))


def _outdone(task: TaskSummary) -> bool:
    sign = 1 if task.higher_is_better else -1
    return sign * _best(task)[1] > max(sign * task.alone, sign * task.together) + task.margin


def _task(name: str, task: TaskSummary) -> str:
    outside, score = _best(task)
    information = task.effects["information"].verdict if "information" in task.effects else "-"
    cells = [
        name, task.name, task.metric, f"{task.alone:.4f}", f"{task.together:.4f}", f"{task.difference:+.4f}",
        f"{task.low:+.4f} to {task.high:+.4f}", task.verdict, information, f"{outside} {score:.4f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run what is not finished, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=os.environ.get("SHAREWISE_DATA"), help="the data sets")
    parser.add_argument("--out", type=Path, default=Path("runs/studies"), help="folder of the studies")
    parser.add_argument("--only", nargs="*", default=[table.name for table in TABLES], help="names of studies")
    add_outputs(parser, PAGE)
    arguments = parser.parse_args()
    if arguments.data is None or not Path(arguments.data).is_dir():
        sys.exit(
            "give the folder of the data sets, as an argument or in SHAREWISE_DATA; without it nothing is measured"
        )
    chosen = [table for table in TABLES if table.name in arguments.only]
    found = {table.name: perform(table, Path(arguments.data), arguments.out) for table in chosen}
    text = page(found)
    gains = {name: next(each.gain for each in one.treatments if each.name == "together") for name, one in found.items()}
    publish(arguments, text, [asdict(Row(f"mean gain, {name}", gain.estimate)) for name, gain in gains.items()], PAGE)


if __name__ == "__main__":
    main()

"""Affinities and groups for 139 and 617 tasks: `python -m benchmarks.grouping_scale --data FOLDER`.

The 139 schools of `school` (each row belongs to one task) and the 617 assays of `toxcast` (descriptors of molecules,
most labels missing). Linearisation around a few joint trainings estimates all pairs, a relaxation proposes groups, and
retraining compares them with one network for all tasks, random groups of the same sizes and, for a sample of the tasks,
networks of their own. A run that was interrupted continues.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks._published import add_outputs, publish
from benchmarks._tables import data_folder
from sharewise._core import InputError
from sharewise.evidence import Interval, paired_interval
from sharewise.grouping import TOGETHER, Contender, GroupingProtocol, Work, propose, skills_of
from sharewise.mixing import Columns, Table
from sharewise.runs import Network, Perform
from sharewise.training import whole_file

PAGE = Path("docs/grouping_scale.md")
KEPT = "scaled.json"
BOLD = "groups, bold"  # left out: one more partition would take a third of the time


def school(folder: Path) -> Table:
    """Exam marks in 139 schools; each school is a task."""
    frame = pd.read_parquet(folder / "school/data.parquet")
    frame = frame.drop(columns=[name for name in frame.columns if name.startswith("split")])
    nominal = ("year", "gender", "vr_band", "ethnic", "school_gender", "denom")
    columns = Columns(by="school", categorical=nominal)
    return Table.from_frame(frame, {"y_exam": "regression"}, columns=columns, name="school")


def toxcast(folder: Path) -> Table:
    """617 assays of molecules from 127 descriptors, by random split."""
    labels = pd.read_parquet(folder / "toxcast/labels.parquet").drop(columns=["smiles", "scaffold_split"])
    features = pd.read_parquet(folder / "toxcast/rdkit_descriptors.parquet")
    tasks = dict.fromkeys(labels.columns, "binary")
    return Table.from_frame(pd.concat([features, labels], axis=1), tasks, name="toxcast")


SETS: dict[str, Callable[[Path], Table]] = {"school": school, "toxcast": toxcast}


@dataclass(frozen=True)
class Numbers:
    """How much is done.

    Args:
        sample: tasks that are trained alone and compared.
        protocol: of the grouping; all networks are of one size.
    """

    sample: int = 20
    protocol: GroupingProtocol = field(
        default_factory=lambda: GroupingProtocol(
            method="linearised",
            groups=10,
            replicates=3,
            short_replicates=2,
            trials=1,
            randoms=1,
            steps=300,
            equal="networks",
            network=Network(32, 1),
        )
    )


@dataclass(frozen=True)
class Scaled:
    """One set of data.

    Args:
        name: of it.
        tasks: how many.
        sizes: of the proposed groups.
        seconds: part of the work -> seconds that it took in this call.
        skills: contender -> mean skill on test rows over the sampled tasks.
        gains: contender -> its difference to all together, with its interval.
        rivals: other contender -> what the proposed groups are better by; none if no groups were proposed.
    """

    name: str
    tasks: int
    sizes: tuple[int, ...]
    seconds: dict[str, float]
    skills: dict[str, float]
    gains: dict[str, Interval]
    rivals: dict[str, Interval]


def scaled(table: Table, out: Path, numbers: Numbers, workers: int) -> Scaled:
    """Estimate, propose, retrain, compare; or what was kept of it."""
    kept = out / table.name / KEPT
    if kept.exists():
        return read(kept)
    protocol, started, seconds = numbers.protocol, time.perf_counter(), dict[str, float]()
    work = Work(out / table.name, Perform(table), protocol, workers=workers, progress=None)

    def passed(part: str) -> None:
        nonlocal started
        seconds[part], started = time.perf_counter() - started, time.perf_counter()
        print(f"{table.name}: {part}, {seconds[part]:.0f} s", file=sys.stderr, flush=True)

    estimate = work.explore()
    passed("affinities")
    together, _, *others = (each for each in propose(estimate, protocol) if each.name != BOLD)
    passed("groups")
    draws = np.random.default_rng(0)
    some = sorted(draws.permutation(work.order)[: numbers.sample].tolist())
    alone = Contender.of("alone", [frozenset({name}) for name in some])
    contenders = [together, alone, *others]
    best = work.confirm(contenders)
    passed("retraining")
    tables = skills_of(contenders, best, work.sizes, order=some, role="test")
    found = compared(work, contenders, tables, seconds)
    with whole_file(kept) as draft:
        draft.write_text(json.dumps(asdict(found), indent=1), encoding="utf-8")
    return found


def compared(
    work: Work, contenders: Sequence[Contender], tables: Mapping[str, NDArray], seconds: dict[str, float]
) -> Scaled:
    """What retraining says.

    Args:
        work: that was done.
        contenders: that were retrained, all together first.
        tables: their skills on test rows.
        seconds: part of the work -> seconds.
    """
    known = np.isfinite(np.concatenate(list(tables.values()))).all(axis=0)
    means = {name: found[:, known].mean(axis=1) for name, found in tables.items()}
    measure = paired_interval(work.dataset, "test")
    gains = {name: measure(values - means[TOGETHER]) for name, values in means.items() if name != TOGETHER}
    proposed = [each for each in contenders if each.name.startswith("groups")]
    first = means[proposed[0].name] if proposed else None
    rivals = {} if first is None else {name: measure(first - means[name]) for name in means if name != proposed[0].name}
    sizes = tuple(sorted((len(each.serves) for each in proposed[0].networks), reverse=True)) if proposed else ()
    skills = {name: float(values.mean()) for name, values in means.items()}
    return Scaled(work.dataset.name, len(work.order), sizes, seconds, skills, gains, rivals)


def read(kept: Path) -> Scaled:
    """What `scaled` kept."""
    row = json.loads(kept.read_text(encoding="utf-8"))
    intervals = {part: {name: Interval(**each) for name, each in row[part].items()} for part in ("gains", "rivals")}
    return Scaled(**(row | intervals | {"sizes": tuple(row["sizes"])}))


HEAD = """# Groups of many tasks

Made by `python -m benchmarks.grouping_scale --data FOLDER --write`. Affinities of all pairs by linearisation around
{bases} joint trainings, groups ({groups} at most) by the relaxation of `pair_partition`, then retraining: {replicates}
replicates with splits of their own, one setting, {steps} steps, all networks of one size (width {width}, one block), so
that groups have more parameters than one network, and networks of their own the most. *alone*, and all means, are over
{sample} tasks drawn at random. Skill: 1 is perfect, 0 a constant prediction. Differences are to one network for all
tasks, with 95 % intervals over new splits. Seconds are by the wall
clock; of a part that was interrupted none are shown.
"""


def page(found: Sequence[Scaled], numbers: Numbers) -> str:
    """A section for each set."""
    protocol = numbers.protocol
    lines = [
        HEAD.format(
            bases=protocol.short_replicates,
            groups=protocol.groups,
            replicates=protocol.replicates,
            steps=protocol.steps,
            width=protocol.network.width,
            sample=numbers.sample,
        )
    ]
    for each in found:
        spent = ", ".join(f"{part} {seconds:.0f} s" for part, seconds in each.seconds.items())
        lines += [
            f"\n## {each.name}: {each.tasks} tasks\n\n",
            f"{len(each.sizes)} groups of {each.sizes}; {spent}.\n\n",
        ]
        lines += ["| candidate | mean skill | against one network for all |\n|---|---|---|\n"]
        lines += [_row(name, each) for name in each.skills]
        lines.append(f"\n{_reading(each)}\n")
    return "".join(lines)


def _row(name: str, each: Scaled) -> str:
    gain = each.gains.get(name)
    text = "" if gain is None else f"{gain.estimate:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
    return f"| {name} | {each.skills[name]:.4f} | {text} |\n"


def _reading(each: Scaled) -> str:
    """Whether grouping helped, and against what."""
    if not each.rivals:
        return "The estimates proposed no groups."
    return " ".join(_sentence(name, gain) for name, gain in each.rivals.items())


def _sentence(name: str, gain: Interval) -> str:
    numbers = f"{gain.estimate:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
    word = "better than" if gain.low > 0 else "worse than" if gain.high < 0 else "not to be told from"
    return f"The proposed groups are {word} `{name}`: {numbers}."


def main(words: Sequence[str] | None = None) -> None:
    """Compare, print the page, and write it if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="folder of the tables (or SHAREWISE_DATA)")
    parser.add_argument("--out", type=Path, default=Path("runs/grouping_scale"), help="finished runs are kept here")
    parser.add_argument("--sets", nargs="+", choices=[*SETS], default=[*SETS])
    parser.add_argument("--workers", type=int, default=2)
    add_outputs(parser, PAGE)
    given = parser.parse_args(words)
    numbers = Numbers()
    try:
        folder = data_folder(given.data)
        found = [scaled(SETS[name](folder), given.out, numbers, given.workers) for name in given.sets]
    except InputError as error:
        sys.exit(f"Error: {error}")
    text = page(found, numbers)
    publish(given, text, [asdict(each) for each in found], PAGE)


if __name__ == "__main__":
    main()

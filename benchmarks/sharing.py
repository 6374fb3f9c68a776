"""Ten forms of sharing at equal parameters with equal tuning on public tables: `python -m benchmarks.sharing`.

Every form is as large as hard sharing at the default width, and gets the same settings of learning rate and decay; soft
sharing and DSelect-k take another strength in each of them. In every replicate a form's setting is chosen on the valid
rows, and its scores are those of the test rows. A run that was interrupted continues: finished networks are kept.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._published import add_outputs, publish
from benchmarks._sharing_page import Compared, page
from benchmarks._tables import TABLES, data_folder
from sharewise._core import InputError
from sharewise.evidence import Interval, holm, p_zero, resampled_interval, t_interval
from sharewise.mixing import Table
from sharewise.runs import Finished, Network, Perform, PerformTogether, Run, Sharing, Store, execute, tuned
from sharewise.study import Protocol
from sharewise.training import Recipe

FORMS = ("none", "hard", "soft", "film", "mmoe", "cgc", "ple", "dselect", "adatt", "cross_stitch")
BASELINES = ("hard", "none")
COMPANY = 15  # networks of one form that are trained together, if their inputs have one form
PAGE = Path("docs/sharing_compared.md")

Array = NDArray[np.float64]
Rows = tuple[Run, ...]


@dataclass(frozen=True)
class Numbers:
    """How much is done.

    Args:
        replicates: splits (or, where the split is given, seeds).
        trials: settings tried for every form in every replicate.
        steps: optimisation steps at most.
        network: size of hard sharing's trunk, which says how many parameters all forms have.
    """

    replicates: int = 10
    trials: int = 3
    steps: int = 400
    network: Network = field(default_factory=Network)


def plan(table: Table, perform: Perform, numbers: Numbers) -> list[Rows]:
    """Populations: the trials of a form in some replicates."""
    names = tuple(task.name for task in table.tasks)
    every = max(1, numbers.steps // 10)
    recipe = Recipe(batch_size=128, steps=numbers.steps, evaluate_every=every)
    hard = Run("hard", names, 0, network=numbers.network, recipe=recipe)
    sized = [perform.matched(replace(hard, treatment=form, sharing=form), hard) for form in FORMS]
    size, replicates = max(1, COMPANY // numbers.trials), range(numbers.replicates)
    return [
        tuple(
            _trial(run, replicate, trial) for replicate in replicates[at : at + size] for trial in range(numbers.trials)
        )
        for at in replicates[::size]
        for run in sized
    ]


def _trial(run: Run, replicate: int, trial: int) -> Run:
    rate, decay = Protocol(trials=trial + 1).settings()[trial]
    options = tuned(Sharing(run.sharing, run.sharing_options), trial).options
    recipe = replace(run.recipe, learning_rate=rate, weight_decay=decay, seed=replicate)
    return replace(run, replicate=replicate, trial=trial, sharing_options=dict(options), recipe=recipe)


def perform_all(table: Table, folder: Path, numbers: Numbers, workers: int) -> list[list[tuple[Run, Finished]]]:
    """Every population, trained or read from the store."""
    perform, store = Perform(table), Store(folder / table.name)
    together, marks = PerformTogether(perform, store), Store(folder / table.name / "parts")
    parts = plan(table, perform, numbers)
    for part in parts:
        if not all(key in store for key in together.keys(part)):  # a run was deleted since
            marks.drop(together.mark(part))
    done = 0

    def tell(finished: int) -> None:
        nonlocal done
        done += finished
        print(f"\r{table.name}: {done} of {len(parts)} populations", end="", flush=True, file=sys.stderr)

    execute([(together.mark(part), part) for part in parts], together, marks, workers=workers, done=tell)
    print(file=sys.stderr)
    return [[(run, store.get(key)) for run, key in zip(part, together.keys(part), strict=True)] for part in parts]


def compare(table: Table, parts: Sequence[Sequence[tuple[Run, Finished]]]) -> list[Compared]:
    """Differences of every form from both baselines, in pairs of one replicate."""
    trials: dict[tuple[str, int], list[tuple[Run, Finished]]] = {}
    for run, finished in (each for part in parts for each in part):
        trials.setdefault((run.sharing, run.replicate), []).append((run, finished))
    best = [max(each, key=lambda pair: pair[1].info.get("best_skill", -np.inf)) for each in trials.values()]
    failed = [run for run, finished in best if "failed" in finished.info]
    if failed:
        raise InputError(f"no setting could train `{failed[0].sharing}` on {table.name}")
    scores = {form: _scores(table, [each for each in best if each[0].sharing == form]) for form in FORMS}
    against = {form: {base: scores[form] - scores[base] for base in BASELINES if base != form} for form in FORMS}
    p = {base: _adjusted({form: against[form][base] for form in FORMS if form != base}, table) for base in BASELINES}
    found = []
    for form in FORMS:
        run, finished = next(each for each in best if each[0].sharing == form)
        better, worse = _sides(table, against[form])
        found.append(
            Compared(
                table=table.name,
                form=form,
                width=run.network.width,
                parameters=int(finished.info["parameters"]),
                score=float(scores[form].mean()),
                against={base: interval(table, each.mean(1)) for base, each in against[form].items()},
                adjusted={base: p[base][form] for base in against[form]},
                better=better,
                worse=worse,
                seconds=_seconds(parts, form),
            )
        )
    return found


def _seconds(parts: Sequence[Sequence[tuple[Run, Finished]]], form: str) -> float:
    return float(np.mean([each.info["seconds"] for part in parts for run, each in part if run.sharing == form]))


def interval(table: Table, differences: Array) -> Interval:
    """Over random splits with the correction for shared rows, over seeds where the split is given."""
    if not table.resampled:
        return t_interval(differences)
    split = table.split(0)
    return resampled_interval(differences, train=len(split.train), test=len(split.test))


def _scores(table: Table, runs: Sequence[tuple[Run, Finished]]) -> Array:
    """First metric of each task, larger is better: [R, K]."""
    rows = []
    for _, finished in sorted(runs, key=lambda each: each[0].replicate):
        found = {(record.name, record.task): record.value for record in finished.records if record.role == "test"}
        metrics = [(task.metrics[0], task.name) for task in table.tasks]
        rows.append([found[metric.name, name] * (1 if metric.higher_is_better else -1) for metric, name in metrics])
    return np.array(rows)


def _adjusted(differences: dict[str, Array], table: Table) -> dict[str, float]:
    values = holm(np.array([p_zero(interval(table, each.mean(1))) for each in differences.values()]))
    return dict(zip(differences, values.tolist(), strict=True))


def _sides(table: Table, against: dict[str, Array]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    better: dict[str, list[str]] = {}
    worse: dict[str, list[str]] = {}
    for base, differences in against.items():
        found = [interval(table, column) for column in differences.T]
        better[base] = [task.name for task, each in zip(table.tasks, found, strict=True) if each.low > 0]
        worse[base] = [task.name for task, each in zip(table.tasks, found, strict=True) if each.high < 0]
    return better, worse


def run(data: Path | None, out: Path, numbers: Numbers, *, sets: Sequence[str], workers: int) -> list[Compared]:
    """Read, train what is missing, compare."""
    folder = data_folder(data)
    tables = [TABLES[name](folder) for name in sets]
    return [each for table in tables for each in compare(table, perform_all(table, out, numbers, workers))]


def main(words: Sequence[str] | None = None) -> None:
    """Compare, print the page, and write what is asked."""
    default = Numbers()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="folder of the tables (or SHAREWISE_DATA)")
    parser.add_argument("--out", type=Path, default=Path("runs/sharing"), help="finished networks are kept here")
    parser.add_argument("--sets", nargs="+", choices=[*TABLES], default=[*TABLES])
    parser.add_argument("--replicates", type=int, default=default.replicates)
    parser.add_argument("--trials", type=int, default=default.trials)
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--width", type=int, default=default.network.width)
    parser.add_argument("--workers", type=int, default=2)
    add_outputs(parser, PAGE)
    given = parser.parse_args(words)
    numbers = Numbers(given.replicates, given.trials, given.steps, Network(given.width, 2))
    try:
        found = run(given.data, given.out, numbers, sets=given.sets, workers=given.workers)
    except InputError as error:
        sys.exit(f"Error: {error}")
    text = page(found, numbers.replicates, numbers.trials, numbers.steps)
    publish(given, text, [asdict(each) for each in found], PAGE)


if __name__ == "__main__":
    main()

"""Affinities and the partitions they propose against the truth on public tables: `python -m benchmarks.grouping`.

The truth of a set: all subsets of its tasks trained in paired replicates, valued on test rows. Estimates use other
replicates, and select rows; each is made several times. A run that was interrupted continues: finished networks and
measures are kept.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._grouping_data import SEEN, SETS
from benchmarks._grouping_page import AGAIN, Estimated, Measured, page
from benchmarks._grouping_truth import Array, Truth, agreement
from benchmarks._published import add_outputs, publish
from benchmarks._tables import data_folder
from sharewise._core import InputError
from sharewise.grouping import (
    Affinity,
    Effort,
    Gains,
    Partition,
    all_subsets,
    estimate_gains,
    gradient_cosine,
    leave_one_out,
    linearised,
    lookahead_affinity,
    mean_error,
    pair_partition,
    pairs,
    random_subsets,
    representation_similarity,
    train_subsets,
)
from sharewise.mixing import Tensors
from sharewise.runs import Bench, Network, Perform, Run, Way
from sharewise.training import Recipe

KNOWN = SETS | SEEN
PAGE = Path("docs/grouping_compared.md")
FIRST = 1_000  # replicates of estimates: none of the truth's


@dataclass(frozen=True)
class Numbers:
    """How much is done.

    Args:
        replicates: of the truth.
        draws: of every estimate.
        length: of the recommended estimate's trainings, and of shorter pairs, as a share of the truth's.
        steps: of a training of the truth, or None: the set's own number.
        width: of the networks.
    """

    replicates: int = 30
    draws: int = 3
    length: float = 0.4
    steps: int | None = None
    width: int = 32


Estimate = tuple[Array, float, Partition, Partition]  # gains [G, K], cost, partition, partition with so many groups


def joint_run(data: Tensors, steps: int, width: int) -> Run:
    """All tasks together, as every network is trained."""
    recipe = Recipe(
        learning_rate=1e-2, weight_decay=1e-2, batch_size=64, steps=steps, evaluate_every=max(1, steps // 4)
    )
    return Run("joint", tuple(task.name for task in data.tasks), 0, network=Network(width, 1), recipe=recipe)


def from_affinity(found: Affinity, truth: Truth, groups: int, share: str = "mean") -> Estimate:
    """A group's gains as the means (or sums) of the affinities within it."""
    values = np.nan_to_num(found.values)
    members = np.array([[float(task in group) for task in found.tasks] for group in truth.groups])
    total = members @ values.T
    gains = total / np.maximum(members.sum(1, keepdims=True) - 1, 1) if share == "mean" else total
    error = found.noise() if found.calibrated else 0.0
    free, given = (
        pair_partition(found.tasks, values, groups=most, share=share, caution=error)  # type: ignore[arg-type]
        for most in (None, groups)
    )
    return gains, found.cost, free, given


def from_gains(found: Gains, truth: Truth, groups: int) -> Estimate:
    """Predicted gains as they are."""
    row = {group: at for at, group in enumerate(found.groups)}
    values = found.values[[row[group] for group in truth.groups]]
    return values, found.cost, found.partition(), found.partition(groups=groups)


def estimates(numbers: Numbers) -> dict[str, Callable[[Bench, Run, int, Truth, int], Estimate]]:
    """Name -> from (bench, joint run, first replicate, truth, number of groups)."""
    length = numbers.length

    def all_tried(bench: Bench, like: Run, replicates: range) -> Gains:
        losses = train_subsets(bench, like, all_subsets(like.tasks), replicates=replicates)
        values, errors = mean_error(losses.gains().swapaxes(0, 1))
        return Gains(like.tasks, losses.groups, values, np.nan_to_num(errors), losses.cost, "all subsets", "")

    def own(first: int, count: int) -> range:
        return range(first, first + count)

    return {
        "recommended": lambda b, like, at, t, g: from_gains(
            estimate_gains(b, like, first=at, effort=Effort(length, replicates=8)), t, g
        ),
        "recommended, full length, not anchored": lambda b, like, at, t, g: from_gains(
            estimate_gains(b, like, first=at, effort=Effort(1.0, anchors=0)), t, g
        ),
        "that with a linearised guess": lambda b, like, at, t, g: from_gains(
            estimate_gains(b, like, first=at, effort=Effort(1.0, bases=4, anchors=0)), t, g
        ),
        "all subsets": lambda b, like, at, t, g: from_gains(all_tried(b, like, own(at, 3)), t, g),
        AGAIN: lambda b, like, at, t, g: from_gains(all_tried(b, like, own(at, numbers.replicates)), t, g),
        "pairs": lambda b, like, at, t, g: from_affinity(pairs(b, like, replicates=own(at, 8), length=1.0), t, g),
        "pairs, shorter": lambda b, like, at, t, g: from_affinity(
            pairs(b, like, replicates=own(at, 8), length=length), t, g
        ),
        "pairs, one seed": lambda b, like, at, t, g: from_affinity(
            pairs(b, like, replicates=own(at, 1), length=1.0), t, g
        ),
        "leave one out": lambda b, like, at, t, g: from_affinity(
            leave_one_out(b, like, replicates=own(at, 24), length=1.0), t, g
        ),
        "random subsets": lambda b, like, at, t, g: from_affinity(
            random_subsets(b, like, replicates=own(at, 5), length=1.0), t, g, "sum"
        ),
        "linearisation": lambda b, like, at, t, g: from_affinity(linearised(b, like, replicates=own(at, 6)), t, g),
        "lookahead": lambda b, like, at, t, g: from_affinity(lookahead_affinity(b, like, replicates=own(at, 6)), t, g),
        "gradient cosine": lambda b, like, at, t, g: from_affinity(
            gradient_cosine(b, like, replicates=own(at, 6)), t, g
        ),
        "representations": lambda b, like, at, t, g: from_affinity(
            representation_similarity(b, like, replicates=own(at, 1)), t, g
        ),
    }


def bench_of(data: Tensors, folder: Path, workers: int) -> Bench:
    """The bench of a set, with the way that was chosen when it was first run."""
    file = folder / "way.json"
    way = Way.from_description(json.loads(file.read_text())) if file.exists() else None
    return Bench(folder, Perform(data), workers=workers, way=way)


def study(name: str, data: Tensors, bench: Bench, numbers: Numbers) -> Measured:
    """The truth and all estimates of one set."""
    like = joint_run(data, numbers.steps or KNOWN[name].steps, numbers.width)
    started = time.perf_counter()
    losses = train_subsets(bench, like, all_subsets(like.tasks), replicates=range(numbers.replicates), role="test")
    truth, rows = Truth(losses), []
    best, worth = truth.best()
    print(f"{name}: truth in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    for method, estimate in estimates(numbers).items():
        draws = 1 if method == AGAIN else numbers.draws
        rows.append(_estimated(method, estimate, bench, like, truth, len(best), draws))
        print(f"{name}: {method}", file=sys.stderr)
    mean = np.where(truth.counts, np.nanmean(truth.mean(), axis=0), np.nan)
    ceiling = truth.ceiling()
    return Measured(
        name=name,
        tasks=like.tasks,
        rows=len(data),
        steps=like.recipe.steps,
        ceiling=asdict(ceiling),
        null=agreement(mean, truth.mean()).pooled,
        best=[sorted(group) for group in best],
        worth={
            "best": worth,
            "random": float(truth.worth.mean()),
            "together": float(truth.of((frozenset(like.tasks),)).mean()),
            "alone": 0.0,
        },
        error=truth.error(best),
        oracle_cost=float(len(losses.groups)),
        estimates=rows,
    )


def _estimated(
    method: str,
    estimate: Callable[[Bench, Run, int, Truth, int], Estimate],
    bench: Bench,
    like: Run,
    truth: Truth,
    groups: int,
    draws: int,
) -> Estimated:
    """One estimator, made several times from replicates of its own."""
    found = []
    for draw in range(draws):
        first = FIRST + 100 * draw
        seeded = replace(like, recipe=replace(like.recipe, seed=FIRST * (draw + 1)))
        found.append(estimate(bench, seeded, first, truth, groups))
    agreements = [agreement(truth.ranked(gains), truth.mean()) for gains, _, _, _ in found]
    against = [truth.against_simple(free) for _, _, free, _ in found]
    return Estimated(
        method=method,
        pooled=[each.pooled for each in agreements],
        within=[each.within for each in agreements],
        way=[truth.way(free) for _, _, free, _ in found],
        way_given=[truth.way(given) for _, _, _, given in found],
        against_simple=[each.estimate for each in against],
        worse=sum(each.high < 0 for each in against),
        cost=float(np.mean([cost for _, cost, _, _ in found])),
    )


def run(data: Path | None, out: Path, numbers: Numbers, *, sets: Sequence[str], workers: int) -> list[Measured]:
    """Read, train what is missing, compare."""
    folder, found = data_folder(data), []
    for name in sets:
        tensors = KNOWN[name].read(folder)
        bench = bench_of(tensors, out / name, workers)
        found.append(study(name, tensors, bench, numbers))
        (out / name / "way.json").write_text(json.dumps(bench.way.describe()))
    return found


def main(words: Sequence[str] | None = None) -> None:
    """Compare, print the page, and write what is asked."""
    default = Numbers()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="folder of the tables (or SHAREWISE_DATA)")
    parser.add_argument("--out", type=Path, default=Path("runs/grouping"), help="finished networks are kept here")
    parser.add_argument("--sets", nargs="+", choices=[*KNOWN], default=[*KNOWN])
    parser.add_argument("--replicates", type=int, default=default.replicates)
    parser.add_argument("--draws", type=int, default=default.draws)
    parser.add_argument("--length", type=float, default=default.length)
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--width", type=int, default=default.width)
    parser.add_argument("--workers", type=int, default=2)
    add_outputs(parser, PAGE)
    given = parser.parse_args(words)
    numbers = Numbers(given.replicates, given.draws, given.length, given.steps, given.width)
    try:
        found = run(given.data, given.out, numbers, sets=given.sets, workers=given.workers)
    except InputError as error:
        sys.exit(f"Error: {error}")
    text = page(found, numbers.replicates, numbers.draws, numbers.length)
    publish(given, text, [asdict(each) for each in found], PAGE)


if __name__ == "__main__":
    main()

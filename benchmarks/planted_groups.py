"""Are groups found where they were planted, and none where there are none? `python -m benchmarks.planted_groups`.

Made-up tasks in known groups (`sharewise.mixing.planted_groups`), small linear networks with room for one feature: one
network can serve the tasks of one group without loss. Each draw goes through the whole of `sharewise.grouping.group`. A
run that was interrupted continues: finished trainings and groupings are kept.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch
from scipy import stats
from torch import nn

from benchmarks._published import add_outputs, publish
from sharewise.grouping import GROUPING, Contender, Grouping, GroupingProtocol, group
from sharewise.mixing import Tensors, planted_groups
from sharewise.runs import one_thread

FEATURES = 100
PAGE = Path("docs/planted_groups.md")
AIM = 0.95
FIRST = 100  # number of the first draw

Groups = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class World:
    """Groups that are planted; no groups are right where all tasks are alike or each is on its own.

    Args:
        groups: names of their tasks.
        labelled: share of the rows with a label, for a task of one group.
        shared: the same for a task of two groups.
    """

    groups: Groups
    labelled: float = 0.2
    shared: float = 0.2

    @property
    def none(self) -> bool:
        """Whether there are no groups."""
        return len(self.groups) == 1 or max(map(len, self.groups)) == 1

    def shares(self) -> dict[str, float]:
        """Share of the rows with a label by task."""
        names = [name for one in self.groups for name in one]
        return {name: self.labelled if names.count(name) == 1 else self.shared for name in names}


WORLDS: dict[str, World] = {
    "two groups of three": World((("a", "b", "c"), ("d", "e", "f"))),
    "three groups of two": World((("a", "b"), ("c", "d"), ("e", "f"))),
    "four groups of two": World((("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"))),
    "five groups of two": World((("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j"))),
    "two that overlap": World((("a", "b", "c", "x"), ("d", "e", "f", "x")), labelled=0.15, shared=0.6),
    "none, each on its own": World((("a",), ("b",), ("c",), ("d",), ("e",), ("f",))),
    "none, all alike": World((("a", "b", "c", "d", "e", "f"),)),
}


class Narrow(nn.Sequential):
    """A linear trunk with room for one feature, which heads see in 16 copies: their signs then matter little."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(FEATURES, 1), nn.Linear(1, 16))


@dataclass(frozen=True)
class Numbers:
    """How much is done.

    Rows are many, so that the confirmation can tell: splits of one table share rows, and the interval that allows for
    it (Nadeau & Bengio) narrows with the rows, not with the replicates. Features are many too, so that one task's
    labels are too few for it alone, which is what friends are for.

    Args:
        draws: of data in each world.
        noise: of the labels, in standard deviations of what can be known.
        rows: of the data.
        fractions: of the rows: train, valid, select, test.
        protocol: of each grouping.
    """

    draws: int = 10
    noise: float = 0.5
    rows: int = 2000
    fractions: tuple[float, float, float, float] = (0.5, 0.1, 0.2, 0.2)
    protocol: GroupingProtocol = field(default_factory=lambda: GroupingProtocol(randoms=1, steps=600, batch_size=64))


@dataclass(frozen=True)
class Draw:
    """One draw of a world: whether the planted groups were among the proposed ones, recommended, and what was."""

    world: str
    proposed: bool
    recovered: bool
    answer: str
    seconds: float
    others: bool = False
    """Whether groups were recommended that were not planted."""


def as_planted(found: Contender, planted: Groups) -> bool:
    """Whether the networks train the planted groups and no others; a task of two may be served by either."""
    return sorted(sorted(each.members) for each in found.networks) == sorted(sorted(one) for one in planted)


def judge(found: Grouping, world: str) -> Draw:
    """Compare a grouping with what was planted; where there is nothing to find, "no groups" is the right answer."""
    planted = WORLDS[world]
    proposed = any(as_planted(each.contender, planted.groups) for each in found.standings)
    no_groups = found.chosen in ("together", "alone")
    right = no_groups if planted.none else as_planted(found.recommended, planted.groups)
    others = not (right or no_groups)
    return Draw(world, proposed, right, found.answer(), found.seconds.get("total", 0.0), others)


def place_of(place: tuple[str, int], out: Path) -> Path:
    """The folder of one draw."""
    return out / place[0].replace(",", "").replace(" ", "-") / str(place[1])


def draw(place: tuple[str, int], out: Path, numbers: Numbers) -> Draw:
    """One draw, from data to recommendation, or what was kept of it."""
    world, seed = place
    folder, planted = place_of(place, out), WORLDS[world]
    if (folder / GROUPING).exists():
        return judge(Grouping.from_json((folder / GROUPING).read_text(encoding="utf-8")), world)
    made = planted_groups(
        planted.groups,
        rows=numbers.rows,
        features=FEATURES,
        noise=numbers.noise,
        labelled=planted.shares(),
        seed=seed,
    )
    data = Tensors(made.raw, made.tasks, name=made.name, fractions=numbers.fractions)
    with one_thread():
        return judge(group(data, folder, protocol=numbers.protocol, trunk=Narrow, workers=1), world)


def run(out: Path, numbers: Numbers, *, worlds: Sequence[str], workers: int, finished: bool = False) -> list[Draw]:
    """Every draw of every world, or those that are finished."""
    places = [(world, seed) for seed in range(FIRST, FIRST + numbers.draws) for world in worlds]
    places = [place for place in places if not finished or (place_of(place, out) / GROUPING).exists()]
    work = partial(draw, out=out, numbers=numbers)
    if workers == 1:
        return [work(place) for place in places]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = []
        for place, each in zip(places, pool.map(work, places), strict=True):
            print(f"{place[0]} {place[1]}: {each.answer}", file=sys.stderr, flush=True)
            found.append(each)
        return found


HEAD = """# Planted groups

Made by `python -m benchmarks.planted_groups --write`. Linear tasks on {rows} common rows: each group has a random
direction in {features} features, its tasks look along it (nearly: the angle differs from task to task), labels have
noise of {noise} standard deviations of what can be known. A task has a label in 20 % of the rows, about 200 of them in
training, which are too few for it alone. Where groups overlap, the task of both has labels in 60 % of the rows, and an
output for each of its groups; the others, with 15 %, need it, and it needs none of them.
Networks are linear, of one size, with room for one feature, which is what one group needs: a network for all tasks
cannot serve several groups, however long it is trained. Such a network is given (as a backbone would be), so that more
groups cost more parameters; one network with as many features as there are groups, at the cost of all the groups', is
not among the candidates, and could serve all of these worlds.

Each draw goes through the whole procedure as it is by default: short trainings ({short_replicates} replicates) of some
groups propose, {replicates} paired replicates with {trials} settings confirm, on new splits of the same rows; groups
are recommended only if they are surely better. The interval allows for splits that share rows, so that it narrows with
the rows and not with replicates alone. The numbers, and the way in which groups of more than five tasks are estimated,
were chosen on draws from 10,000 on, which are not shown; these start at {first}. An earlier table, of an estimate that
took pairs only and had no defence against a training that gets stuck, was right in 18 of 27.

*proposed*: the planted groups were among what was retrained. *recommended*: they won, and were recommended; where none
are planted, that no groups were recommended. *undetermined*: no groups recommended, though some are planted. *other
groups*: recommended, but not planted. Of two groups that overlap both networks must train the common task, either may
serve it.

| world | tasks | draws | proposed | recommended | undetermined | other groups | seconds a draw |
|---|---|---|---|---|---|---|---|
"""


def page(found: Sequence[Draw], numbers: Numbers) -> str:
    """The table and what can be read off it."""
    lines = [HEAD.format(**_numbers(numbers))]
    lines += [_row([each for each in found if each.world == world]) for world in dict.fromkeys(d.world for d in found)]
    lines.append(f"\n{_reading(found)}\n")
    wrong = [each for each in found if not each.recovered]
    lines += ["\nThe others:\n\n"] if wrong else []
    lines += [f"- {each.world}: {each.answer}\n" for each in wrong]
    return "".join(lines)


def _numbers(numbers: Numbers) -> dict[str, object]:
    return asdict(numbers.protocol) | asdict(numbers) | {"features": FEATURES, "first": FIRST}


def _row(own: Sequence[Draw]) -> str:
    """A row of the table: one world."""
    world, many = WORLDS[own[0].world], len(own)
    tasks = len({name for one in world.groups for name in one})
    right, others = sum(each.recovered for each in own), sum(each.others for each in own)
    proposed, unclear = ("", "") if world.none else (sum(each.proposed for each in own), many - right - others)
    seconds = sum(each.seconds for each in own) / many
    cells = [own[0].world, tasks, many, proposed, right, unclear, others, f"{seconds:.0f}"]
    return f"| {' | '.join(map(str, cells))} |\n"


def _reading(found: Sequence[Draw]) -> str:
    """How often the answer was right, with its interval."""
    right, many = sum(each.recovered for each in found), len(found)
    low = float(stats.binomtest(right, many).proportion_ci(0.95, "wilson").low)
    word = "reaches" if right >= AIM * many else "falls short of"
    planted = [each for each in found if not WORLDS[each.world].none]
    share = (
        f", planted groups proposed in {sum(each.proposed for each in planted)} of {len(planted)}" if planted else ""
    )
    return (
        f"Right in {right} of {many} draws ({right / many:.0%}, lower 95 % bound {low:.0%}, Wilson){share}. "
        f"That {word} the aim of {AIM:.0%}."
    )


def main(words: Sequence[str] | None = None) -> None:
    """Draw, print the page, and write it if asked."""
    default = Numbers()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/planted_groups"), help="finished runs are kept here")
    parser.add_argument("--worlds", nargs="+", choices=[*WORLDS], default=[*WORLDS])
    parser.add_argument("--draws", type=int, default=default.draws)
    parser.add_argument("--noise", type=float, default=default.noise)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--finished", action="store_true", help="only show draws that are finished")
    add_outputs(parser, PAGE)
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    numbers = Numbers(given.draws, given.noise)
    found = run(given.out, numbers, worlds=given.worlds, workers=given.workers, finished=given.finished)
    text = page(found, numbers)
    publish(given, text, [asdict(each) for each in found], PAGE)


if __name__ == "__main__":
    main()

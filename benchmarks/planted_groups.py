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
from torch import nn

from sharewise.grouping import GROUPING, Contender, Grouping, GroupingProtocol, group
from sharewise.mixing import planted_groups
from sharewise.runs import one_thread

FEATURES, HIDDEN = 20, 1
PAGE = Path("docs/planted_groups.md")
AIM = 0.95

Groups = tuple[tuple[str, ...], ...]
WORLDS: dict[str, Groups] = {
    "two groups of three": (("a", "b", "c"), ("d", "e", "f")),
    "three groups of two": (("a", "b"), ("c", "d"), ("e", "f")),
    "four groups of two": (("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")),
    "five groups of two": (("a", "b"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j")),
    "two that overlap": (("a", "b", "x"), ("c", "d", "x")),
    "none": (("a",), ("b",), ("c",), ("d",), ("e",), ("f",)),
}


class Narrow(nn.Sequential):
    """A linear trunk with room for one feature, which heads see in 16 copies: their signs then matter little."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(FEATURES, HIDDEN), nn.Linear(HIDDEN, 16))


@dataclass(frozen=True)
class Numbers:
    """How much is done.

    Args:
        draws: of data in each world.
        noise: of the labels, in standard deviations of what can be known.
        protocol: of each grouping.
    """

    draws: int = 10
    noise: float = 0.4
    protocol: GroupingProtocol = field(
        default_factory=lambda: GroupingProtocol(
            method="pairs", replicates=10, short_replicates=10, trials=1, randoms=1, steps=400, short=0.5, batch_size=32
        )
    )


@dataclass(frozen=True)
class Draw:
    """One draw of a world: whether the planted groups were among the proposed ones, recommended, and what was."""

    world: str
    proposed: bool
    recovered: bool
    answer: str
    seconds: float


def as_planted(found: Contender, planted: Groups) -> bool:
    """Whether the groups are the planted ones; a task of two groups may be served in either."""
    twice = {name for one in planted for name in one if sum(name in other for other in planted) > 1}
    served = {frozenset(each.serves) - twice for each in found.networks} - {frozenset()}
    return served == {frozenset(one) - twice for one in planted} and not any(
        each.serves <= twice for each in found.networks
    )


def judge(found: Grouping, world: str) -> Draw:
    """Compare a grouping with what was planted; where every group is one task, "no groups" is the right answer."""
    planted = WORLDS[world]
    proposed = any(as_planted(each.contender, planted) for each in found.standings)
    no_groups = found.chosen in ("together", "alone")
    right = no_groups if max(map(len, planted)) == 1 else as_planted(found.recommended, planted)
    return Draw(world, proposed, right, found.answer(), found.seconds.get("total", 0.0))


def draw(place: tuple[str, int], out: Path, numbers: Numbers) -> Draw:
    """One draw, from data to recommendation, or what was kept of it."""
    world, seed = place
    folder = out / world.replace(" ", "-") / str(seed)
    if (folder / GROUPING).exists():
        return judge(Grouping.from_json((folder / GROUPING).read_text(encoding="utf-8")), world)
    data = planted_groups(WORLDS[world], noise=numbers.noise, features=FEATURES, seed=seed)
    with one_thread():
        return judge(group(data, folder, protocol=numbers.protocol, trunk=Narrow, workers=1), world)


def run(out: Path, numbers: Numbers, *, worlds: Sequence[str], workers: int) -> list[Draw]:
    """Every draw of every world."""
    places = [(world, seed) for seed in range(numbers.draws) for world in worlds]
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

Made by `python -m benchmarks.planted_groups --write`. Linear tasks on common rows: each group has a random direction
in {features} features, its tasks look along it (nearly: the angle differs from task to task), labels have noise of
{noise} standard deviations, and only a fifth of the rows is labelled for each task, about 32 rows in training.
Networks are linear, all of one size, with room for one feature. {draws} draws of each world, each through the whole
procedure: pairs in short trainings propose, {replicates} paired replicates confirm.

*proposed*: the planted groups were among what was retrained. *recommended*: they won, and were recommended; where none
are planted, that no groups were recommended. Of two groups that overlap the common task may be served in either.

| world | tasks | draws | proposed | recommended | seconds a draw |
|---|---|---|---|---|---|
"""


def page(found: Sequence[Draw], numbers: Numbers) -> str:
    """The table and what can be read off it."""
    protocol = asdict(numbers.protocol)
    lines = [HEAD.format(features=FEATURES, noise=numbers.noise, draws=numbers.draws, **_some(protocol))]
    for world in (name for name in WORLDS if any(each.world == name for each in found)):
        own = [each for each in found if each.world == world]
        tasks, many = len({name for one in WORLDS[world] for name in one}), len(own)
        proposed = "" if max(map(len, WORLDS[world])) == 1 else str(sum(each.proposed for each in own))
        right, seconds = sum(each.recovered for each in own), sum(each.seconds for each in own) / many
        lines.append(f"| {world} | {tasks} | {many} | {proposed} | {right} | {seconds:.0f} |\n")
    right, many = sum(each.recovered for each in found), len(found)
    word = "is" if right >= AIM * many else "falls short of"
    lines.append(f"\nRight in {right} of {many} draws ({right / many:.0%}), which {word} the aim of {AIM:.0%}.")
    wrong = [each for each in found if not each.recovered]
    lines += ["\n\nThe others:\n\n"] if wrong else ["\n"]
    lines += [f"- {each.world}: {each.answer}\n" for each in wrong]
    return "".join(lines)


def _some(protocol: dict[str, object]) -> dict[str, object]:
    return {name: protocol[name] for name in ("replicates",)}


def main(words: Sequence[str] | None = None) -> None:
    """Draw, print the page, and write it if asked."""
    default = Numbers()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/planted_groups"), help="finished runs are kept here")
    parser.add_argument("--worlds", nargs="+", choices=[*WORLDS], default=[*WORLDS])
    parser.add_argument("--draws", type=int, default=default.draws)
    parser.add_argument("--noise", type=float, default=default.noise)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    given = parser.parse_args(words)
    torch.set_num_threads(1)
    numbers = Numbers(given.draws, given.noise)
    text = page(run(given.out, numbers, worlds=given.worlds, workers=given.workers), numbers)
    print(text)
    if given.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Write docs/step_cost.md from the rows of `benchmarks.step_cost`: `python -m benchmarks.step_cost_page rows.json`."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks._floor import floor
from benchmarks._rows import Row
from benchmarks.step_cost import MLP, label

PAGE = Path("docs/step_cost.md")
WAYS = ("loop over tasks", "torchjd autojac", "torchjd autogram")
HEAD = """# What exact task gradients cost

Made by `python -m benchmarks.step_cost --json rows.json` and `python -m benchmarks.step_cost_page rows.json`: one
thread, the median of paired runs in one process, over one forward and one backward pass of the plain sum on the same
network, batch and vectorised heads. The solver is left out. An objective always costs 1. Ratios move by a tenth and
more with what else the machine does.

*Floor*: multiplications that cannot be done without over those of the plain step, with every product as fast as the
plain step's and all other work free. *Live*: tensor bytes that a step holds at once; for rows of one task each over
those of the plain step, for shared rows what it holds beyond the plain step, over 4 K N max(H) floats. The gradients
[K, P] of a layer are kept only where they are less than twice as large as those of its rows.

## A network 128-512-512-512

| case | ours | target | floor | live | loop | torchjd autojac | torchjd autogram |
|---|---|---|---|---|---|---|---|
"""
OTHERS = """
## Other networks

A small convolutional network (122 thousand parameters) and a small transformer (132 thousand); no targets.

| case | ours | live | loop | ours / loop | torchjd autojac | torchjd autogram |
|---|---|---|---|---|---|---|
"""
GROWTH = """
## Growth with the number of tasks

The network of the first table, 4 rows of each task, or 16 rows shared by all.

| tasks | rows of one task each | shared rows |
|---|---|---|
"""
TAIL = """
## Reading it

Rows of one task each cost one backward pass for all tasks: the gradients of activations are computed once, the inner
products from the rows of each layer, and the weighted gradient of the parameters once, at the end. With shared rows
the gradients of activations are needed once for each task. That alone is the larger part of the floor, and no method
that is exact can avoid it; `shared=` with the last features or one layer does, by comparing less.

Which form and which path are taken follows from counted multiplications and sizes, before the step: passes in one
batch for small activations, one after the other for large ones and where the graph allows no batch. In convolutional
and attention layers rows (pixels, tokens) outnumber the parameters, so that the explicit form, which is as dear as the
weights' gradient of each task, is all there is: with shared rows the passes are then those of a loop over the tasks,
one after the other, and only what is cheaper (tables, wide layers on few rows) is taken from rows. The graph is read
in each step, which takes 1 to 2 ms on these networks: a few per cent of ten tasks' passes. On networks whose plain step
takes a tenth of a millisecond, with two tasks, that makes three times a plain loop's time.

Where a target is missed, the floor says how much room there is. The targets of shared rows leave 7 to 19 % above it for
everything that is not a product of the plain step's speed: products of 64 rows run at four fifths of it, sums over
10 tasks at two fifths, and masks of activations are as large as the activations of all tasks. On Linux the C library
gives memory back after each step and pays for it anew in the next: with `MALLOC_TRIM_THRESHOLD_=1000000000` and
`MALLOC_MMAP_THRESHOLD_=1000000000` in the environment steps of shared rows took a tenth less, and the plain step the
same. The table is without.

What was tried and did not pay: finer blocks of the symmetric products than half of 40 tasks or 64 rows (smaller
products run slower than they save), keeping rows wherever they are smaller than the parameters (the explicit form then
costs more than the layer's own backward), batching all passes of the transformer (its attention has no batched rule),
and larger pieces of sums (faster by one per cent, and less exact for a single task).

Convolutions unfold their input once for all tasks, nine times its size for 3 x 3 filters. That is what they hold beyond
the plain step.
"""


def _read(path: Path) -> dict[str, Row]:
    return {row["case"]: Row(**row) for row in json.loads(path.read_text())}


def _number(row: Row | None, digits: int = 2) -> str:
    return "" if row is None else f"{row.ratio:.{digits}f}"


def _live(rows: dict[str, Row], name: str) -> str:
    found = rows.get(f"{name}: live bytes") or rows.get(f"{name}: live bytes beyond plain")
    return "" if found is None else f"{found.ratio:.2f}, {found.peak_memory:.0f} MiB"


def _ways(rows: dict[str, Row], name: str) -> list[str]:
    return [_number(rows.get(f"{name}: {way}"), 1) for way in WAYS]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def page(rows: dict[str, Row]) -> str:
    """The whole page."""
    text = HEAD
    for tasks, count, separable, target in MLP:
        name = label("MLP", tasks, count, separable)
        ours = rows[name]
        mark = f"{target:g}" if ours.met else f"{target:g}, missed"
        cells = [name.removeprefix("MLP: "), _number(ours), mark, f"{floor(tasks, count, separable=separable):.2f}"]
        text += _line([*cells, _live(rows, name), *_ways(rows, name)])
    text += OTHERS
    for name in [case for case in rows if case.startswith("small ") and case.count(":") == 1]:
        loop, *others = _ways(rows, name)
        over = _number(rows.get(f"{name}: ours over the loop"))
        text += _line([name, _number(rows[name]), _live(rows, name), loop, over, *others])
    text += GROWTH
    for tasks in (10, 100, 300, 1000):
        pair = [rows.get(label("MLP, growth", tasks, *of)) for of in ((4, True), (16, False))]
        text += _line([f"{tasks:,}", *(_number(each, 1) for each in pair)])
    return text + TAIL


if __name__ == "__main__":
    PAGE.write_text(page(_read(Path(sys.argv[1]))))

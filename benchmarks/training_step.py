"""The cost of a training step against the shortest hand-written loop: same model, rows, optimiser and number of steps.

    python -m benchmarks.training_step [--json FILE]

Both train the same network of about a million parameters on batches of 256 rows, on one thread. Ours has the watch for
losses that are not finite, the schedule and the records on. The last two rows clip the gradient's norm in both loops.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks._rows import Row, main, measured, paired
from sharewise._core import Batch, Split
from sharewise.models import Heads, MultiTask
from sharewise.tasks import Regression, Task
from sharewise.training import Recipe, Training

ROWS, FEATURES, WIDTH, TASKS, BATCH, STEPS = 20_000, 128, 640, 4, 256, 78


def make_model() -> MultiTask:
    """A network of 1.0 million parameters."""
    torch.manual_seed(0)
    trunk = nn.Sequential(
        *(nn.Linear(FEATURES, WIDTH), nn.ReLU()),
        *(nn.Linear(WIDTH, WIDTH), nn.ReLU()),
        *(nn.Linear(WIDTH, WIDTH), nn.ReLU()),
    )
    return MultiTask(trunk, Heads(WIDTH, {"regression": [1] * TASKS}, {"regression": list(range(TASKS))}))


def by_hand(x: Tensor, y: Tensor, clip: float | None, observed: Tensor | None) -> Callable[[], None]:
    """The shortest loop."""
    model = make_model()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def run() -> None:
        order = torch.randperm(ROWS)
        for step in range(STEPS):
            rows = order[step * BATCH : (step + 1) * BATCH]
            losses = (model(x[rows])["regression"].squeeze(-1) - y[rows]).square()
            if observed is None:
                loss = losses.mean(0).sum()
            else:
                mask = observed[rows]
                loss = ((losses * mask).sum(0) / mask.sum(0)).sum()
            optimiser.zero_grad()
            loss.backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimiser.step()

    return run


def ours(x: Tensor, y: Tensor, clip: float | None, observed: Tensor | None) -> Callable[[], None]:
    """The same steps by `Training`, whose one evaluation is on a single row."""
    tasks = [Task(f"task {place}", Regression()) for place in range(TASKS)]
    split = Split(*torch.arange(ROWS).split([ROWS - 6, 2, 2, 2]))
    recipe = Recipe(batch_size=BATCH, steps=STEPS, evaluate_every=STEPS, clip=clip)
    training = Training(make_model(), tasks, Batch(x, {"regression": y}, observed), split, recipe=recipe)

    def run() -> None:
        replace(training).run()

    return run


def rows() -> Iterator[Row]:
    """All cases."""
    x, y = torch.randn(ROWS, FEATURES), torch.randn(ROWS, TASKS)
    for clip in (None, 1.0):
        for observed in (None, torch.rand(ROWS, TASKS) > 0.1):
            missing = "" if observed is None else ", a tenth of the labels missing"
            case = f"1.0 M parameters, batch 256{', clipped' if clip else ''}{missing}"
            pair = ours(x, y, clip, observed), by_hand(x, y, clip, observed)
            yield measured(case, partial(paired, *pair, rounds=9), target=1.05, lower_is_better=True)


if __name__ == "__main__":
    main("time of a training step, ours to the shortest loop by hand", rows)

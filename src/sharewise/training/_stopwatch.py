"""How long trainings take, measured in a moment on copies."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import torch

from sharewise.training._finite import NonFiniteLossError
from sharewise.training._population import Population
from sharewise.training._training import Loop, Training

LEAST = 0.02  # seconds of one timing: shorter ones are disturbed by the machine

Action: TypeAlias = Callable[[], None]


@final
@dataclass(frozen=True, slots=True)
class Duration:
    """What trainings need together, in seconds.

    Args:
        step: of one optimisation step of all.
        evaluation: of one evaluation of all on their validation rows.
    """

    step: float
    evaluation: float


def durations(groups: Sequence[Sequence[Training]], *, seconds: float = 1.0) -> list[Duration]:
    """Measure groups of trainings, each as one population, or alone where it is a single one.

    They are timed in turns, and the least of each counts, so that what else the machine does falls on all alike.
    Nothing of the trainings is touched. Cost: about `seconds`, or four steps and two evaluations of each if that is
    more.

    Args:
        groups: what `can_join` allows, or single trainings.
        seconds: for all groups together.

    Example:
        >>> from sharewise._core import Batch, Split
        >>> from sharewise.models import MLP, Heads, MultiTask
        >>> from sharewise.tasks import Regression, Task
        >>> x = torch.zeros(60, 3)
        >>> model = MultiTask(MLP(3, width=8), Heads(8, {"regression": [1]}, {"regression": [0]}))
        >>> data, split = Batch(x, {"regression": x[:, :1]}), Split(*torch.arange(60).split(15))
        >>> alone = Training(model, [Task("a", Regression())], data, split)
        >>> durations([[alone]], seconds=0.05)[0].step > 0
        True
    """
    with torch.random.fork_rng(devices=[]):
        actions = [action for group in groups for action in _actions([_copy(each) for each in group])]
        times = _in_turns(actions, seconds)
    return [Duration(*times[place : place + 2]) for place in range(0, len(times), 2)]


def _copy(given: Training) -> Training:
    """The same training, which tells nobody, never ends and hardly moves."""
    recipe = replace(given.recipe, learning_rate=1e-9, steps=10**9, evaluate_every=10**9, patience=10**9)
    model, method = copy.deepcopy((given.model, given.method))
    return replace(given, model=model, method=method, recipe=recipe, callbacks=(), checkpoint=None, probe=False)


def _actions(trainings: Sequence[Training]) -> tuple[Action, Action]:
    """A step and an evaluation of all."""
    if len(trainings) > 1:
        population = Population(trainings)
        return population.advance, population.evaluate
    loop = Loop(trainings[0])
    return loop.advance, loop.evaluate


def _in_turns(actions: Sequence[Action], seconds: float) -> list[float]:
    """Least seconds of each action; the first call of each warms up."""
    once = [_time(action, 1) for action in actions]
    once = [min(_time(action, 1), first) for action, first in zip(actions, once, strict=True)]
    repeats = [max(1, int(LEAST / max(each, 1e-9))) for each in once]
    end = time.perf_counter() + seconds - sum(once)
    while time.perf_counter() < end:
        for place, action in enumerate(actions):
            once[place] = min(once[place], _time(action, repeats[place]))
    return once


def _time(action: Action, repeats: int) -> float:
    start = time.perf_counter()
    try:
        for _ in range(repeats):
            action()
    except NonFiniteLossError:  # the training itself will say so
        return float("inf")
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / repeats

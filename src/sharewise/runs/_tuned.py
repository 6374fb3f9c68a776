"""Settings of learning rate and decay, and which of them a network takes."""

import math
from collections.abc import Sequence

import numpy as np

from sharewise.runs._run import Run
from sharewise.runs._store import Finished
from sharewise.training import Recipe

# (learning rate, weight decay): tried in this order, the same for every treatment
SETTINGS = ((1e-2, 3e-1), (3e-3, 3e-1), (1e-2, 1e-2), (3e-3, 1e-2))
EVALUATIONS = 40  # in a training
SHORT = 20_000  # training rows, up to which batches are small


def settings(trials: int, seed: int = 0) -> tuple[tuple[float, float], ...]:
    """Pairs of learning rate and weight decay: four fixed ones, then log-uniform draws.

    Args:
        trials: how many.
        seed: of the draws.

    Example:
        >>> settings(2)
        ((0.01, 0.3), (0.003, 0.3))
    """
    draws = np.random.default_rng(seed).uniform([-3.5, -3.0], [-2.0, 0.0], (max(0, trials - 4), 2))
    drawn = tuple((float(10**rate), float(10**decay)) for rate, decay in draws)
    return (SETTINGS + drawn)[:trials]


def recipe(
    setting: tuple[float, float], rows: int, *, batch_size: int | None = None, steps: int | None = None, seed: int = 0
) -> Recipe:
    """The numbers of one training on so many rows.

    Args:
        setting: learning rate and weight decay.
        rows: training rows.
        batch_size: rows in a step, or None: 128 up to 20,000 training rows, 512 from there.
        steps: optimisation steps at most, or None: 80 passes over the training rows, between 600 and 4,000.
        seed: of initial numbers and the order of rows.

    Example:
        >>> recipe((0.01, 0.3), 1_000).steps
        640
    """
    rate, decay = setting
    batch = batch_size or min(128 if rows < SHORT else 512, max(8, rows // 4))
    most = steps or min(4000, max(600, 80 * math.ceil(rows / batch)))
    return Recipe(
        learning_rate=rate,
        weight_decay=decay,
        batch_size=batch,
        steps=most,
        evaluate_every=max(1, most // EVALUATIONS),
        seed=seed,
    )


def best_trials(results: Sequence[tuple[Run, Finished]]) -> list[tuple[Run, Finished]]:
    """For each trained network and replicate the setting with the best skill on the validation rows.

    A training that failed (a loss that was not finite) is never chosen while another setting did not.

    Args:
        results: all runs.
    """
    best: dict[tuple[str, tuple[str, ...], int], tuple[Run, Finished]] = {}
    for run, finished in results:
        key = (run.treatment, run.judged, run.replicate)
        if key not in best or _skill(finished) > _skill(best[key][1]):
            best[key] = run, finished
    return list(best.values())


def _skill(finished: Finished) -> float:
    return float(finished.info.get("best_skill", -np.inf))

"""Training one network: a step, the loop, checkpoints and callbacks."""

from sharewise.training._alike import can_join
from sharewise.training._callback import Callback
from sharewise.training._checkpoint import load_checkpoint, save_checkpoint
from sharewise.training._chunks import TaskChunks
from sharewise.training._evaluate import losses_on, outputs_on
from sharewise.training._expected import expected_counts
from sharewise.training._finite import NonFiniteLossError
from sharewise.training._groups import capacity, populations
from sharewise.training._optimiser import make_optimiser
from sharewise.training._penalty import Penalty
from sharewise.training._population import train_population
from sharewise.training._probe import gradient_records
from sharewise.training._recipe import Recipe
from sharewise.training._step import Step
from sharewise.training._stopwatch import Duration, durations
from sharewise.training._training import Fit, Training
from sharewise.training._whole import whole_file

__all__ = [
    "Recipe",
    "Step",
    "TaskChunks",
    "Training",
    "Fit",
    "Penalty",
    "train_population",
    "populations",
    "can_join",
    "capacity",
    "durations",
    "Duration",
    "Callback",
    "NonFiniteLossError",
    "make_optimiser",
    "losses_on",
    "outputs_on",
    "expected_counts",
    "gradient_records",
    "save_checkpoint",
    "load_checkpoint",
    "whole_file",
]

"""Diagnosis: why sharing hurts, established by experiment."""

from sharewise.diagnosis._diagnose import Begun, diagnose
from sharewise.diagnosis._examine import Train, examine
from sharewise.diagnosis._folder import DIAGNOSIS_PLAN, written_way
from sharewise.diagnosis._gaps import Gaps, split_gap
from sharewise.diagnosis._harm import hurt_tasks
from sharewise.diagnosis._intervention import (
    Cause,
    Intervention,
    balanced,
    both,
    decayed,
    gradients,
    interventions,
    normalised,
    own_stop,
    shared_by,
    slower,
    weighted,
    wider,
)
from sharewise.diagnosis._losses import losses_of
from sharewise.diagnosis._plan import base_plan, changed_plan
from sharewise.diagnosis._recover import recovery
from sharewise.diagnosis._result import Diagnosis, Recovery, TaskDiagnosis
from sharewise.diagnosis._setup import Setup

__all__ = [
    "diagnose",
    "Begun",
    "DIAGNOSIS_PLAN",
    "written_way",
    "examine",
    "Train",
    "Setup",
    "Diagnosis",
    "TaskDiagnosis",
    "Recovery",
    "Cause",
    "Intervention",
    "interventions",
    "own_stop",
    "balanced",
    "normalised",
    "weighted",
    "gradients",
    "decayed",
    "slower",
    "wider",
    "shared_by",
    "both",
    "base_plan",
    "changed_plan",
    "losses_of",
    "hurt_tasks",
    "recovery",
    "Gaps",
    "split_gap",
]

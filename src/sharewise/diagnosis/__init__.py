"""Diagnosis: why sharing hurts, established by experiment, and what it gives."""

from sharewise.diagnosis._amounts import Amount, Amounts, label_amounts
from sharewise.diagnosis._arms import Arms, tuned_arms
from sharewise.diagnosis._attention import Attention, measure_attention
from sharewise.diagnosis._benefits import Benefit, Benefits, choose_tasks, measure_benefits
from sharewise.diagnosis._capacity import Capacity, measure_capacity
from sharewise.diagnosis._common import InCommon, Reading, features_in_common, in_common
from sharewise.diagnosis._conditions import Conditions, check_conditions
from sharewise.diagnosis._diagnose import Begun, Wanted, diagnose
from sharewise.diagnosis._eavesdrop import Eavesdropping, measure_eavesdropping
from sharewise.diagnosis._examine import Train, examine
from sharewise.diagnosis._fewshot import FewShot, measure_few_shot
from sharewise.diagnosis._folder import begun_diagnosis
from sharewise.diagnosis._gaps import Gaps, split_gap
from sharewise.diagnosis._harm import hurt_tasks
from sharewise.diagnosis._hint_tasks import Candidate, Hint, Hints, measure_hints, propose_hints
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
    shorter,
    slower,
    subsampled,
    weighted,
    wider,
)
from sharewise.diagnosis._losses import losses_of
from sharewise.diagnosis._many import ManyTasks, measure_many_tasks, needed_labels
from sharewise.diagnosis._noise import Regularisation, measure_regularisation
from sharewise.diagnosis._plan import base_plan, changed_plan
from sharewise.diagnosis._recover import recovery
from sharewise.diagnosis._result import Diagnosis, Recovery, TaskDiagnosis
from sharewise.diagnosis._setup import Setup
from sharewise.diagnosis._view import View, fresh_view, plain_view
from sharewise.diagnosis._worth import Ratio, Worth, measure_worth, worth_ratio

__all__ = [
    "diagnose",
    "Begun",
    "Wanted",
    "begun_diagnosis",
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
    "subsampled",
    "normalised",
    "weighted",
    "gradients",
    "decayed",
    "slower",
    "shorter",
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
    "Arms",
    "tuned_arms",
    "Ratio",
    "Worth",
    "measure_worth",
    "worth_ratio",
    "ManyTasks",
    "measure_many_tasks",
    "needed_labels",
    "Attention",
    "measure_attention",
    "FewShot",
    "measure_few_shot",
    "Regularisation",
    "measure_regularisation",
    "Eavesdropping",
    "measure_eavesdropping",
    "Candidate",
    "Hint",
    "Hints",
    "propose_hints",
    "measure_hints",
    "Reading",
    "InCommon",
    "in_common",
    "features_in_common",
    "Amount",
    "Amounts",
    "label_amounts",
    "Capacity",
    "measure_capacity",
    "Conditions",
    "check_conditions",
    "Benefit",
    "Benefits",
    "choose_tasks",
    "measure_benefits",
    "View",
    "plain_view",
    "fresh_view",
]

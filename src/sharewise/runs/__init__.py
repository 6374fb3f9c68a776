"""Plans of many trainings, performed on the cores of a machine, and the store that never repeats one."""

from sharewise.runs._bench import Bench, Late, Results
from sharewise.runs._body import MakeTrunk
from sharewise.runs._build import build_method, build_mixture, build_network, trunk_features
from sharewise.runs._choose import choose_way
from sharewise.runs._fingerprint import code_fingerprint, digest, module_fingerprint, versions
from sharewise.runs._labels import labelled, restrict, shuffle, thin
from sharewise.runs._machine import choose_device, cores, free_memory
from sharewise.runs._measured import OWN_BEST
from sharewise.runs._penalty import build_penalty, tuned
from sharewise.runs._perform import TEST, Perform
from sharewise.runs._plan_file import PlanFile
from sharewise.runs._pool import can_travel, execute, one_thread, warm_up
from sharewise.runs._progress import Progress, Silent
from sharewise.runs._run import Network, Run
from sharewise.runs._sharing import Sharing, apart, sharing_names
from sharewise.runs._store import Finished, Store
from sharewise.runs._together import PerformTogether
from sharewise.runs._trained import TrainedModel, check_model_folder
from sharewise.runs._tuned import best_trials, recipe, settings
from sharewise.runs._way import Pace, Way, divide

__all__ = [
    "Run",
    "Network",
    "Sharing",
    "sharing_names",
    "apart",
    "tuned",
    "Perform",
    "PerformTogether",
    "Bench",
    "Results",
    "Late",
    "Progress",
    "Silent",
    "settings",
    "recipe",
    "best_trials",
    "Way",
    "Pace",
    "PlanFile",
    "choose_way",
    "divide",
    "OWN_BEST",
    "TEST",
    "MakeTrunk",
    "build_network",
    "build_method",
    "build_penalty",
    "build_mixture",
    "trunk_features",
    "restrict",
    "shuffle",
    "thin",
    "labelled",
    "execute",
    "warm_up",
    "can_travel",
    "cores",
    "free_memory",
    "choose_device",
    "one_thread",
    "Store",
    "Finished",
    "TrainedModel",
    "check_model_folder",
    "digest",
    "code_fingerprint",
    "module_fingerprint",
    "versions",
]

"""Plans of many trainings, performed on the cores of a machine, and the store that never repeats one."""

from sharewise.runs._build import (
    MakeTrunk,
    build_method,
    build_mixture,
    build_network,
    restrict,
    shuffle,
    trunk_features,
)
from sharewise.runs._fingerprint import code_fingerprint, digest, module_fingerprint, versions
from sharewise.runs._perform import OWN_BEST, TEST, Perform
from sharewise.runs._pool import can_travel, execute, one_thread
from sharewise.runs._run import Network, Run
from sharewise.runs._store import Finished, Store
from sharewise.runs._together import PerformTogether, divide
from sharewise.runs._trained import TrainedModel, check_model_folder

__all__ = [
    "Run",
    "Network",
    "Perform",
    "PerformTogether",
    "divide",
    "OWN_BEST",
    "TEST",
    "MakeTrunk",
    "build_network",
    "build_method",
    "build_mixture",
    "trunk_features",
    "restrict",
    "shuffle",
    "execute",
    "can_travel",
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

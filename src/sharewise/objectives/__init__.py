"""Objectives: the losses of the tasks to one scalar.

An objective is an `nn.Module`: `objective(losses [*, K], present Bool [*, K]) -> [*]`. Absent tasks count as if they
had never been there. State is in `state_dict` and moves in training mode only. A loss that is not finite gives an
objective that is not finite, and leaves the state of its task alone: skip the step. Weights have the scale of their
paper, which each docstring states; learning rates are to be tuned per method.
"""

from sharewise.objectives._cov import CoV
from sharewise.objectives._dtp import DTP
from sharewise.objectives._dwa import DWA
from sharewise.objectives._famo import FAMO
from sharewise.objectives._fixed import Mean, Sum, Weighted
from sharewise.objectives._geometric import GLS, DBMTLLog
from sharewise.objectives._groupdro import GroupDRO
from sharewise.objectives._imtl import IMTLL
from sharewise.objectives._minmax import MinMax
from sharewise.objectives._parameters import parameter_groups
from sharewise.objectives._rlw import RLW
from sharewise.objectives._stch import STCH
from sharewise.objectives._uncertainty import UW, UWSO
from sharewise.objectives._undisturbed import undisturbed

__all__ = [
    "Sum",
    "Mean",
    "Weighted",
    "MinMax",
    "GroupDRO",
    "STCH",
    "UW",
    "UWSO",
    "IMTLL",
    "DWA",
    "RLW",
    "GLS",
    "FAMO",
    "CoV",
    "DTP",
    "DBMTLLog",
    "parameter_groups",
    "undisturbed",
]

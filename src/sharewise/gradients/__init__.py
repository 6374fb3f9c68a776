"""The room `gradients`: losses of several tasks to `.grad`, by weights or directions made from the tasks' gradients.

All methods are given in the scale of the plain sum: K tasks with the same gradient g get K g from each of them (but
`Mean`, `Constant` and `FairGrad`, which say their own). How long the step is where tasks disagree belongs to the
method; `Normalize` and `NormalizeDirection` bring it to the sum's. Absent tasks count as if they had never been there.
State is in `state_dict` and moves in training mode only. A Gramian or Jacobian that is not finite gives NaN, for the
models of a population that have it alone, and leaves their state as it was (random methods count the step).
"""

from sharewise.gradients._aligned import AlignedMTL
from sharewise.gradients._backward import backward
from sharewise.gradients._bargaining import FairGrad, NashMTL
from sharewise.gradients._cagrad import CAGrad
from sharewise.gradients._config import ConFIG
from sharewise.gradients._dbmtl import DBMTL
from sharewise.gradients._excess import ExcessMTL
from sharewise.gradients._fixed_weights import Constant, Mean, Random, Sum
from sharewise.gradients._graddrop import GradDrop
from sharewise.gradients._gradnorm import GradNorm
from sharewise.gradients._gramian import gramian
from sharewise.gradients._imtlg import IMTLG
from sharewise.gradients._info import Info, cosines
from sharewise.gradients._mgda import MGDA
from sharewise.gradients._normalize import Normalize, NormalizeDirection
from sharewise.gradients._shared import shared_slices
from sharewise.gradients._surgery import GradVac, PCGrad
from sharewise.gradients._upgrad import DualProj, UPGrad

__all__ = [
    "backward",
    "Info",
    "gramian",
    "cosines",
    "shared_slices",
    "Sum",
    "Mean",
    "Constant",
    "Random",
    "MGDA",
    "UPGrad",
    "DualProj",
    "CAGrad",
    "NashMTL",
    "FairGrad",
    "IMTLG",
    "AlignedMTL",
    "PCGrad",
    "GradVac",
    "GradNorm",
    "DBMTL",
    "ExcessMTL",
    "GradDrop",
    "ConFIG",
    "Normalize",
    "NormalizeDirection",
]

"""The trunk of a network, and how fast it learns beside what stands on it."""

from torch import nn

from sharewise._core import InputError
from sharewise.models import Conditioned, Grouped, Independent, Model, MultiTask, freeze
from sharewise.runs._run import Run
from sharewise.runs._sharing import Sharing


def trunk_name(model: Model) -> str:
    """Where a network of `build_network` has its trunk: what stands below heads, experts and conditions.

    Args:
        model: of any form of sharing.

    Example:
        >>> from sharewise.models import Heads
        >>> trunk_name(MultiTask(nn.Linear(3, 4), Heads(4, {"regression": [1]}, {"regression": [0]})))
        'trunk'
    """
    if isinstance(model, MultiTask):
        return "trunk"
    if isinstance(model, Independent | Grouped):
        return "trunks"
    return "backbone.0.module.0" if isinstance(model, Conditioned) else "encoder"


def trunk_scales(model: Model, run: Run, *, own: bool) -> dict[str, float]:
    """Factors of the learning rate by which a run's trunk learns as fast as it says; a trunk that stays is frozen.

    Args:
        model: the run's network; of rate 0 its trunk is frozen in place.
        run: its `trunk_rate`.
        own: whether the trunk is of the user's making, and so may have been trained before.

    Returns:
        Name of a part -> factor, as `Training(scales=...)` takes them.

    Raises:
        InputError: the rate is negative, or there is no trunk that could learn at it.

    Example:
        >>> from sharewise.models import Heads
        >>> model = MultiTask(nn.Linear(3, 4), Heads(4, {"regression": [1]}, {"regression": [0]}))
        >>> trunk_scales(model, Run("fit", ("age",), 0, trunk_rate=0.1), own=True)
        {'trunk': 0.1}
        >>> trunk_scales(model, Run("fit", ("age",), 0, trunk_rate=0.0), own=True)
        {}
        >>> any(parameter.requires_grad for parameter in model.trunk.parameters())
        False
    """
    rate, name = run.trunk_rate, trunk_name(model)
    if not 0 <= rate < float("inf"):
        raise InputError(f"`trunk_rate` must be a number from 0, got `{rate}`")
    trunk = model.get_submodule(name)
    if rate != 1 and not _numbers(trunk, trained=rate > 0):
        raise InputError(
            f"`trunk_rate={rate}` changes nothing: sharing `{run.sharing}` has no trunk with numbers to train here; "
            "leave it out"
        )
    if rate == 0 and not own:
        raise InputError("`trunk_rate=0` keeps a trunk as it is, but this one starts untrained; give a trained `trunk`")
    if rate == 0:
        freeze(trunk)
    if Sharing(run.sharing).key in ("soft", "factorised") and not _numbers(trunk, trained=True):
        raise InputError(f"sharing `{run.sharing}` changes trunks, and this one is frozen; take `hard` or `none`")
    return {} if rate in (0, 1) else {name: float(rate)}


def _numbers(trunk: nn.Module, *, trained: bool) -> bool:
    """Whether a trunk has parameters, or such that are trained."""
    return any(parameter.requires_grad or not trained for parameter in trunk.parameters())

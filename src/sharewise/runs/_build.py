"""From a row of a plan to a network, a method and a mixture of rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

import sharewise.gradients as gradients
import sharewise.objectives as objectives
from sharewise._core import Aggregator, Batch, InputError, Objective, Split, Tree, Weighting, map_tree
from sharewise.mixing import Mixture, equal, given, proportional, temperature
from sharewise.models import MLP, ConvTrunk, Heads, MultiTask, TableTrunk
from sharewise.runs._run import Network, Run
from sharewise.tasks import Task, kind_index

MakeTrunk: TypeAlias = Callable[[], nn.Module]


def build_network(
    inputs: Tree, tasks: Sequence[Task], network: Network, seed: int, *, trunk: MakeTrunk | None = None, **table: Any
) -> MultiTask:
    """A trunk with a head for every task; equal seeds give equal numbers, whichever tasks are trained later.

    Args:
        inputs: what rows look like, at least one.
        tasks: K of them.
        network: size of the trunk.
        seed: of the initialisation.
        trunk: makes a trunk of one's own.
        table: for inputs of a table, its `bins` and `cardinalities`.

    Example:
        >>> from sharewise.tasks import Binary
        >>> model = build_network(torch.zeros(1, 5), [Task("late", Binary())], Network(width=8), seed=0)
        >>> model(torch.zeros(3, 5))["binary"].shape
        torch.Size([3, 1, 1])
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = trunk() if trunk is not None else _trunk(inputs, network, **table)
        index = {key: places.tolist() for key, places in kind_index(tasks).items()}
        widths = {key: [tasks[place].kind.width for place in places] for key, places in index.items()}
        return MultiTask(body, Heads(_features(body, inputs), widths, index))


def build_method(run: Run) -> Objective | Weighting | Aggregator:
    """The objective, weighting or aggregator that a run names.

    Raises:
        InputError: there is none of this name, or it does not take these options.

    Example:
        >>> build_method(Run("worst task", ("age",), replicate=0, method="MinMax"))
        MinMax()
    """
    for room in (objectives, gradients):
        kind = getattr(room, run.method, None) if run.method in room.__all__ else None
        if isinstance(kind, type) and issubclass(kind, Objective | Weighting | Aggregator):
            try:
                return kind(**run.options)
            except TypeError as error:
                raise InputError(f"method `{run.method}` does not take {run.options}: {error}") from None
    known = [name for name in (*objectives.__all__, *gradients.__all__) if name[0].isupper()]
    raise InputError(f"there is no method `{run.method}`; there are {', '.join(known)}")


def restrict(data: Batch, trained: Tensor) -> Batch:
    """The same rows with the labels of the trained tasks only: the others are absent, exactly as if never collected.

    Args:
        data: all rows.
        trained: Bool [K].
    """
    if bool(trained.all()) or data.task is not None:
        return data
    observed = data.observed if data.observed is not None else torch.ones(len(data), len(trained), dtype=torch.bool)
    return replace(data, observed=observed & trained)


def build_mixture(run: Run, data: Batch, split: Split, trained: Tensor) -> Mixture:
    """Training rows that have a label of a trained task; rows of tasks with data of their own are mixed by the plan.

    Args:
        run: its mixing plan, batch size and seed.
        data: all rows, restricted to the trained tasks.
        split: roles.
        trained: Bool [K].
    """
    train = split.train
    if data.task is None:
        labelled = train if data.observed is None else train[data.observed[train].any(1)]
        sources, rates = [labelled], torch.ones(1)
    else:
        places = trained.nonzero().flatten().tolist()
        sources = [train[data.task[train] == place] for place in places]
        rates = _rates(run, [len(source) for source in sources], places)
    return Mixture(sources, rates, batch_size=run.recipe.batch_size, seed=run.recipe.seed)


def _rates(run: Run, sizes: Sequence[int], places: Sequence[int]) -> Tensor:
    if run.rates:
        return given([run.rates[place] for place in places])
    plans = {"proportional": proportional, "equal": equal, "temperature": temperature}
    return plans[run.plan](sizes)


def _trunk(inputs: Tree, network: Network, **table: Any) -> nn.Module:
    size: dict[str, Any] = {"width": network.width, "dropout": network.dropout}
    if isinstance(inputs, dict):
        numeric = inputs["numeric"].shape[1] if "numeric" in inputs else 0
        return TableTrunk(numeric, **table, blocks=network.blocks, **size)
    if isinstance(inputs, Tensor) and inputs.dim() == 2:
        return MLP(inputs.shape[1], depth=network.blocks, **size)
    if isinstance(inputs, Tensor) and inputs.dim() == 4:
        return ConvTrunk((inputs.shape[1], inputs.shape[2], inputs.shape[3]), **size)
    shapes = map_tree(lambda tensor: torch.tensor(tensor.shape), inputs)
    raise InputError(f"no trunk is known for inputs of shape {shapes}; give a trunk of your own")


def _features(trunk: nn.Module, inputs: Tree) -> int:
    with torch.no_grad():
        like = next(iter(trunk.parameters()), torch.zeros(1))
        rows = map_tree(lambda tensor: tensor[:1].to(like.dtype) if tensor.is_floating_point() else tensor[:1], inputs)
        return int(trunk.eval()(rows).shape[-1])

"""From a row of a plan to a network, a method and a mixture of rows."""

from collections.abc import Sequence
from difflib import get_close_matches
from inspect import signature

import torch
from torch import Tensor, nn

import sharewise.gradients as gradients
import sharewise.objectives as objectives
from sharewise._core import Aggregator, Batch, InputError, Objective, Split, Tree, Weighting, map_tree
from sharewise.mixing import Encoder, Mixture, equal, given, proportional, temperature
from sharewise.models import Heads, Model, MultiTask
from sharewise.runs._body import MakeTrunk, body_of
from sharewise.runs._labels import labelled
from sharewise.runs._run import Network, Run
from sharewise.runs._sharing import Sharing, build_form
from sharewise.tasks import Task, kind_index

NEED_CALLS = ("FAMO", "DWA", "DTP")  # a second forward, the end of an epoch, a measure of performance


def build_network(
    encoder: Encoder,
    tasks: Sequence[Task],
    network: Network,
    seed: int,
    *,
    sharing: Sharing = Sharing(),  # noqa: B008  # frozen
    trunk: MakeTrunk | None = None,
    features: int | None = None,
) -> Model:
    """A network with a head for every task; equal seeds give equal numbers, whichever tasks are trained later.

    Nor does the order of the tasks matter: each gets the same initial head, and all else of its own, in any.

    Tables get a `TableTrunk`, vectors an `MLP`, images a `ConvTrunk`, or the parts of these (`body_of`) in the places
    that the form of sharing has for them.

    Args:
        encoder: makes the inputs.
        tasks: K of them.
        network: size of the trunk.
        seed: of the initialisation.
        sharing: its form; by default hard sharing.
        trunk: makes a trunk of one's own.
        features: H, what a trunk of one's own gives.

    Raises:
        InputError: there is no trunk for such inputs, no such form of sharing, or it does not take its options.

    Example:
        >>> from sharewise.mixing import digits
        >>> data = digits()
        >>> encoder = data.prepare(torch.arange(1000)).encoder
        >>> build_network(encoder, data.tasks, Network(width=8), seed=0)(torch.zeros(3, 16))["binary"].shape
        torch.Size([3, 2, 1])
    """
    with torch.random.fork_rng(devices=[]):
        body = body_of(encoder, network, trunk=trunk, features=features)
        torch.manual_seed(seed)
        if sharing.key == "hard":
            model = build_form(sharing, body, lambda size: _heads(size, tasks))
            assert isinstance(model, MultiTask)
            assert isinstance(model.heads, Heads)
            _arrange(model.heads, [task.name for task in tasks])
            return model
        order = sorted(range(len(tasks)), key=lambda place: tasks[place].name)
        model = build_form(sharing, body, lambda size: _heads(size, [tasks[place] for place in order]))
        return model.take([order.index(place) for place in range(len(tasks))])


def _heads(features: int, tasks: Sequence[Task]) -> Heads:
    index = {key: places.tolist() for key, places in kind_index(tasks).items()}
    widths = {key: [tasks[place].kind.width for place in places] for key, places in index.items()}
    return Heads(features, widths, index)


def trunk_features(trunk: nn.Module, inputs: Tree) -> int:
    """H, the number of features that a trunk makes of a row.

    Args:
        trunk: from inputs to [N, H].
        inputs: at least one row.

    Raises:
        InputError: it gives something else.
    """
    with torch.no_grad():
        like = next(iter(trunk.parameters()), torch.zeros(1))
        rows = map_tree(lambda tensor: tensor.to(like.dtype) if tensor.is_floating_point() else tensor, inputs)
        found = trunk.eval()(rows)
    if not isinstance(found, Tensor) or found.dim() != 2:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise InputError(f"a trunk must give features [N, H], got {shape}; flatten what it returns")
    return found.shape[1]


def build_method(run: Run, tasks: int) -> Objective | Weighting | Aggregator:
    """The objective, weighting or aggregator that a run names.

    Args:
        run: its method and options.
        tasks: K, given to methods with a number for each task.

    Raises:
        InputError: there is none of this name, or it does not take these options.

    Example:
        >>> build_method(Run("worst task", ("age",), replicate=0, method="MinMax"), 1)
        MinMax()
    """
    known = {
        name: getattr(room, name)
        for room in (gradients, objectives)  # `Sum` and `Mean` are in both: the objectives, which cost one pass, win
        for name in room.__all__
        if isinstance(getattr(room, name), type) and issubclass(getattr(room, name), Objective | Weighting | Aggregator)
    }
    if run.method in NEED_CALLS:
        raise InputError(
            f"method `{run.method}` must be told more than losses between steps; use it in a loop of your own"
        )
    if run.method not in known:
        folded = {name.lower(): name for name in known}
        close = get_close_matches(run.method.lower(), folded, 1)
        hint = f"did you mean `{folded[close[0]]}`? " if close else ""
        raise InputError(f"there is no method `{run.method}`; {hint}There are {', '.join(sorted(known))}")
    needs = signature(known[run.method]).parameters
    try:
        return known[run.method](**({"tasks": tasks} if "tasks" in needs else {}), **run.options)
    except TypeError as error:
        raise InputError(f"method `{run.method}` does not take {run.options}: {error}") from None


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
        known = train if data.observed is None else train[data.observed[train].any(1)]
        sources, rates = [known], torch.ones(1)
    else:
        places = trained.nonzero().flatten().tolist()
        sources = [labelled(data, train, place) for place in places]
        rates = _rates(run, [len(source) for source in sources], places)
    return Mixture(sources, rates, batch_size=run.recipe.batch_size, seed=run.recipe.seed)


def _rates(run: Run, sizes: Sequence[int], places: Sequence[int]) -> Tensor:
    if run.rates:
        return given([run.rates[place] for place in places])
    if run.plan == "temperature":
        return temperature(sizes, 2.0)
    return equal(sizes) if run.plan == "equal" else proportional(sizes)


@torch.no_grad()
def _arrange(heads: Heads, names: Sequence[str]) -> None:
    """Give the initial numbers of the heads to the tasks in the order of their names."""
    owner = heads.owner.tolist()
    rows = sorted(range(len(owner)), key=lambda row: (names[owner[row]], row))
    for parameter in heads.parameters():
        parameter[rows] = parameter.clone()

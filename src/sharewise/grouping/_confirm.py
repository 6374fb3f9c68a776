"""The contenders retrained under equal conditions, and their scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sharewise._core import InputError, Role
from sharewise.grouping._contenders import Contender
from sharewise.grouping._pairs import Served
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.grouping._sizes import Sizes
from sharewise.runs import Finished, Results, Run

Floats: TypeAlias = NDArray[np.float64]
Skills: TypeAlias = Mapping[str, Floats]
"""contender -> skill of each task, served by its network, in each replicate: [R, K]."""


def confirm_plan(
    contenders: Sequence[Contender],
    sizes: Sizes,
    protocol: GroupingProtocol,
    *,
    rows: Callable[[int], int],
    order: Sequence[str],
) -> tuple[Run, ...]:
    """Every network of every contender once, with every setting in every replicate; like runs next to each other.

    A network that several contenders have is trained once. All have the same splits, settings and number of steps, so
    that each network is tuned with as many trials.

    Args:
        contenders: to be retrained.
        sizes: widths of their networks.
        protocol: the numbers.
        rows: replicate -> number of its training rows.
        order: of the tasks in the data.
    """
    networks: dict[tuple[int, frozenset[str]], None] = {}
    for each in contenders:
        width = sizes.width(len(each.networks))
        networks |= {(width, network.members): None for network in each.networks}
    ordered = sorted(networks, key=lambda network: -network[0])
    return tuple(
        network_run(network, protocol, rows=rows(replicate), place=(replicate, trial), order=order)
        for replicate in range(protocol.replicates)
        for trial in range(protocol.trials)
        for network in ordered
    )


def network_run(
    network: tuple[int, frozenset[str]],
    protocol: GroupingProtocol,
    *,
    rows: int,
    place: tuple[int, int],
    order: Sequence[str],
) -> Run:
    """The training of one network.

    Args:
        network: width and tasks.
        protocol: the numbers.
        rows: that train.
        place: replicate and trial.
        order: of the tasks in the data.
    """
    width, members = network
    replicate, trial = place
    return Run(
        f"width {width}",
        tuple(name for name in order if name in members),
        replicate,
        trial,
        network=replace(protocol.network, width=width),
        recipe=protocol.recipe(rows, trial, replicate),
        plan=protocol.plan,
        rates=protocol.rates,
        keep=replicate == 0,
    )


def of_network(best: Results, width: int, network: Served) -> dict[int, tuple[Run, Finished]]:
    """The tuned trainings of one network by replicate."""
    return {
        run.replicate: (run, finished)
        for run, finished in best
        if run.network.width == width and frozenset(run.tasks) == network.members
    }


def skills_of(
    contenders: Sequence[Contender], best: Results, sizes: Sizes, *, order: Sequence[str], role: Role
) -> Skills:
    """Skill of each task in each replicate under each contender; nan where it has none.

    Args:
        contenders: that were retrained.
        best: tuned runs of the `confirm_plan`.
        sizes: widths of their networks.
        order: of the columns.
        role: of the rows.

    Raises:
        InputError: no setting could train a network.
    """
    found: dict[tuple[int, frozenset[str]], dict[tuple[int, str], float]] = {}
    for run, finished in best:
        if "failed" in finished.info:
            raise InputError(f"no setting could train {' and '.join(run.tasks[:3])}: {finished.info['failed']}")
        table = found.setdefault((run.network.width, frozenset(run.tasks)), {})
        table |= {(run.replicate, name): value for name, value in finished.last("skill", role).items()}
    replicates = sorted({run.replicate for run, _ in best})
    tables: dict[str, Floats] = {}
    for each in contenders:
        width = sizes.width(len(each.networks))
        serving = {task: found[width, network.members] for network in each.networks for task in network.serves}
        rows = [[serving[name].get((replicate, name), np.nan) for name in order] for replicate in replicates]
        tables[each.name] = np.array(rows, dtype=np.float64)
    return tables

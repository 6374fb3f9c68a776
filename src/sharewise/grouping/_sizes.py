"""How wide the networks of a contender are, so that all contenders cost the same at inference."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import final

from torch import nn

from sharewise._core import InputError
from sharewise.grouping._contenders import Contender
from sharewise.grouping._protocol import GroupingProtocol
from sharewise.models import MultiTask, count_parameters, solve_width
from sharewise.runs import Perform, Run


@final
class Sizes:
    """Widths and parameters of hard-shared networks, as they are served: heads of the served tasks alone.

    Args:
        perform: builds networks.
        like: a run with the network for all tasks.
        protocol: whether parameters or networks are equal.

    Example:
        >>> from sharewise.mixing import digits
        >>> data = digits()
        >>> names = tuple(task.name for task in data.tasks)
        >>> sizes = Sizes(Perform(data), Run("together", names, 0), GroupingProtocol())
        >>> sizes.width(1), 0.9 < sizes.parameters(3, sizes.width(3)) / sizes.parameters(1, 96) < 1.1
        (96, True)
    """

    def __init__(self, perform: Perform, like: Run, protocol: GroupingProtocol) -> None:
        self._perform, self._like = perform, like
        self._equal = protocol.equal == "parameters" and perform.trunk is None
        self._known: dict[int, int] = {}

    @property
    def equal(self) -> bool:
        """Whether all contenders have as many parameters, as nearly as widths allow."""
        return self._equal

    def width(self, networks: int) -> int:
        """Of the trunks, if so many of them, with heads for all tasks, are to cost as much as one of the full width.

        Raises:
            InputError: so many networks are too large even at width 1.
        """
        full = self._like.network.width
        if not self._equal or networks == 1:
            return full
        if networks not in self._known:
            self._known[networks] = self._solve(networks)
        return self._known[networks]

    def parameters(self, networks: int, width: int) -> int:
        """Of so many trunks and of the heads of all tasks."""
        return _served(self._network(width), networks)

    def _solve(self, networks: int) -> int:
        budget = self.parameters(1, self._like.network.width)
        try:
            return solve_width(
                self._network,
                budget,
                measure=lambda network: _served(network, networks),
                largest=self._like.network.width,
            )
        except ValueError as error:
            raise InputError(f"{networks} networks cannot cost as much as one: {error}") from None

    def _network(self, width: int) -> nn.Module:
        return self._perform.network(replace(self._like, network=replace(self._like.network, width=width)))


def _served(network: nn.Module, networks: int) -> int:
    assert isinstance(network, MultiTask)
    return networks * count_parameters(network.trunk) + count_parameters(network.heads)


def fitting(contenders: Sequence[Contender], sizes: Sizes) -> tuple[list[Contender], Mapping[str, str]]:
    """The contenders that can be built at equal cost, and why others cannot: name -> reason."""
    kept, reasons = [], {}
    for each in contenders:
        try:
            sizes.width(len(each.networks))
            kept.append(each)
        except InputError as error:
            reasons[each.name] = str(error)
    return kept, reasons

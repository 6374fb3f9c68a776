"""Groups of tasks, each with a trunk of its own, as one stacked network."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sharewise._core import Tree, map_tree
from sharewise.models._heads import Heads
from sharewise.models._multitask import MultiTask, cast
from sharewise.models._stacked import Stacked, stack


@final
class Grouped(nn.Module):
    """A trunk for each group of tasks, a head for each task; hard sharing within a group, none between groups.

    The trunks are one stacked module: a forward pass has no loop over groups. The ends are `MultiTask` (one group) and
    `Independent` (a group for each task).

    Args:
        trunks: G stacked trunks; each gives features [N, H].
        group: Long [K], the trunk that serves each task.
        heads: of the K tasks.

    Raises:
        ValueError: `group` does not name a trunk for each task.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1, 1]}, {"regression": [0, 1, 2]})
        >>> model = Grouped(stack(lambda: nn.Linear(6, 4), 2), torch.tensor([0, 1, 0]), heads)
        >>> model(torch.zeros(5, 6))["regression"].shape
        torch.Size([5, 3, 1])
    """

    group: Tensor

    def __init__(self, trunks: Stacked, group: Tensor, heads: Heads) -> None:
        super().__init__()
        named = group.tolist()
        if len(named) != heads.tasks or not all(0 <= each < trunks.copies for each in named):
            raise ValueError(
                f"`group` must name one of {trunks.copies} trunks for each of {heads.tasks} tasks, got `group={named}`."
            )
        self.trunks = trunks
        self.heads = heads
        self.register_buffer("group", group, persistent=False)

    def forward(self, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None) -> dict[str, Tensor]:
        """Outputs of every task, or of the task of each row or pair; shapes as in `MultiTask.forward`."""
        inputs = cast(inputs, self.heads.weight)
        if task is None:
            h = self.trunks(inputs)
            chosen = functional.one_hot(self.group, self.trunks.copies).to(h)
            return self.heads.mix(h, chosen.unsqueeze(0))
        if row is not None:
            inputs = map_tree(lambda tensor: tensor.index_select(0, row), inputs)
        return self.heads(self.trunks.rows(inputs, self.group[task]), task)

    def task_slices(self) -> dict[nn.Parameter, Tensor]:
        """Owners of the slices of stacked parameters: parameter -> Bool [S, K]."""
        places = torch.arange(self.trunks.copies, device=self.group.device)
        owned = places.unsqueeze(-1) == self.group
        return {**self.heads.task_slices(), **dict.fromkeys(self.trunks.parameters(), owned)}

    def take(self, tasks: Sequence[int], fresh: Mapping[int, tuple[str, int]] | None = None) -> "Grouped":
        """A copy for these tasks only, in this order, with the trunks that serve them; arguments as in `Heads.take`."""
        group = self.group[torch.tensor(tasks, dtype=torch.long, device=self.group.device)]
        used, places = group.unique(return_inverse=True)
        return Grouped(self.trunks.take(used.tolist()), places, self.heads.take(tasks, fresh)).train(self.training)


def grouped(
    make: Callable[[int], nn.Module],
    features: int,
    heads: Heads,
    *,
    encoder: Callable[[], nn.Module] | None = None,
    groups: Sequence[int] | None = None,
) -> Grouped:
    """Groups of tasks with a network each (`Grouped`); `encoder` is called for each, since nothing is shared between.

    Args:
        make: from a number of features to a module [N, features] to [N, H].
        features: that the encoder gives.
        heads: of K tasks.
        encoder: makes what stands below, or None.
        groups: the number of each task's group, from 0; None: one group.

    Raises:
        ValueError: there is not a group for each task, or a number is left out.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> grouped(lambda d: nn.Linear(d, 4), 3, heads, groups=[0, 1]).trunks.copies
        2
    """
    below = encoder if encoder is not None else nn.Identity
    places = [0] * heads.tasks if groups is None else [int(each) for each in groups]
    if sorted(set(places)) != list(range(max(places, default=0) + 1)):
        raise ValueError(f"`groups` must number groups from 0 without a gap, got `groups={places}`.")
    trunks = stack(lambda: nn.Sequential(below(), make(features)), max(places) + 1)
    return Grouped(trunks, torch.tensor(places), heads)


@torch.no_grad()
def join_groups(networks: Sequence[MultiTask], group: Sequence[int], shell: Grouped) -> Grouped:
    """Separate networks of one shape as one stacked network, with equal predictions.

    Args:
        networks: G networks, each with heads for all K tasks.
        group: [K], the network that serves each task.
        shell: a network of such groups, whose numbers are replaced; it stays as it is.

    Returns:
        A copy of `shell` with the trunks of the networks and, for each task, the head of its network.

    Example:
        >>> heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]})
        >>> single = [MultiTask(nn.Linear(6, 4), copy.deepcopy(heads)) for _ in range(2)]
        >>> shell = Grouped(stack(lambda: nn.Linear(6, 4), 2), torch.tensor([0, 1]), heads)
        >>> x = torch.randn(3, 6)
        >>> joined = join_groups(single, [0, 1], shell)(x)["regression"]
        >>> torch.testing.assert_close(joined[:, 1], single[1](x)["regression"][:, 1])
    """
    model = copy.deepcopy(shell)
    trunks = [list(network.trunk.state_dict().values()) for network in networks]
    for place, stacked in enumerate(model.trunks.module.state_dict().values()):
        stacked.copy_(torch.stack([each[place] for each in trunks]))
    for task, chosen in enumerate(group):
        own = model.heads.owner == task
        for after, before in zip(model.heads.parameters(), networks[chosen].heads.parameters(), strict=True):
            after[own] = before[own]
    return model

"""Networks of all kinds, each a trunk with stacked linear heads."""

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from sharewise.models import Stacked

K, N, D, H = 4, 12, 5, 6


def mlp(depth=3, width=H):
    layers = []
    for level in range(depth):
        layers += [nn.Linear(D if level == 0 else width, width), nn.Tanh()]
    return nn.Sequential(*layers)


class Attention(nn.Module):
    """Tokens, positions, attention with dropout, norms: [N, D] integers to [N, H]."""

    def __init__(self, dropout=0.1):
        super().__init__()
        self.table, self.place = nn.Embedding(9, H), nn.Parameter(torch.randn(D, H))
        self.layer = nn.TransformerEncoderLayer(H, 2, 10, dropout=dropout, batch_first=True)

    def forward(self, x):
        return self.layer(self.table((x.abs() * 4).long().clamp(max=8)) + self.place).mean(1)


class Convolutions(nn.Module):
    """[N, D] to images to [N, H]."""

    def __init__(self, norm):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), norm, nn.ReLU(), nn.Conv2d(4, H, 3, groups=2))

    def forward(self, x):
        images = (x.unsqueeze(2) * x.unsqueeze(1)).unsqueeze(1)
        return self.net(images).mean((2, 3))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.net = kind(1, H, batch_first=True)

    def forward(self, x):
        return self.net(x.unsqueeze(-1))[0][:, -1]


class Cell(nn.Module):
    """The same weights used once for each step."""

    def __init__(self):
        super().__init__()
        self.cell = nn.RNNCell(1, H)

    def forward(self, x):
        h = x.new_zeros(len(x), H)
        for step in range(D):
            h = self.cell(x[:, step : step + 1], h)
        return h


class Tied(nn.Module):
    """One weight, used as it is and transposed: no rule holds for both."""

    def __init__(self):
        super().__init__()
        self.weight, self.out = nn.Parameter(torch.randn(D, D)), nn.Linear(D, H)

    def forward(self, x):
        return self.out((x @ self.weight).tanh() @ self.weight.T)


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.experts, self.gate = Stacked([mlp(2) for _ in range(3)]), nn.Linear(D, 3)

    def forward(self, x):
        return torch.einsum("enh,ne->nh", self.experts(x), self.gate(x).softmax(-1))


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(D, H), nn.Dropout(0.3), nn.Tanh(), nn.Linear(H, H))

    def forward(self, x):
        return checkpoint(self.net, x, use_reentrant=False)


class Dictionary(nn.Module):
    """Outputs of several kinds in a dictionary, one of them from an earlier layer."""

    def __init__(self):
        super().__init__()
        self.first, self.second = mlp(1), nn.Linear(H, H)

    def forward(self, x):
        h = self.first(x)
        return {"early": h, "late": self.second(h).relu()}["late"] + h


class Tuple(nn.Module):
    """Outputs in nested tuples, of which one is left unused."""

    def __init__(self):
        super().__init__()
        self.first, self.second = mlp(1), nn.Linear(H, H)

    def both(self, x):
        h = self.first(x)
        return h, (self.second(h).tanh(), h.exp())

    def forward(self, x):
        early, (late, _) = self.both(x)
        return early * late


TRUNKS = {
    "mlp": mlp,
    "norms": lambda: nn.Sequential(nn.Linear(D, H), nn.LayerNorm(H), nn.GELU(), nn.Linear(H, H, bias=False)),
    "attention": Attention,
    "convolutions, group norm": lambda: Convolutions(nn.GroupNorm(2, 4)),
    "experts": Experts,
    "cell": Cell,
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
    "dictionary": Dictionary,
    "tuple": Tuple,
    "wide": lambda: nn.Sequential(mlp(2, 40), nn.Linear(40, H)),
}
MIXED = {  # rows are not apart, or there is no rule
    "batch norm": lambda: Convolutions(nn.BatchNorm2d(4)),
    "tied": Tied,
    "checkpoint": Checkpointed,
}


class Network(nn.Module):
    """A trunk, and stacked linear heads."""

    def __init__(self, trunk, tasks=K):
        super().__init__()
        self.trunk, self.heads = trunk, nn.Parameter(torch.randn(tasks, H))

    def task_slices(self):
        return {self.heads: torch.eye(len(self.heads), dtype=torch.bool)}

    def shared_losses(self, x):
        return (self.trunk(x) @ self.heads.T - 1).square().mean(0)

    def own_losses(self, x, task):
        loss = ((self.trunk(x) * self.heads[task]).sum(1) - 1).square()
        return torch.zeros(len(self.heads), dtype=x.dtype).index_add(0, task, loss)


def network(name, dtype=torch.double):
    torch.manual_seed(0)
    net = Network({**TRUNKS, **MIXED}[name]()).to(dtype)
    return net, torch.randn(N, D, dtype=dtype), torch.randint(K, (N,))

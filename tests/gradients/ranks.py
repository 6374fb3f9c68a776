"""Two ranks with half of the rows each, against one process with all: run by `test_fill.py`."""

import copy
import socket
import sys

import torch
from torch import distributed, multiprocessing, nn
from torch.nn.parallel import DistributedDataParallel

from sharewise._core import Weighting
from sharewise.gradients import backward

K, N, D, H = 3, 16, 5, 7


class Inverse(Weighting):
    def forward(self, gramian, present):
        return torch.where(present, (gramian.diagonal() + 1).rsqrt(), 0.0)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(D, H), nn.LayerNorm(H), nn.Tanh(), nn.Linear(H, H))
        self.heads = nn.Parameter(torch.randn(K, H))

    def forward(self, x, task):
        out = self.trunk(x) @ self.heads.T
        return out if task is None else out.gather(1, task.unsqueeze(1)).squeeze(1)


def losses(net, x, task, rows, ranks):
    """This rank's share: the mean over the ranks is the loss of the whole batch."""
    out = net(x, rows).square()
    if rows is None:
        return out.sum(0) * ranks / N
    return torch.zeros(K, dtype=x.dtype).scatter_add(0, rows, out) * ranks / task.bincount(minlength=K)


def mean(tensor):
    distributed.all_reduce(tensor)
    return tensor / distributed.get_world_size()


def compare(rank, wrapped, separate):
    torch.manual_seed(0)
    net, x, task = Network().double(), torch.randn(N, D, dtype=torch.double), torch.randint(K, (N,))
    owners = torch.eye(K, dtype=torch.bool)
    one = copy.deepcopy(net)
    expected = backward(losses(one, x, task, task if separate else None, 1), Inverse(), task={one.heads: owners})
    mine = slice(rank, None, 2)
    model = DistributedDataParallel(net) if wrapped else net
    rows = task[mine] if separate else None
    share = losses(model, x[mine], task, rows, 2)
    info = backward(share, Inverse(), task={net.heads: owners}, rows=rows, reduce=mean)
    torch.testing.assert_close(info.gramian, expected.gramian)
    if separate:
        assert "rows of one task each" in info.paths[net.trunk[0].weight]
    for p, q in zip(net.parameters(), one.parameters(), strict=True):
        torch.testing.assert_close(p.grad if wrapped else mean(p.grad), q.grad)
    sys.stdout.write("equal\n")
    sys.stdout.flush()


def run(rank, port):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    try:
        for wrapped in (False, True):
            for separate in (False, True):
                compare(rank, wrapped, separate)
    finally:
        distributed.destroy_process_group()


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    multiprocessing.start_processes(run, (number,), nprocs=2, start_method="fork")
    sys.exit(0)

import torch
from torchjd.aggregation import MGDAWeighting

from sharewise.gradients import MGDA

ALL = torch.ones(5, dtype=torch.bool)


def test_is_as_good_as_torchjd_and_better_by_its_tolerance() -> None:
    # both follow the paper; torchjd stops Frank-Wolfe early, so its vector is longer
    excess = []
    for seed in range(3):
        rows = torch.randn(5, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.3
        gramian = rows @ rows.T
        ours, theirs = MGDA()(gramian, ALL) / 5, MGDAWeighting(epsilon=1e-5, max_iters=3000)(gramian)
        excess.append(((theirs @ gramian @ theirs) / (ours @ gramian @ ours) - 1).item())
        rough = MGDAWeighting()(gramian)
        assert rough @ gramian @ rough >= ours @ gramian @ ours
    assert min(excess) > -1e-12
    assert max(excess) < 1e-2


def test_an_absent_task_does_not_stop_the_others() -> None:
    gramian = torch.diag(torch.tensor([0.0, 1.0, 4.0]))
    assert MGDA()(gramian, torch.tensor([False, True, True])).tolist() == torch.tensor([0.0, 1.6, 0.4]).tolist()
    # present with a zero gradient it does, as the paper has it
    assert MGDA()(gramian, torch.tensor([True, True, True])).tolist() == [3.0, 0.0, 0.0]


def test_optimality_can_be_read() -> None:
    method = MGDA()
    method(torch.eye(5).expand(2, 5, 5), ALL.expand(2, 5))
    assert method.optimal.tolist() == [True, True]
    assert "optimal" not in method.state_dict()

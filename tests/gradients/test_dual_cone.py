import pytest
import torch
from scipy.optimize import nnls

from sharewise.gradients._correlation import correlate
from sharewise.gradients._dual_cone import dual_cone


@pytest.mark.parametrize("tasks", [2, 5, 40])
@pytest.mark.parametrize("columns", [3, 60])
def test_projects_onto_the_cone(tasks: int, columns: int) -> None:
    noise = torch.Generator().manual_seed(tasks)
    rows = torch.randn(tasks, columns, generator=noise, dtype=torch.float64)
    parts = correlate(rows @ rows.T, torch.ones(tasks, dtype=torch.bool))
    directions = rows / rows.norm(dim=1, keepdim=True)
    before = torch.randn(4, tasks, generator=noise, dtype=torch.float64)
    after, optimal = dual_cone(before, parts)
    assert optimal.all()
    for old, new in zip(before @ directions, after @ directions, strict=True):
        # Moreau: the projection on the dual cone is the vector plus the nearest point of the opposite cone
        x, _ = nnls(directions.T.numpy(), -old.numpy())
        torch.testing.assert_close(new, old + torch.tensor(x) @ directions, rtol=0, atol=1e-9)
        assert (directions @ new > -1e-9).all()


def test_a_vector_in_the_cone_stays() -> None:
    parts = correlate(torch.eye(3).double(), torch.ones(3, dtype=torch.bool))
    assert dual_cone(torch.tensor([1.0, 0.0, 2.0]).double(), parts)[0].tolist() == [1.0, 0.0, 2.0]

"""Models, tasks and gradients together: batches whose rows belong to one task each cost one pass."""

import pytest
import torch
from tests.gradients.loops import Inverse, assert_equals_loop, gradients, products
from tests.models.conftest import FEATURES, FORMS

from sharewise._core import Batch
from sharewise.gradients import backward
from sharewise.gradients._ownership import find_owners
from sharewise.models import Heads, MultiTask, TableTrunk
from sharewise.tasks import Binary, Criterion, Multiclass, Regression, Task, kind_index

N, TASKS = 40, [Task("a", Regression()), Task("b", Binary()), Task("c", Multiclass(3)), Task("d", Regression())]


def test_tables_with_tasks_of_several_kinds():
    torch.manual_seed(0)
    index = {key: places.tolist() for key, places in kind_index(TASKS).items()}
    heads = Heads(16, {key: [TASKS[k].kind.width for k in places] for key, places in index.items()}, index)
    model = MultiTask(TableTrunk(5, [4, 3], width=16), heads).double()
    criterion = Criterion(TASKS)
    for _ in range(2):
        batch = Batch(
            {"numeric": torch.randn(N, 5, dtype=torch.double), "categorical": torch.randint(3, (N, 2))},
            {
                "regression": torch.randn(N, dtype=torch.double),
                "binary": torch.randint(2, (N,)).double(),
                "multiclass": torch.randint(3, (N,)),
            },
            observed=torch.rand(N) < 0.8,
            task=torch.randint(len(TASKS), (N,)),
        )
        info = assert_equals_loop(
            lambda batch=batch: criterion(model(batch.inputs, batch.task), batch).mean(),
            lambda losses, batch=batch: backward(losses, Inverse(), task=model, rows=batch.task),
            [p for p in model.trunk.parameters() if p.requires_grad],
            list(heads.parameters()),
        )
        assert all("rows of one task each" in info.paths[p] for p in model.trunk.parameters())


@pytest.mark.parametrize("one", [True, False], ids=["one", "dense"])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_sharing(name, one):
    torch.manual_seed(0)
    model = FORMS[name](3).double().eval()
    x, task = torch.randn(N, FEATURES, dtype=torch.double), torch.randint(3, (N,)) if one else None

    def losses():
        squares = {key: out.masked_fill(out.isinf(), 0.0).square() for key, out in model(x, task).items()}
        if task is not None:
            rows = torch.stack([each.sum(-1) for each in squares.values()]).sum(0)
            return torch.zeros(3, dtype=x.dtype).scatter_add(0, task, rows)
        return torch.cat([each.sum((0, 2)) for each in squares.values()])

    _, owners = find_owners(losses(), model)
    rows = dict(zip(owners, gradients(losses(), list(owners)), strict=True))
    info = backward(losses(), Inverse(), task=model, rows=task)
    common = [
        part if owners[p].mask is None else part * owners[p].along(p) for p, part in rows.items() if owners[p].shared
    ]
    torch.testing.assert_close(info.gramian, products(common) if common else torch.zeros(3, 3, dtype=x.dtype))
    for p, part in rows.items():
        if one and owners[p].shared:
            assert "rows of one task each" in info.paths[p]
        expected, plain = torch.tensordot(info.weights, part, dims=1), part.sum(0)
        if owners[p].mask is not None:
            expected = torch.where(owners[p].along(p), expected, plain)
        torch.testing.assert_close(p.grad, expected if owners[p].shared else plain)

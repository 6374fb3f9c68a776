"""Models, tasks and gradients together: batches whose rows belong to one task each cost one pass."""

import torch
from tests.gradients.loops import Inverse, assert_equals_loop

from sharewise._core import Batch
from sharewise.gradients import backward
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

"""Your own loop: two tasks of different kinds, missing labels, and a look at the tasks' gradients.

python examples/loop.py
"""

import torch
from torch import Tensor, nn

from sharewise.gradients import UPGrad, backward
from sharewise.mixing import Mixture, Tensors, from_arrays
from sharewise.models import Heads, MultiTask
from sharewise.tasks import Binary, Criterion, Regression, Task, evaluate, predictions


def rows(count: int) -> Tensors:
    """A price that is known for two rows of three, and whether it was sold."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count, 8, generator=generator)
    price = x[:, 0] + x[:, 1] + 0.1 * torch.randn(count, generator=generator)
    price[::3] = torch.nan
    tasks = [Task("price", Regression()), Task("sold", Binary())]
    return Tensors(*from_arrays(x, {"price": price, "sold": (x[:, 0] > 0).float()}, tasks=tasks))


def main(steps: int = 500) -> dict[str, dict[str, float]]:
    """Train with a gradient method and return the scores on the test rows."""
    torch.manual_seed(0)
    data = rows(2000)
    split = data.split(0)
    prepared = data.prepare(split.train)
    heads = Heads(32, {"regression": [1], "binary": [1]}, {"regression": [0], "binary": [1]})
    model = MultiTask(nn.Sequential(nn.Linear(8, 32), nn.ReLU()), heads)
    criterion, mixture, method = Criterion(data.tasks), Mixture([split.train], batch_size=64), UPGrad()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    cosine: Tensor | None = None
    for step in range(steps):
        batch = prepared.batch.take(mixture.rows(step))
        losses = criterion(model(batch.inputs), batch)
        optimiser.zero_grad()
        info = backward(losses.mean(), method, present=losses.present, task=model)
        optimiser.step()
        cosine = info.cosines
    print("cosine of the two gradients in the last step:", None if cosine is None else round(float(cosine[0, 1]), 3))

    test = data.raw.take(split.test)  # labels in their own units
    with torch.no_grad():
        found = prepared.encoder.decode(predictions(model.eval()(test.inputs), data.tasks))
    scores = evaluate(data.tasks, found, test)
    print(scores)
    return scores


if __name__ == "__main__":
    main()

import torch

from sharewise.models import Heads, MultiTask


def test_rows_of_pairs_with_a_leading_axis():
    heads = Heads(4, {"regression": [1, 1]}, {"regression": [0, 1]}).double()
    h, row = torch.randn(2, 5, 4, dtype=torch.float64), torch.tensor([[0, 4, 4], [1, 1, 2]])
    task = torch.tensor([[0, 1, 0], [1, 1, 0]])
    model = MultiTask(torch.nn.Identity(), heads)
    out = model(h, task, row)["regression"]
    for at in range(2):
        torch.testing.assert_close(out[at], model(h[at], task[at], row[at])["regression"])
        torch.testing.assert_close(out[at], model(h[at])["regression"][row[at], task[at]])

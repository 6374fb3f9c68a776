import torch

from sharewise.tasks import InformationTransfer, calibration


def test_calibration_equals_a_loop():
    logits = torch.randn(2, 7, 4, dtype=torch.float64)
    probability = logits.sigmoid()
    for model in range(2):
        for row in range(7):
            steps = [probability[model, row, k + 1] - probability[model, row, k] for k in range(3)]
            expected = sum(max(step.item(), 0.0) for step in steps)
            torch.testing.assert_close(calibration(logits)[model, row].item(), expected)


def test_the_right_order_costs_nothing():
    logits = torch.randn(20, 5).sort(-1, descending=True).values.requires_grad_()
    loss = calibration(logits)
    assert (loss == 0).all()
    assert (torch.autograd.grad(loss.sum(), logits)[0] == 0).all()


def test_calibration_pulls_the_two_together():
    logits = torch.tensor([[-1.0, 1.0]], requires_grad=True)
    gradient = torch.autograd.grad(calibration(logits).sum(), logits)[0]
    assert gradient[0, 0] < 0 < gradient[0, 1]


def test_transfer_equals_attention_written_out():
    transfer, earlier, later = InformationTransfer(6).double(), *torch.randn(2, 9, 6, dtype=torch.float64)
    value, key, query = transfer.attention.weight.chunk(3)
    for row in range(9):
        passed = torch.relu(transfer.transfer.weight @ earlier[row] + transfer.transfer.bias)
        parts = [passed, later[row]]
        scores = torch.stack([(key @ part) @ (query @ part) for part in parts]) / 6**0.5
        first, second = (scores.exp() / scores.exp().sum()).unbind()
        expected = first * (value @ passed) + second * (value @ later[row])
        torch.testing.assert_close(transfer(earlier, later)[row], expected)


def test_transfer_keeps_the_leading_axis():
    transfer, earlier, later = InformationTransfer(4), *torch.randn(2, 3, 5, 4)
    separate = torch.stack([transfer(e, q) for e, q in zip(earlier, later, strict=True)])
    torch.testing.assert_close(transfer(earlier, later), separate)

import pytest
import torch

from sharewise._core import Batch, InputError
from sharewise.tasks import (
    Binary,
    Complement,
    Criterion,
    Product,
    Regression,
    Relations,
    Task,
    Within,
    conjunction,
    restrict,
)

TASKS = [Task("r", Regression()), *(Task(name, Binary()) for name in ("a", "b", "c", "d"))]


def _outputs(rows):
    return {"regression": torch.randn(rows, 1, 1), "binary": torch.randn(rows, 4, 1, dtype=torch.float64)}


@pytest.mark.parametrize("factors", [1, 2, 3, 5])
def test_conjunction_is_the_product(factors):
    logits = torch.randn(factors, 50, dtype=torch.float64)
    torch.testing.assert_close(conjunction(*logits).sigmoid(), logits.sigmoid().prod(0))


def test_conjunction_has_the_gradient_of_the_product():
    logits = torch.randn(3, 20, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: conjunction(*x), logits)
    found = torch.autograd.grad(conjunction(*logits).sigmoid().sum(), logits)[0]
    torch.testing.assert_close(found, torch.autograd.grad(logits.sigmoid().prod(0).sum(), logits)[0])


@pytest.mark.parametrize(("a", "b"), [(-200.0, -200.0), (200.0, -200.0), (200.0, 200.0), (-200.0, 0.0)])
def test_conjunction_keeps_its_gradient_where_the_product_loses_it(a, b):
    logits = torch.tensor([a, b], requires_grad=True)
    positive = Binary().loss(conjunction(*logits).view(1, 1), torch.ones(1))
    gradient = torch.autograd.grad(positive.sum(), logits)[0]
    expected = -torch.sigmoid(-logits)  # of -log p(a) - log p(b)
    torch.testing.assert_close(positive.sum(), torch.nn.functional.softplus(-logits).sum())
    torch.testing.assert_close(gradient, expected)


def test_tasks_that_follow_get_their_logits():
    outputs = _outputs(9)
    found = Relations(TASKS, [Product("c", ("a", "b")), Complement("d", ("a",))])(outputs)
    probability = outputs["binary"][..., 0].sigmoid().unbind(1)
    result = found["binary"][..., 0].sigmoid().unbind(1)
    torch.testing.assert_close(result[2], probability[0] * probability[1])
    torch.testing.assert_close(result[3], 1 - probability[0])
    assert torch.equal(found["binary"][:, :2], outputs["binary"][:, :2])
    assert found["regression"] is outputs["regression"]


def test_chains_are_followed_in_any_order():
    outputs = _outputs(9)
    chain = [Complement("d", ("c",)), Product("c", ("b", "a")), Complement("b", ("a",))]
    a = outputs["binary"][:, 0, 0].sigmoid()
    for relations in (chain, chain[::-1]):
        found = Relations(TASKS, relations)(outputs)["binary"][..., 0].sigmoid()
        torch.testing.assert_close(found[:, 3], 1 - (1 - a) * a)


def test_a_complement_of_several():
    logits = torch.randn(2, 30, dtype=torch.float64)
    torch.testing.assert_close(Complement("d", ("a", "b")).logit(list(logits)).sigmoid(), 1 - logits.sigmoid().prod(0))


def test_leading_axis_is_kept():
    outputs = {"binary": torch.randn(3, 6, 4, 1)}
    relations = Relations(TASKS[1:], [Product("c", ("a", "b"))])
    separate = torch.stack([relations({"binary": part})["binary"] for part in outputs["binary"]])
    torch.testing.assert_close(relations(outputs)["binary"], separate)


def test_entire_space_loss_reaches_both_factors():
    outputs = _outputs(20)
    outputs["binary"].requires_grad_()
    batch = Batch(
        torch.zeros(20), {"regression": torch.zeros(20, 1), "binary": torch.randint(2, (20, 4))}, torch.ones(20, 5) > 0
    )
    related = Relations(TASKS, [Product("c", ("a", "b"))])(outputs)
    loss = Criterion(TASKS)(related, batch).total[3]
    gradient = torch.autograd.grad(loss, outputs["binary"])[0]
    assert (gradient[:, :2] != 0).all()
    assert (gradient[:, 2:] == 0).all()


def test_no_relation_changes_nothing():
    outputs, batch = _outputs(3), Batch(torch.zeros(3), {"binary": torch.zeros(3, 1)})
    assert Relations(TASKS, [])(outputs) is outputs
    assert restrict(batch, TASKS[1:2], []) is batch


@pytest.mark.parametrize(
    ("relations", "message"),
    [
        ([Product("c", ("a", "x"))], "Unknown task `x` in .*; the tasks are r, a, b, c, d"),
        ([Complement("x", ("a",))], "Unknown task `x`"),
        ([Product("c", ("a", "r"))], "Task `r` in .* must be binary, got `Regression"),
        ([Complement("c", ("a",)), Complement("c", ("b",))], "Task `c` must stand in one relation, got two"),
        ([Product("a", ("a", "b"))], "must not follow from themselves, got `a` -> `a`"),
        (
            [Complement("a", ("b",)), Complement("b", ("c",)), Complement("c", ("a",))],
            "got `[abc]` -> `[abc]` -> `[abc]`",
        ),
        ([Product("c", ())], "`of` must name at least one task"),
    ],
)
def test_impossible_relations_are_refused(relations, message):
    with pytest.raises(InputError, match=message):
        Relations(TASKS, relations)


def test_labels_count_where_the_other_task_holds():
    targets = torch.randint(2, (200, 4))
    batch = Batch(torch.zeros(200), {"regression": torch.zeros(200, 1), "binary": targets}, torch.rand(200, 5) > 0.3)
    spaces = [Within("c", ("b",)), Within("r", ("c", "d")), Within("b", ("a",))]
    for order in (spaces, spaces[::-1]):
        found = restrict(batch, TASKS, order).observed
        for row in range(200):
            seen, label = batch.observed[row].tolist(), targets[row].bool().tolist()
            b = seen[2] and seen[1] and label[0]
            c = seen[3] and b and label[1]
            r = seen[0] and c and label[2] and seen[4] and label[3]
            assert found[row].tolist() == [r, seen[1], b, c, seen[4]]


def test_fully_observed_batches_are_restricted_too():
    batch = Batch(torch.zeros(3), {"binary": torch.tensor([[1, 0], [0, 1], [1, 1]])})
    found = restrict(batch, TASKS[1:3], [Within("b", ("a",))])
    assert found.observed.tolist() == [[True, True], [True, False], [True, True]]


def test_spaces_are_checked():
    batch = Batch(torch.zeros(3), {"binary": torch.zeros(3, 4), "regression": torch.zeros(3, 1)})
    with pytest.raises(InputError, match=r"Task `r` in .* must be binary"):
        restrict(batch, TASKS, [Within("a", ("r",))])
    with pytest.raises(InputError, match=r"must not follow from themselves, got `[ab]` -> `[ab]` -> `[ab]`"):
        restrict(batch, TASKS, [Within("a", ("b",)), Within("b", ("a",))])
    single = Batch(torch.zeros(3), {"binary": torch.zeros(3)}, task=torch.zeros(3, dtype=torch.long))
    with pytest.raises(ValueError, match="`batch` must be dense"):
        restrict(single, TASKS, [Within("b", ("a",))])

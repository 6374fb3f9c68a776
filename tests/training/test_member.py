import torch

from sharewise.training import Recipe, Training
from sharewise.training._member import Member
from sharewise.training._training import mixture_of


def member(made, **more):
    given = Training(made.model(), made.tasks, made.data(), made.split(), recipe=Recipe(steps=40, patience=2), **more)
    return Member(0, given)


def test_waits_until_patience_or_steps_end(made):
    one = member(made)
    assert [one.reach(step, skill) for step, skill in ((10, 0.1), (20, 0.3), (30, 0.2))] == [True, True, False]
    assert one.waits
    assert not one.reach(35, float("nan"))
    assert not one.waits
    assert (one.fit().best_step, one.fit().best_skill, one.fit().steps) == (20, 0.3, 35)
    last = member(made)
    last.reach(40, 0.5)
    assert not last.waits


def test_the_first_evaluation_is_the_best_so_far_even_without_skill(made):
    one = member(made)
    assert one.reach(10, -float("inf"))
    assert not one.reach(20, -float("inf"))


def test_records_of_trained_tasks_alone_are_kept_and_told(made):
    noted = made.noted()
    one = member(made, trained=torch.tensor([True, False, True]), callbacks=[noted])
    one.reach(10, 0.1)
    one.record([("loss", "valid", [1.0, 2.0, 3.0])], [])
    assert [(each.task, each.value, each.step) for each in one.fit().records] == [("up", 1.0, 10), ("down", 3.0, 10)]
    assert noted.told == [(10, 2)]


def test_the_mixture_is_the_one_of_the_loop(made):
    given = member(made).given
    rows = mixture_of(given).rows(0)
    assert len(rows) == given.recipe.batch_size
    assert set(rows.tolist()) <= set(given.split.train.tolist())

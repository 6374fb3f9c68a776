import pytest
import torch

from sharewise._core import InputError
from sharewise.tasks import Binary, Custom, Multiclass, Regression, Task, accuracy, kind_index, mae, r2


def test_metrics_are_those_of_the_kind_unless_given():
    assert Task("a", Regression()).metrics[0] is r2
    assert Task("a", Regression(), (mae,)).metrics == (mae,)
    assert Task("a", Multiclass(3)).metrics[0] is accuracy


def test_task_is_a_value():
    assert Task("a", Multiclass(3)) == Task("a", Multiclass(3))
    assert len({Task("a", Binary()), Task("a", Binary()), Task("b", Binary())}) == 2


@pytest.mark.parametrize(
    ("kind", "weights", "message"),
    [
        (Binary(), (1.0,), "task `a` must hold 2 weights, got `class_weight=\\(1.0,\\)`"),
        (Multiclass(3), (1.0, 2.0), "task `a` must hold 3 weights"),
        (Regression(), (1.0,), "task `a` must be None, since its kind has no classes"),
        (Binary(), (1.0, -1.0), "task `a` must be positive"),
        (Binary(), (0.0, 0.0), "task `a` must be positive"),
    ],
)
def test_class_weights_must_fit(kind, weights, message):
    with pytest.raises(ValueError, match=message):
        Task("a", kind, class_weight=weights)


def test_name_must_not_be_empty():
    with pytest.raises(ValueError, match="`name` must not be empty"):
        Task("", Binary())


def test_index_covers_every_place_once():
    kinds = [Regression(), Binary(), Multiclass(3), Regression(), Multiclass(5), Regression(2), Binary()]
    index = kind_index([Task(f"t{i}", kind) for i, kind in enumerate(kinds)])
    assert torch.cat(list(index.values())).sort().values.tolist() == list(range(7))
    for key, places in index.items():
        assert all(kinds[place].key == key for place in places.tolist())
        assert (places.diff() > 0).all()
    assert list(index) == ["regression", "binary", "multiclass", "regression2"]


def test_names_of_duplicates_are_told():
    tasks = [Task(name, Binary()) for name in ("a", "b", "a", "c", "c")]
    with pytest.raises(InputError, match="must differ, got `a`, `c` twice"):
        kind_index(tasks)


def test_one_key_means_one_kind():
    other = Custom("binary", 1, loss_function=lambda o, t: o.squeeze(-1) - t, metrics_default=(mae,))
    with pytest.raises(ValueError, match="`binary` with different kinds for tasks `a` and `b`"):
        kind_index([Task("a", Binary()), Task("b", other)])

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from sharewise._core import ROLES, InputError
from sharewise.mixing import digits, multidigits
from sharewise.mixing._digits import _overlay, _slant, _stroke


@pytest.fixture(scope="module")
def data():
    return digits()


@pytest.fixture(scope="module")
def pairs():
    return multidigits(2000)


def ridge(inputs, y, train, test):
    X = np.hstack([inputs, np.ones((len(inputs), 1))])
    weights = np.linalg.solve(X[train].T @ X[train] + 1e-3 * np.eye(X.shape[1]), X[train].T @ y[train])
    return 1 - np.square(X[test] @ weights - y[test]).mean(0) / y[test].var(0)


def test_tasks_of_three_kinds_without_gaps(data):
    assert {task.kind.key for task in data.tasks} == {"multiclass", "binary", "regression"}
    assert len(data.tasks) >= 5
    assert data.raw.observed is None
    assert all(torch.isfinite(target.double()).all() for target in data.raw.targets.values())


def test_classes_follow_the_digit(data):
    digit = torch.from_numpy(load_digits().target)
    assert torch.equal(data.raw.targets["multiclass"][:, 0], digit)
    assert torch.equal(data.raw.targets["binary"][:, 0], digit % 2)
    assert torch.equal(data.raw.targets["binary"][:, 1], (digit >= 5).long())


def test_inputs_are_coarse_images(data):
    assert data.raw.inputs.shape == (1797, 16)
    assert data.raw.inputs.dtype is torch.float32
    assert data.raw.inputs.min() >= 0
    assert data.raw.inputs.max() <= 1
    first = load_digits().images[5]
    assert data.raw.inputs[5, 6].item() == pytest.approx(first[2:4, 4:6].mean() / 16)


def test_slant_and_stroke_can_be_predicted_but_not_perfectly(data):
    split = data.split(0)
    score = ridge(
        data.raw.inputs.double().numpy(),
        data.raw.targets["regression"].numpy(),
        split.train.numpy(),
        split.test.numpy(),
    )
    assert ((score > 0.4) & (score < 0.99)).all()


@pytest.mark.parametrize("lean", [-0.5, 0.0, 0.3, 1.0])
def test_slant_of_a_sheared_ellipse(lean):
    y, x = np.mgrid[:61, :61] - 30.0
    image = ((x + lean * y) / 4) ** 2 + (y / 12) ** 2 <= 1
    assert _slant(image[None].astype(float))[0] == pytest.approx(np.degrees(np.arctan(lean)), abs=0.5)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_stroke_of_a_bar(width):
    image = np.zeros((8, 8))
    image[:, 2 : 2 + width] = 1.0
    assert _stroke(image) == pytest.approx(width, rel=0.3)
    thinner = np.zeros((8, 8))
    thinner[:, 2 : 1 + width] = 1.0
    assert width == 1 or _stroke(image) > _stroke(thinner)


def test_splits_of_digits_are_stratified(data):
    assert data.resampled
    split = data.split(1)
    for role in ROLES:
        assert torch.bincount(data.raw.targets["multiclass"][split.rows(role), 0]).min() >= 17
    assert split.sizes["train"] == pytest.approx(0.6 * 1797, abs=5)


def test_the_content_never_changes(data):
    assert data.fingerprint == digits().fingerprint
    assert multidigits(50).fingerprint == multidigits(50).fingerprint
    assert multidigits(50).fingerprint != multidigits(50, seed=1).fingerprint


def test_pairs_have_the_form_of_images(pairs):
    assert pairs.raw.inputs.shape == (2000, 1, 12, 12)
    assert pairs.raw.inputs.min() == 0
    assert pairs.raw.inputs.max() == 1
    assert [task.name for task in pairs.tasks] == ["left", "right"]
    assert not pairs.resampled
    assert pairs.split(0).sizes == {"train": 1200, "valid": 200, "select": 200, "test": 400}
    for column in pairs.raw.targets["multiclass"].T:
        assert torch.bincount(column, minlength=10).min() > 150


def test_overlaid_digits_can_be_found_again():
    images = load_digits().images / 16
    both = np.stack([np.arange(30), np.arange(30, 60)], 1)
    canvas = _overlay(images, both, seed=0)
    tops = set()
    for image, (left, right) in zip(canvas, both, strict=True):
        fits = [
            (top, under)
            for top in range(5)
            for under in range(5)
            if np.array_equal(image, _pasted(images[left], top, images[right], under))
        ]
        assert fits
        tops |= set(fits)
    assert {top for top, _ in tops} == set(range(5)) == {under for _, under in tops}


def _pasted(left, top, right, under):
    canvas = np.zeros((12, 12))
    canvas[top : top + 8, :8] = left
    canvas[under : under + 8, 4:] = np.maximum(canvas[under : under + 8, 4:], right)
    return canvas


def test_no_image_is_in_two_roles(pairs):
    # the first and last four columns show one digit alone
    images = load_digits().images / 16
    owner = {}
    for row in images:
        owner.setdefault(row[:, :4].tobytes(), set())
    split, roles_of = pairs.split(0), {}
    for role in ROLES:
        for canvas in pairs.raw.inputs[split.rows(role), 0].numpy():
            for part, half in (("left", canvas[:, :4]), ("right", canvas[:, 8:])):
                ink = np.flatnonzero(half.any(1))
                key = (part, half[ink.min() : ink.max() + 1].tobytes()) if len(ink) else None
                if key is not None and (half > 0).sum() > 12:
                    roles_of.setdefault(key, set()).add(role)
    assert len(roles_of) > 1000
    assert all(len(roles) == 1 for roles in roles_of.values())


def test_too_few_pairs():
    with pytest.raises(InputError, match="at least 4 rows, got 3"):
        multidigits(3)

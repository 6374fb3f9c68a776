from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from tests.diagnosis.worlds import interval
from torch import nn

from sharewise.diagnosis import Eavesdropping, measure_eavesdropping
from sharewise.diagnosis._eavesdrop import _numbers_of, eraser, probe_skill, relation
from sharewise.mixing import Tensors, from_arrays
from sharewise.models import Heads, MultiTask
from sharewise.runs import Perform


def drawn(rows=400, width=6, seed=0):
    draw = torch.Generator().manual_seed(seed)
    mix = torch.randn(width, width, dtype=torch.float64, generator=draw)
    return torch.randn(rows, width, dtype=torch.float64, generator=draw) @ mix + 3


def test_after_erasing_no_linear_model_finds_the_values():
    x = drawn()
    values = x @ torch.tensor([1.0, -2, 0, 0, 3, 0], dtype=torch.float64) + torch.randn(400, dtype=torch.float64)
    erased = eraser(x, relation(x, values))(x)
    assert LinearRegression().fit(x, values).score(x, values) > 0.5
    assert LinearRegression().fit(erased, values).score(erased, values) == pytest.approx(0, abs=1e-9)


def test_no_other_eraser_moves_features_less():
    """Any x - (x - mean) a b' with a'b = 1 and no covariance left: b is free in length only, a in its direction."""
    x = drawn()
    values = x[:, 0] + x[:, 1] ** 2
    centred = x - x.mean(0)
    least = (eraser(x, relation(x, values))(x) - x).square().sum()
    covariance = centred.T @ (values - values.mean())
    draw = torch.Generator().manual_seed(1)
    for _ in range(20):
        a = torch.randn(6, dtype=torch.float64, generator=draw)
        other = (centred @ a).unsqueeze(1) * covariance / (a @ covariance)
        assert (centred - other).T @ (values - values.mean()) == pytest.approx(np.zeros(6), abs=1e-6)
        assert other.square().sum() > least


def test_what_does_not_vary_is_left_alone():
    x = drawn()
    x[:, 2] = 5.0
    erased = eraser(x, torch.ones(6, dtype=torch.float64))(x)
    assert erased.isfinite().all()
    torch.testing.assert_close(erased[:, 2], x[:, 2])
    assert torch.linalg.matrix_rank(erased - erased.mean(0), rtol=1e-9) == 4


def test_the_probe_is_least_squares_judged_on_other_rows():
    x = drawn()
    values = x[:, 0] * x[:, 1] + x[:, 3]
    model = LinearRegression().fit(x[:300], values[:300])
    total = (values[300:] - values[:300].mean()).square().mean() / values[300:].var(correction=0)
    expected = 1 - (1 - r2_score(values[300:], model.predict(x[300:]))) / float(total)
    assert probe_skill(x[:300], values[:300], x[300:], values[300:]) == pytest.approx(expected)


@pytest.mark.parametrize("weight", [0.0, 0.6, 1.0])
def test_the_share_that_goes_through_a_feature_is_its_part_of_the_variance(weight):
    """A linear network that is right: y = w z + sqrt(1 - w^2) u of independent z and u, in 20 directions."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 20))
    y = weight * x[:, 0] + np.sqrt(1 - weight**2) * x[:, 1]
    data = Tensors(*from_arrays(x, {"y": y, "z": x[:, 0]}), name="made")
    perform = Perform(data)
    _, prepared = perform.prepared(0)
    trunk = nn.Linear(20, 20)
    model = MultiTask(trunk, Heads(20, {"regression": [1, 1]}, {"regression": [0, 1]}))
    inverse = np.linalg.inv(trunk.weight.detach().double().numpy())
    target = prepared.batch.targets["regression"][:, 0].flatten().double().numpy()
    slope = np.linalg.lstsq(np.c_[x, np.ones(4000)], target, rcond=None)[0]
    with torch.no_grad():
        head = slope[:20] @ inverse
        model.heads.weight[0] = torch.from_numpy(head).float()
        model.heads.bias[0] = float(slope[20] - head @ trunk.bias.double().numpy())
    probe, erased, random = _numbers_of(perform, 0, model, data.tasks[0], torch.from_numpy(x[:, 0]))
    assert probe == pytest.approx(1, abs=1e-4)
    assert erased == pytest.approx(weight**2, abs=0.06)  # test rows vary by 5 % less or more
    assert random == pytest.approx(1 / 20, abs=0.04)


def test_an_input_that_the_task_needs_carries_it_and_another_does_not(bench, arms):
    x = bench.perform.dataset.raw.inputs
    needed, useless = (measure_eavesdropping(bench, arms, "down", f"x{at}", x[:, at]) for at in (0, 1))
    assert needed.mediated.estimate > 0.25
    assert needed.mediated.estimate > useless.mediated.estimate + 0.2
    for arm in ("alone", "together"):
        assert needed.probe[arm].shape == (2,)
    difference = needed.erased["together"] - needed.random["together"]
    assert needed.mediated.estimate == pytest.approx(float(np.nanmean(difference)))


def test_without_one_trunk_there_is_nothing_to_erase_from(bench, arms):
    other = replace(arms, together=tuple(replace(run, sharing="mmoe") for run in arms.together))
    assert measure_eavesdropping(bench, other, "down", "x0", bench.perform.dataset.raw.inputs[:, 0]) is None


def test_sentences():
    probe = {"alone": np.array([0.2]), "together": np.array([0.8])}
    found = Eavesdropping("y", "z", probe, {}, {}, interval(0.5, 0.4, 0.6), interval(0.3, 0.1, 0.5))
    assert found.sentence == (
        "50% (40% to 60%) of the skill of `y` together goes through `z`, more than alone (+30%, +10% to +50%); a probe "
        "finds it in the trunk with skill 0.80, alone 0.20."
    )

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.diagnosis.worlds import SETUP, arms_of, bench_of, three_tasks

from sharewise.diagnosis import measure_regularisation, plain_view, split_gap
from sharewise.diagnosis._arms import numbers
from sharewise.diagnosis._noise import _chosen, _noisy, noisy, with_noise
from sharewise.evidence import paired_interval
from sharewise.runs import Network


@pytest.fixture(scope="module")
def noise():
    return with_noise(plain_view(three_tasks(), 2), ["up"], 50)


def test_every_role_has_the_same_training_rows(noise):
    view = plain_view(three_tasks(), 2)
    for replicate in (0, 1):
        split = noise.split(replicate)
        parts = [noise.inputs[split.rows(role)] for role in ("train", "valid", "select", "test")]
        assert all(torch.equal(part, parts[0]) for part in parts)
        assert len(parts[0]) == 50
        own = view.inputs[view.split(replicate).train]
        assert (torch.cdist(parts[0], own).amin(1) < 1e-3).all()
        labels = [noise.raw.targets["binary"][split.rows(role), 1] for role in ("train", "test")]
        assert torch.equal(*labels)


def test_random_labels_are_fair_and_tell_nothing():
    view = with_noise(plain_view(three_tasks(rows=4000), 1), ["up"], 2000)
    rows = view.split(0).train
    signs = view.raw.targets["binary"][rows, 1].double()
    assert abs(signs.mean() - 0.5) < 0.04
    assert abs(np.corrcoef(signs, view.raw.targets["regression"][rows, 0])[0, 1]) < 0.06


def test_missing_labels_have_no_random_ones():
    data = three_tasks()
    known = torch.arange(240) % 3 > 0
    data.raw = replace(data.raw, observed=torch.stack([known, torch.ones(240).bool(), torch.ones(240).bool()], 1))
    view = with_noise(plain_view(data, 1), ["up"], 100)
    assert torch.equal(view.raw.observed[:, 3], view.raw.observed[:, 0])
    assert not bool(view.raw.observed[:, 3].all())


def test_rows_of_rare_tasks_come_first_up_to_half():
    train, known = torch.arange(1000), torch.zeros(1000, dtype=torch.bool)
    known[:5] = True
    found = _chosen(train, known, 20, seed=0)
    assert set(found.tolist()) >= set(range(5))
    assert len(found.unique()) == 20
    known[:500] = True
    assert int(known[_chosen(train, known, 200, seed=0)].sum()) < 170  # 100 first, and half of the rest
    everything = torch.ones(1000, dtype=torch.bool)
    assert _chosen(train, everything, 50, seed=1).unique().numel() == 50


def test_the_others_keep_their_labels_and_do_not_stop_it(arms):
    run = _noisy(arms.together[0], "up", "together")
    assert (run.tasks, run.hints, run.shuffled) == (("late", "down", noisy("up")), ("late", "down"), ())
    assert run.judged == (noisy("up"),)
    assert _noisy(arms.of("shuffled", "up")[0], "up", "shuffled").shuffled == ("late", "down")
    assert _noisy(arms.alone["up"][0], "up", "alone").tasks == (noisy("up"),)


def test_a_large_network_remembers_what_a_small_one_cannot(tmp_path):
    fits = {}
    for width in (1, 64):
        bench = bench_of(three_tasks(), tmp_path / str(width))
        setup = replace(SETUP, trials=1, steps=200, network=Network(width, 2))
        (found,) = measure_regularisation(bench, arms_of(bench, setup), ["up"], rows=40, control=False)
        assert set(found.fit) == {"alone", "together"}
        fits[width] = found.fit["alone"].mean()
    assert fits[64] > 0.75
    assert fits[1] < 0.6


def test_gaps_are_those_of_the_arms(bench, arms):
    (found,) = measure_regularisation(bench, arms, ["late"], rows=40)
    losses = []
    for arm in ("alone", "together"):
        own = [(run, left) for run, left in arms.results if run.treatment == arm and "late" in run.tasks]
        losses.append({"train": numbers(own, "loss", "late", "train"), "new": numbers(own, "loss", "late", "test")})
    assert found.gaps == split_gap(*losses, interval=paired_interval(bench.perform.dataset))
    assert found.reduction.estimate == pytest.approx(float((found.fit["alone"] - found.fit["together"]).mean()))
    assert found.sentence.startswith("With random labels for `late` a network together fits")

"""Losses whose truth is known, and small runs."""

import numpy as np
import pytest
from tests.diagnosis.worlds import arms_of, bench_of, fixed_way, three_tasks

from sharewise.diagnosis import Setup
from sharewise.evidence import Interval
from sharewise.runs import Network

ROLES = ("train", "select", "test")


def interval(estimate, low=None, high=None):
    low, high = estimate - 0.1 if low is None else low, estimate + 0.1 if high is None else high
    return Interval(estimate, low, high, 0.05, 9.0, 10, "seeds")


@pytest.fixture(scope="session")
def known():
    return interval


@pytest.fixture(scope="session")
def table():
    """(treatment, task, role) -> [10] losses: the same mean for every role, or one for each, with a little noise."""

    def build(means, *, noise=0.01, seed=0):
        draw, found = np.random.default_rng(seed), {}
        for (arm, task), mean in means.items():
            for role, value in zip(ROLES, mean if isinstance(mean, tuple) else (mean,) * 3, strict=True):
                found[arm, task, role] = value + noise * draw.normal(size=10)
        return found

    return build


@pytest.fixture
def quick():
    return Setup(replicates=2, trials=1, network=Network(8, 1), steps=20, batch_size=32)


@pytest.fixture(scope="session", autouse=True)
def chosen_way():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sharewise.runs._bench.choose_way", fixed_way)
        yield


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    """Performs runs of three tasks."""
    return bench_of(three_tasks(), tmp_path_factory.mktemp("three"))


@pytest.fixture(scope="session")
def arms(bench):
    return arms_of(bench)

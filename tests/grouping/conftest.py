"""A finished grouping of made-up tasks, and what its parts need."""

import pytest

from sharewise.grouping import GroupingProtocol, group
from sharewise.mixing import planted_groups
from sharewise.runs import Network

QUICK = GroupingProtocol(
    replicates=2, short_replicates=2, trials=2, randoms=1, steps=12, batch_size=32, network=Network(16, 1)
)


@pytest.fixture(scope="session")
def quick():
    return QUICK


@pytest.fixture(scope="session")
def made():
    return planted_groups([["a", "b"], ["c", "d"]], rows=240, features=20)


@pytest.fixture(scope="session")
def finished(made, tmp_path_factory):
    """Its folder and what it found."""
    folder = tmp_path_factory.mktemp("grouping") / "made"
    return folder, group(made, folder, protocol=QUICK, workers=1, command="sharewise group made.csv")

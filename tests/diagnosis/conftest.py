import pytest
from tests.diagnosis.worlds import arms_of, bench_of, fixed_way, three_tasks


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

from tests.diagnosis.worlds import SETUP

from sharewise.diagnosis import check_conditions


def test_each_condition_has_a_reading_and_a_sentence(bench):
    found = check_conditions(bench, SETUP)
    rows = found.rows()
    assert [row[0] for row in rows] == ["Features in common", "Similar sizes of data", "A network large enough"]
    assert all(reading in ("met", "not met", "open") and sentence.endswith(".") for _, reading, sentence in rows)
    assert found.capacity.width == SETUP.network.width
    assert found.amounts.tasks[0].labels == len(bench.perform.dataset.split(0).train)


def test_capacity_may_be_left_out(bench):
    found = check_conditions(bench, SETUP, capacity=False)
    assert found.capacity is None
    assert len(found.rows()) == 2

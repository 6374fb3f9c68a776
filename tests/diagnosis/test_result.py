import pytest

from sharewise.diagnosis import Diagnosis, Gaps, Recovery, TaskDiagnosis


@pytest.fixture
def task(known):
    def build(*found, hurt=True):
        recoveries = tuple(
            Recovery(
                intervention=name,
                causes=causes,
                what="",
                rows="train",
                share=known(share),
                before=1.0,
                after=0.0,
                select=known(share),
                test=known(share),
                enough=enough,
                run={"method": name} if name != "own stop" else {},
            )
            for name, causes, share, enough in found
        )
        gaps = Gaps(known(0.2), known(0.1), known(0.1))
        return TaskDiagnosis(
            name="a",
            alone=0.1,
            together=0.3,
            harm=known(0.2),
            test=known(0.2),
            gaps=gaps,
            hurt=hurt,
            recoveries=recoveries,
        )

    return build


def test_sharing_less_is_no_cause_where_another_remedy_is_enough(task):
    found = task(
        ("width x2", ("too small a network",), 0.7, True),
        ("width x8", ("too small a network",), 0.95, True),
        ("sharing soft", ("contradictory tasks",), 1.0, True),
    )
    assert found.causes == (("too small a network",),)
    assert found.remedy.intervention == "width x8"


@pytest.mark.parametrize(("width", "causes"), [(0.1, (("contradictory tasks",),)), (0.45, ())])
def test_contradiction_needs_all_else_ruled_out(task, width, causes):
    found = task(
        ("sharing soft", ("contradictory tasks",), 1.0, True), ("width x8", ("too small a network",), width, False)
    )
    assert found.causes == causes


def test_a_remedy_is_something_that_can_be_trained(task):
    only = task(("own stop", ("overfitting",), 1.0, True))
    assert (only.causes, only.remedy) == ((("overfitting",),), None)
    both = task(("own stop", ("overfitting",), 1.0, True), ("strong decay", ("overfitting",), 0.6, True))
    assert both.remedy.intervention == "strong decay"


def test_the_hurt_tasks_are_those_that_are(task):
    found = Diagnosis(name="x", tasks=(task(), task(hurt=False)), replicates=2, covers="seeds", level=0.05, margin=0.01)
    assert found.hurt == (found.tasks[0],)

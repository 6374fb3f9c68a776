from dataclasses import replace

import numpy as np
import pytest

from sharewise.diagnosis import split_gap
from sharewise.evidence import paired_interval
from sharewise.study import _study as whole
from sharewise.study import study
from sharewise.study._words import _gaps, notes


@pytest.fixture(scope="module")
def outcome(small, short, tmp_path_factory):
    """What a study had measured when it was summarised."""
    seen, summarise = [], whole.summarise
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "summarise", lambda found: (seen.append(found), summarise(found))[1])
        study(small(), tmp_path_factory.mktemp("words"), protocol=short, workers=1)
    return seen[0]


def test_the_gaps_of_a_task_are_those_of_its_losses(outcome):
    losses = {arm: {"train": [], "new": []} for arm in ("alone", "together")}
    for run, finished in sorted(outcome.best, key=lambda pair: pair[0].replicate):
        for record in finished.records if run.treatment in losses else ():
            if (record.name, record.task, record.step) == ("loss", "up", None) and record.role in ("train", "test"):
                losses[run.treatment]["train" if record.role == "train" else "new"].append(record.value)
    alone, together = ({rows: np.array(each) for rows, each in losses[arm].items()} for arm in ("alone", "together"))
    found = _gaps(outcome, "up")
    assert found == split_gap(alone, together, interval=paired_interval(outcome.dataset))
    assert found.new.se > split_gap(alone, together).new.se


def test_a_hurt_task_is_told_where_its_loss_sits(outcome):
    hurt = replace(outcome.verdicts["up"], word="HURTS")
    more = set(notes(replace(outcome, verdicts={**outcome.verdicts, "up": hurt}))) - set(notes(outcome))
    (text,) = more
    assert text.startswith("up: ")

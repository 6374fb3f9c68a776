import numpy as np
import pytest

from sharewise.diagnosis import Ratio, Worth, measure_worth, worth_ratio
from sharewise.diagnosis._worth import with_labels, worth_sizes
from sharewise.evidence import shared_rows
from sharewise.runs import Run

SIZES = (200, 120, 72, 40, 20)


def curve(sizes, offset=1.0, times=1.0):
    """A learning curve with a floor: the score of n labels that count as `times` n."""
    return offset - 1 / np.sqrt(times * np.asarray(sizes, dtype=float))


@pytest.mark.parametrize("times", [1.3, 2.0, 4.0])
def test_labels_that_count_more_are_found_to(times):
    alone, other = np.tile(curve(SIZES), (4, 1)), np.tile(curve(SIZES, times=times), (4, 1))
    assert worth_ratio(alone, other, SIZES).estimate == pytest.approx(times, rel=0.03)  # interpolated
    assert worth_ratio(other, alone, SIZES).estimate == pytest.approx(1 / times, rel=0.03)


def test_equal_curves_are_worth_nothing():
    alone = curve(SIZES) + 0.01 * np.random.default_rng(0).normal(size=(6, 5))
    found = worth_ratio(alone, alone, SIZES)
    assert (found.estimate, found.low, found.high, found.bound) == (1.0, 1.0, 1.0, "")


def test_curves_are_not_extrapolated():
    alone = np.tile(curve(SIZES), (3, 1))
    found = worth_ratio(alone, alone + 1, SIZES)
    assert (found.estimate, found.bound) == (pytest.approx(10.0), "at least")
    assert found.text == "at least 10.0 times (10.0 to more than 10.0)"
    found = worth_ratio(alone, alone - 1, SIZES)
    assert (found.estimate, found.bound) == (pytest.approx(0.1), "at most")
    assert found.text == "at most 0.1 times (less than 0.1 to 0.1)"


def test_a_bump_is_smoothed_as_isotonic_regression_does():
    """Scores 0, 3, 1, 4, 5 from few to many labels become 0, 2, 2, 4, 5; 3 is reached halfway from 2 to 4."""
    sizes = (16, 8, 4, 2, 1)
    alone, other = np.tile([3.0, 2.0, 1.0, 0.5, 0.0], (2, 1)), np.tile([5.0, 4.0, 1.0, 3.0, 0.0], (2, 1))
    assert worth_ratio(alone, other, sizes).estimate == pytest.approx(16 / np.sqrt(4 * 8))


def test_replicates_without_a_score_are_left_out():
    draw = np.random.default_rng(0)
    alone = curve(SIZES) + 0.005 * draw.normal(size=(6, 5))
    other = curve(SIZES, times=2) + 0.005 * draw.normal(size=(6, 5))
    gap = alone.copy()
    gap[3, 2] = np.nan
    assert worth_ratio(gap, other, SIZES) == worth_ratio(np.delete(alone, 3, 0), np.delete(other, 3, 0), SIZES)
    assert np.isnan(worth_ratio(np.full((2, 5), np.nan), other[:2], SIZES).estimate)


def test_one_replicate_tells_no_interval():
    found = worth_ratio(curve(SIZES)[None], curve(SIZES, times=2)[None], SIZES)
    assert found.text.endswith("(less than 0.1 to more than 10.0)")


def test_labels_of_noise_have_no_worth():
    """Scores at chance, whatever the number of labels: the bootstrap alone would claim a ratio now and then."""
    draw = np.random.default_rng(0)
    sure = 0
    for _ in range(50):
        alone, other = (0.5 + 0.05 * draw.normal(size=(4, 5)) for _ in range(2))
        found = worth_ratio(alone, other, SIZES)
        sure += found.low > 1 or found.high < 1
    assert sure <= 5


@pytest.mark.parametrize("replicates", [4, 10])
def test_intervals_cover(replicates):
    """About 95 of 100 intervals hold the truth; curves share the noise of their replicate, as paired arms do."""
    draw, hits = np.random.default_rng(replicates), 0
    for _ in range(100):
        common = 0.02 * draw.normal(size=(replicates, 1))
        alone = curve(SIZES) + common + 0.01 * draw.normal(size=(replicates, 5))
        other = curve(SIZES, times=1.7) + common + 0.01 * draw.normal(size=(replicates, 5))
        found = worth_ratio(alone, other, SIZES)
        hits += found.low <= 1.7 <= found.high
    assert hits >= 88


def test_sentences():
    sure, unsure = Ratio(1.6, 1.2, 2.3, "", 0.1, 10.0), Ratio(1.1, 0.8, 1.5, "", 0.1, 10.0)
    blank = {"alone": np.zeros((2, 5))}
    assert Worth("x", 100, SIZES, blank, sure, None).sentence == (
        "The other tasks are worth 1.6 times (1.2 to 2.3) the labels of `x`."
    )
    assert Worth("x", 100, SIZES, blank, unsure, sure).sentence == (
        "Whether the other tasks are worth any labels of `x` is open: 1.1 times (0.8 to 1.5) its own; with shuffled "
        "labels 1.6 times (1.2 to 2.3)."
    )


def test_the_curves_are_those_of_runs_with_fewer_labels(bench, arms):
    (found,) = measure_worth(bench, arms, ["up"])
    train = len(bench.perform.dataset.split(0).train)
    assert found.sizes == tuple(round(share * train) for share in (1, 0.6, 0.36, 0.2, 0.1))
    assert {arm: each.shape for arm, each in found.curves.items()} == dict.fromkeys(
        ("alone", "together", "shuffled"), (2, 5)
    )
    run = with_labels(arms.together[1], "up", found.sizes[3])
    assert run.labels == {"up": found.sizes[3]}
    records = bench.perform(run).records
    value = next(each.value for each in records if (each.name, each.task, each.role) == ("r2", "up", "test"))
    assert found.curves["together"][1, 3] == pytest.approx(value, abs=1e-4)
    assert found.ratio == worth_ratio(
        found.curves["alone"], found.curves["together"], found.sizes, share=shared_rows(bench.perform.dataset)
    )


def test_with_all_labels_a_run_is_as_if_none_were_named(bench, arms):
    run = arms.alone["up"][0]
    whole = with_labels(run, "up", worth_sizes(bench, "up", (1.0,))[0])
    first, second = (found.records for _, found in bench.train("both", [run, whole]))
    assert [each.value for each in first] == [each.value for each in second]
    assert isinstance(run, Run)


@pytest.mark.parametrize("shares", [(1.0, 0.5, 0.2), (0.9, 0.5, 0.3, 0.2, 0.1), (1.0, 0.5, 0.5, 0.2, 0.1)])
def test_too_few_sizes_are_refused(bench, arms, shares):
    with pytest.raises(ValueError, match="`shares` must be five or more, from 1 down"):
        measure_worth(bench, arms, ["up"], shares=shares)


def test_shared_rows_widen_the_interval():
    draw = np.random.default_rng(5)
    alone = curve(SIZES) + 0.02 * draw.normal(size=(10, 5))
    other = curve(SIZES, times=2) + 0.02 * draw.normal(size=(10, 5))
    plain, shared = (worth_ratio(alone, other, SIZES, share=share) for share in (0.0, 0.3))
    assert plain.estimate == shared.estimate
    assert shared.low < plain.low < plain.high < shared.high
    rise = alone[:, 0] - alone[:, -1]
    faint = alone + (rise.std(ddof=1) - rise.mean()) * np.array([1.0, 0.75, 0.5, 0.25, 0.0])
    assert worth_ratio(faint, faint, SIZES).high < worth_ratio(faint, faint, SIZES, share=0.3).high

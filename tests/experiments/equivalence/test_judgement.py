from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.equivalence.judgement import (
    EQUIVALENT,
    FAILURE,
    INCONCLUSIVE,
    STAGES,
    judge,
    judge_in_stages,
    seeds_needed,
    welch,
)

MARGIN = 0.01
KERAS = [0.880, 0.882, 0.884]


def shifted(by: float, values: list[float] = KERAS) -> list[float]:
    return [value + by for value in values]


def test_inside_the_margin_is_equivalent():
    found = judge(KERAS, shifted(0.001), MARGIN)
    assert found.verdict == EQUIVALENT
    assert found.seeds == 3 and found.needed is None
    assert found.interval is not None
    assert found.interval.difference == pytest.approx(0.001)


@pytest.mark.parametrize(("by", "word"), [(-0.05, "worse than"), (0.05, "better than")])
def test_wholly_outside_is_a_failure_on_either_side(by, word):
    found = judge(KERAS, shifted(by), MARGIN)
    assert found.verdict == FAILURE
    assert word in found.reason


@pytest.mark.parametrize("by", [0.008, -0.008, 0.0115, -0.0115])
def test_across_a_border_is_inconclusive_and_asks_for_more(by):
    found = judge(KERAS, shifted(by), MARGIN)
    assert found.verdict == INCONCLUSIVE
    assert found.needed in STAGES and found.needed > 3


def test_wider_than_the_whole_margin_is_inconclusive():
    found = judge([0.3, 0.4, 0.5], [0.3, 0.4, 0.5], MARGIN)
    assert found.verdict == INCONCLUSIVE
    assert found.interval.low < -MARGIN and found.interval.high > MARGIN
    assert "more than 20 seeds" in found.reason
    assert found.needed == STAGES[-1]


def test_nothing_is_asked_for_after_the_last_stage():
    wide = list(np.linspace(0.3, 0.5, STAGES[-1]))
    found = judge(wide, wide, MARGIN)
    assert found.verdict == INCONCLUSIVE
    assert found.needed is None


@pytest.mark.parametrize(
    ("reference", "own"),
    [([], []), (KERAS, []), ([], KERAS), ([0.88], [0.88]), (KERAS, [0.1, 0.1])],
)
def test_too_few_runs_are_inconclusive(reference, own):
    found = judge(reference, own, MARGIN)
    assert found.verdict == INCONCLUSIVE
    assert found.interval is None
    assert found.needed == 3


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        ([0.88] * 3, EQUIVALENT),
        ([0.885] * 3, EQUIVALENT),
        ([0.90] * 3, FAILURE),
        ([0.86] * 3, FAILURE),
    ],
)
def test_no_spread_on_either_side_leaves_a_point(own, verdict):
    found = judge([0.88] * 3, own, MARGIN)
    assert found.verdict == verdict
    assert found.interval.low == found.interval.high == found.interval.difference


def test_no_spread_on_one_side():
    found = welch(KERAS, [0.88] * 3)
    # Only Keras's variance is left: two degrees of freedom.
    half = stats.t.ppf(0.975, 2) * np.std(KERAS, ddof=1) / math.sqrt(3)
    assert found.high - found.difference == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_value_that_is_not_finite_is_a_failure(value, side):
    sides = [list(KERAS), list(KERAS)]
    sides[side][1] = value
    assert judge(*sides, MARGIN).verdict == FAILURE


@pytest.mark.parametrize("margin", [0.0, -0.01, math.nan])
def test_a_margin_must_be_above_zero(margin):
    with pytest.raises(ValueError, match="expected a margin above 0"):
        judge(KERAS, KERAS, margin)


accuracies = st.lists(
    st.integers(0, 10_000).map(lambda count: count / 10_000), min_size=3, max_size=12
).filter(lambda values: len(set(values)) > 1)


@given(accuracies, accuracies)
def test_the_interval_is_that_of_scipys_welch_test(reference, own):
    found = welch(reference, own)
    theirs = stats.ttest_ind(own, reference, equal_var=False).confidence_interval(0.95)
    # Values of size 1 in float64: their sums round at 1e-16 per value, their variances,
    # at least 1e-9 here, at 1e-7 of themselves in the worst case.
    assert found.low == pytest.approx(theirs.low, rel=1e-6, abs=1e-9)
    assert found.high == pytest.approx(theirs.high, rel=1e-6, abs=1e-9)


@given(accuracies, accuracies)
def test_the_judgement_is_the_same_from_both_sides(first, second):
    there, back = judge(first, second, MARGIN), judge(second, first, MARGIN)
    assert there.verdict == back.verdict and there.needed == back.needed
    assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-12)


def test_the_interval_covers_the_true_difference_in_95_of_100_cases():
    rng = np.random.default_rng(0)
    trials, covered = 2000, 0
    for _ in range(trials):
        # Spreads as different as those of two libraries may ever be.
        found = welch(rng.normal(0.4, 0.02, 5), rng.normal(0.41, 0.01, 5))
        covered += found.low <= 0.01 <= found.high
    # Welch's approximation is off by less than a point here; three standard errors.
    error = 3 * math.sqrt(0.95 * 0.05 / trials)
    assert abs(covered / trials - 0.95) < 0.01 + error


def test_the_estimated_number_of_seeds_decides_in_about_80_of_100_cases():
    rng = np.random.default_rng(1)
    reference, own = [0.40, 0.42, 0.41], [0.413, 0.401, 0.427]
    needed = seeds_needed(reference, own, 0.02)
    assert needed is not None and 3 < needed <= 20
    means, spreads = (np.mean(reference), np.mean(own)), (0.01, np.std(own, ddof=1))
    trials = 1000
    decided = sum(
        judge(
            list(rng.normal(means[0], spreads[0], needed)),
            list(rng.normal(means[1], spreads[1], needed)),
            0.02,
        ).verdict
        != INCONCLUSIVE
        for _ in range(trials)
    )
    # The estimate takes the standard error as known, which costs a few points.
    assert 0.7 < decided / trials < 0.95


def test_a_verdict_that_is_there_needs_no_more_seeds_than_there_are():
    assert seeds_needed(KERAS, shifted(0.0001), 0.05) == 3
    assert seeds_needed([0.5] * 3, [0.5] * 3, MARGIN) == 3


# At three seeds some seven are asked for, so that ten are the next stage.
WIDE = dict(enumerate([0.880, 0.888, 0.884, 0.884, 0.883, 0.885, 0.884, 0.884, 0.883]))
WIDE |= {seed: 0.884 for seed in range(9, 40)}


def first(number: int, by: float = 0.0) -> dict[int, float]:
    return {seed: WIDE[seed] + by for seed in range(number)}


@pytest.mark.parametrize(
    ("reference", "own", "seeds"),
    [
        (range(0), range(0), 0),
        (range(2), range(2), 0),
        (range(1, 4), range(1, 4), 0),
        (range(3), range(3), 3),
        (range(3), range(40), 3),
        (range(5), range(5), 3),  # five is a stage, but not the next one
        (range(9), range(9), 3),
        ([0, 1, 2, *range(4, 40)], range(40), 3),
        (range(10), range(9), 3),
        (range(10), range(10), 10),
        (range(40), range(40), 10),
    ],
)
def test_stages_are_judged_whole_and_as_the_rule_goes_through_them(
    reference, own, seeds
):
    sides = [{seed: WIDE[seed] for seed in side} for side in (reference, own)]
    for found in (
        judge_in_stages(*sides, 0.75 * MARGIN),
        judge_in_stages(*sides[::-1], 0.75 * MARGIN),
    ):
        assert found.seeds == seeds
        assert found.needed == {0: 3, 3: 10, 10: None}[seeds]
        assert (found.verdict == EQUIVALENT) == (seeds == 10)


def test_a_verdict_is_not_taken_back_by_more_seeds():
    reference, own = dict(enumerate(KERAS)), dict(enumerate(KERAS))
    more = {seed: 0.5 for seed in range(3, 20)}
    found = judge_in_stages(reference | more, own | first(20) | own, MARGIN)
    assert found == judge(KERAS, KERAS, MARGIN)


def test_the_last_stage_ends_it():
    spread = dict(enumerate(np.linspace(0.3, 0.5, 40)))
    found = judge_in_stages(spread, dict(reversed(spread.items())), MARGIN)
    assert (found.verdict, found.seeds, found.needed) == (INCONCLUSIVE, 20, None)

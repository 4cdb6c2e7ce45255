r"""Are two libraries equally good? A judgement on the test accuracies of a model.

The difference of the means has a Welch interval, which doesn't assume that both sides
spread alike:

    d = mean(own) − mean(reference)
    se² = s₁²/n₁ + s₂²/n₂
    ν = se⁴ / ((s₁²/n₁)²/(n₁−1) + (s₂²/n₂)²/(n₂−1))
    [d − t·se, d + t·se],  t: the 97.5 % point of Student's distribution with ν

The verdict depends on where it lies, with a margin m set in advance:

- inside [−m, m]: **equivalent**;
- wholly outside, on either side: **failure** (what is too good is as suspicious as
  what is too bad: it is likely a leak);
- across a border: **inconclusive**, more seeds are needed.

**How many seeds: the rule, fixed in advance and the same for both sides.**

1. Both sides train the seeds 0, 1, ..., n−1, where n is one of 3, 5, 10, 20
   (`STAGES`), and the first n is 3. It is judged when both sides have all of its
   seeds, never on a part of them; a side that is ahead waits for the other.
2. Every run counts, whatever came out of it. None is left out, repeated with another
   seed, or picked. One that diverges leaves no record, and its model no judgement.
3. A model is done when it is equivalent or a failure. While it is inconclusive, both
   sides go to the first stage that has as many seeds as the estimate of
   `seeds_needed`, or to the last one if even that is too few. That n is judged next:
   the stages that it passes over are not.
4. What is inconclusive at the last stage stays so, and is reported so.

**What was changed after results had been seen** (2026-11-23): the yardstick. With three
seeds of the ANNs and the Basic CNNs on both sides, scratchnet's mean accuracies were
0.5 to 1.8 points above Keras's. The reason was the order of Keras's images, see
`keras_reference`. Its runs were done again with a new order in every epoch, for all
models and seeds; the earlier ones are in ``keras_same_order.jsonl``. scratchnet's runs,
the margins and this rule stayed as they were. And (2026-11-27) rule 3 could be read in
two ways: once Fashion-MNIST's Deeper CNN had been sent from 3 seeds to 10, `validate`
judged it with 5, as equivalent. The stricter reading, by which it has to wait for 10,
is now written out above, and is what `judge_in_stages` does.

Models spread differently (CIFAR-100's Basic CNN is the widest), so n differs from model
to model; within a model it doesn't. Looking again costs something: a difference of
exactly m passes as equivalent with 2.5 % at each look, so with at most 10 % in four.

Reference: B. L. Welch, "The generalization of 'Student's' problem when several
different population variances are involved" (Biometrika 34, 1947); D. J. Schuirmann,
"A comparison of the two one-sided tests procedure and the power approach" (1987).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

STAGES = (3, 5, 10, 20)
CONFIDENCE = 0.95
POWER = 0.8

EQUIVALENT, FAILURE, INCONCLUSIVE = "equivalent", "failure", "inconclusive"


@dataclass(frozen=True)
class Interval:
    """A difference of means, ours minus the reference's, and its Welch interval."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """A verdict and what it rests on.

    Attributes:
        verdict: ``"equivalent"``, ``"failure"`` or ``"inconclusive"``.
        reason: why, in a sentence.
        seeds: n, on each side; 0 if there are too few for any judgement.
        interval: of the difference; None if there is none.
        needed: the stage to go to, on both sides, if the verdict is inconclusive;
            None if there is nothing to be gained by more seeds.
    """

    verdict: str
    reason: str
    seeds: int = 0
    interval: Interval | None = None
    needed: int | None = None


def judge_in_stages(
    reference: Mapping[int, float], own: Mapping[int, float], margin: float
) -> Judgement:
    """Judge stage after stage, by the rule above, as far as both sides have the seeds.

    Args:
        reference: seed → Keras's test accuracy, in [0, 1].
        own: scratchnet's.
        margin: how far apart the means may be, in the same unit, above 0.

    Returns:
        The judgement of the last stage that was looked at.
    """
    found = judge([], [], margin)
    while found.needed and reference.keys() & own.keys() >= set(range(found.needed)):
        seeds = range(found.needed)
        found = judge([reference[n] for n in seeds], [own[n] for n in seeds], margin)
    return found


def judge(reference: Sequence[float], own: Sequence[float], margin: float) -> Judgement:
    """Judge the test accuracies of the same seeds on both sides.

    Args:
        reference: Keras's test accuracies, in [0, 1], one per seed.
        own: scratchnet's.
        margin: how far apart the means may be, in the same unit, above 0.

    Returns:
        The verdict. Fewer seeds than the first stage's are inconclusive.
    """
    if not margin > 0:
        raise ValueError(f"judge: expected a margin above 0, received {margin}")
    seeds = min(len(reference), len(own))
    if not all(math.isfinite(value) for value in (*reference, *own)):
        return Judgement(FAILURE, "an accuracy is not a number", seeds)
    if seeds < STAGES[0]:
        return Judgement(
            INCONCLUSIVE,
            f"both sides need the seeds 0 to {STAGES[0] - 1} before they are compared",
            needed=STAGES[0],
        )
    found = welch(reference, own)
    if -margin <= found.low and found.high <= margin:
        return Judgement(EQUIVALENT, "the interval is inside the margin", seeds, found)
    if found.low > margin or found.high < -margin:
        word = "better than" if found.difference > 0 else "worse than"
        return Judgement(FAILURE, f"scratchnet is {word} Keras", seeds, found)
    estimate = seeds_needed(reference, own, margin)
    if estimate is None:
        reason = f"more than {STAGES[-1]} seeds would be needed to decide"
    else:
        reason = f"about {estimate} seeds would be needed to decide"
    return Judgement(INCONCLUSIVE, reason, seeds, found, _stage(estimate, seeds))


def welch(reference: Sequence[float], own: Sequence[float]) -> Interval:
    """Return the difference of the means and its interval; see the module's formulas.

    Args:
        reference: at least two values.
        own: at least two values.

    >>> found = welch([0.88, 0.89, 0.90], [0.89, 0.89, 0.89])
    >>> f"{found.difference:.4f} [{found.low:.4f}, {found.high:.4f}]"
    '0.0000 [-0.0248, 0.0248]'
    """
    from scipy import stats

    difference = fmean(own) - fmean(reference)
    error, freedom = _error(
        variance(reference), variance(own), len(reference), len(own)
    )
    half = error and float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
    return Interval(difference, difference - half, difference + half)


def seeds_needed(
    reference: Sequence[float], own: Sequence[float], margin: float
) -> int | None:
    """Estimate the seeds per side with which a verdict has a chance of 80 %.

    With difference and spreads as they were found so far, d̂ is normal around d with
    standard error se(n), and

        P(inside)  = Φ((m − d)/se − t) + Φ((m + d)/se − t) − 1
        P(outside) = Φ((|d| − m)/se − t)

    The spread of three runs is itself uncertain by half; so is this estimate.

    Returns:
        The smallest n, or None if it is larger than the last stage.
    """
    from scipy import stats

    difference = fmean(own) - fmean(reference)
    spreads = variance(reference), variance(own)
    for seeds in range(STAGES[0], STAGES[-1] + 1):
        error, freedom = _error(*spreads, seeds, seeds)
        if error == 0:
            return seeds
        t = stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
        upper, lower, beyond = stats.norm.cdf(
            [
                (margin - difference) / error - t,
                (margin + difference) / error - t,
                (abs(difference) - margin) / error - t,
            ]
        )
        if max(0.0, upper + lower - 1) + beyond >= POWER:
            return seeds
    return None


def _error(
    first: float, second: float, first_size: int, second_size: int
) -> tuple[float, float]:
    """Return the standard error of a difference, and its degrees of freedom."""
    first, second = first / first_size, second / second_size
    total = first + second
    if total == 0:
        return 0.0, math.inf
    # As shares of the sum: the square of a small variance may be 0.
    share, rest = first / total, second / total
    freedom = 1 / (share**2 / (first_size - 1) + rest**2 / (second_size - 1))
    return math.sqrt(total), freedom


def _stage(estimate: int | None, seeds: int) -> int | None:
    """Return the stage to go to from ``seeds``, or None after the last one."""
    wanted = max(estimate or STAGES[-1], seeds + 1)
    return next((stage for stage in STAGES if stage >= wanted), None)

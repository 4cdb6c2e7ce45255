import math

import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS
from scratchnet.kernels.dropout import HALF, INCREMENT, _constants, _mix

RUNGS = ("reference", "loops")
SIZE = 1_000_000


def drop(rate, seed, step, size=SIZE, rung="loops", dtype=np.float32):
    x, y = np.ones(size, dtype), np.full(size, np.nan, dtype)
    OPERATIONS["dropout"].rungs[rung](x, y, rate, seed, step)
    return y


def kept(*arguments, **options):
    return drop(*arguments, **options) != 0


def within_5_sigma(count, probability, trials):
    sigma = math.sqrt(trials * probability * (1 - probability))
    return abs(count - trials * probability) <= 5 * sigma


@pytest.mark.parametrize("rate", [0.001, 0.25, 0.5, 0.9])
@pytest.mark.parametrize(("seed", "step"), [(0, 0), (1, 0), (0, 1), (2**32 - 1, 99)])
def test_the_rate_is_kept(rate, seed, step):
    assert within_5_sigma(kept(rate, seed, step).sum(), 1 - rate, SIZE)


@pytest.mark.parametrize("distance", [1, 2, 3, 8, 16, 1023, 1024, 1025, 2048, 16384])
def test_neighbours_are_independent(distance):
    mask = kept(0.5, 3, 7)
    both = mask[distance:] & mask[:-distance]
    assert within_5_sigma(both.sum(), 0.25, both.size)


@pytest.mark.parametrize(
    "other", [(3, 8), (4, 7), (7, 3), (3 ^ 1, 7 ^ 1), (2**31 + 3, 7), (3, 2**31 + 7)]
)
def test_another_seed_or_step_is_another_mask(other):
    both = kept(0.5, 3, 7) & kept(0.5, *other)
    assert within_5_sigma(both.sum(), 0.25, SIZE)


def test_no_mask_of_many_is_a_shifted_copy_of_another():
    # 64 bits, anywhere in the masks of 2,000 steps: all different, as by chance.
    words = set()
    for step in range(2000):
        bits = kept(0.5, 3, step, size=256)
        words |= {bits[i : i + 64].tobytes() for i in range(192)}
    assert len(words) == 2000 * 192


def test_counts_in_blocks_are_binomial():
    counts = kept(0.25, 5, 6).reshape(-1, 1000).sum(axis=1)
    # Of 1000 blocks: the variance of a sample variance is 2σ⁴/(n − 1), and a bit.
    variance = 1000 * 0.25 * 0.75
    assert abs(counts.var(ddof=1) - variance) < 5 * variance * math.sqrt(2 / 999)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_and_type_has_the_same_mask(rung, dtype):
    mask = kept(0.3, 1, 2, size=50_000, rung=rung, dtype=dtype)
    np.testing.assert_array_equal(mask, kept(0.3, 1, 2, size=50_000))


def test_a_longer_array_continues_the_same_mask():
    mask = kept(0.3, 1, 2, size=50_000)
    np.testing.assert_array_equal(mask[:777], kept(0.3, 1, 2, size=777))


@pytest.mark.parametrize("rung", RUNGS)
def test_rate_0_keeps_all_and_rate_1_none(rung):
    assert np.all(drop(0, 1, 2, size=1000, rung=rung) == 1)
    assert np.all(drop(1.0, 1, 2, size=1000, rung=rung) == 0)


@pytest.mark.parametrize("rung", RUNGS)
def test_what_is_kept_grows_and_what_is_dropped_is_0_even_from_nan(rung):
    x, y = np.full(1000, np.nan), np.empty(1000)
    OPERATIONS["dropout"].rungs[rung](x, y, 0.5, 1, 2)
    mask = kept(0.5, 1, 2, size=1000)
    assert np.isnan(y[mask]).all()
    assert np.all(y[~mask] == 0)
    assert set(drop(0.75, 1, 2, size=1000, rung=rung)) == {0, 4}


@pytest.mark.parametrize("rung", RUNGS)
def test_seed_and_step_may_be_numpy_integers(rung):
    mask = kept(0.5, np.uint32(3), np.uint32(7), size=1000, rung=rung)
    np.testing.assert_array_equal(mask, kept(0.5, 3, 7, size=1000))


def test_generator_is_splitmix64():
    # The first outputs for state 1234567, as published with the reference code.
    state, increment, outputs = 1234567, 0x9E3779B97F4A7C15, []
    for _ in range(3):
        outputs.append(_mix(state))
        state = (state + increment) % 2**64
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("element", [0, 1, 1023, 1024, 2047, 2048, 4095, 4999])
def test_an_element_is_kept_where_its_uniform_is_at_least_the_rate(rung, element):
    start, _, _ = _constants(0.5, 3, 7)
    block, place = divmod(element, 2 * HALF)
    half, output = divmod(place, HALF)
    z = _mix((start + (block * HALF + output) * int(INCREMENT)) % 2**64)
    uniform = (z >> 32 * half) % 2**32 >> 8
    assert kept(uniform / 2**24, 3, 7, size=5000, rung=rung)[element]
    assert not kept((uniform + 1) / 2**24, 3, 7, size=5000, rung=rung)[element]

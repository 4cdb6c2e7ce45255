from __future__ import annotations

import numpy as np
import pytest

from scratchnet.foundation import random
from scratchnet.layers import Dropout
from tests.layers.suite import Case, LayerSuite, refuses


class TestDropout(LayerSuite):
    layer = Dropout
    terms = 1
    cases = (
        Case({"rate": 0.25, "seed": 1}, (5, 6, 2), (5, 6, 2)),
        Case({"rate": 0.5, "seed": 2}, (7,), (7,)),
        Case({"rate": 0.0, "seed": 3}, (7,), (7,)),
        Case({"rate": 1, "seed": 4}, (7,), (7,)),
    )

    def expected(self, layer, x, weights):
        return x


def mask(layer, size=100_000):
    return layer(np.ones((1, size)), training=True)[0]


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
def test_the_fraction_dropped_is_the_rate_and_the_mean_is_kept(rate):
    y = mask(Dropout(rate, seed=0))
    dropped = np.mean(y == 0)
    deviation = np.sqrt(rate * (1 - rate) / y.size)
    assert abs(dropped - rate) < 5 * deviation
    np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-6)
    assert abs(y.mean() - 1) < 5 * deviation / (1 - rate)


def test_the_gradient_is_dropped_where_the_input_was():
    layer = Dropout(0.5, seed=0)
    x = np.ones((4, 50), np.float32)
    y = layer(x, training=True)
    np.testing.assert_array_equal(layer.backward(x), y)


def test_every_step_has_a_mask_of_its_own():
    layer = Dropout(0.5, seed=0)
    first, second = mask(layer).copy(), mask(layer)
    # Independent masks agree in half of the elements.
    assert abs(np.mean(first == second) - 0.5) < 5 * 0.5 / np.sqrt(first.size)


def test_a_seed_repeats_the_masks_and_another_seed_does_not():
    np.testing.assert_array_equal(
        mask(Dropout(0.5, seed=3)), mask(Dropout(0.5, seed=3))
    )
    assert np.any(mask(Dropout(0.5, seed=3)) != mask(Dropout(0.5, seed=4)))


def test_without_a_seed_one_comes_from_the_stream():
    state = random.get_state()
    try:
        random.reset(11)
        first, second = mask(Dropout(0.5)), mask(Dropout(0.5))
        random.reset(11)
        again = mask(Dropout(0.5))
    finally:
        random.set_state(state)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != second)


def test_going_back_to_a_state_repeats_its_mask():
    layer = Dropout(0.5, seed=0)
    mask(layer)
    state = layer.buffers["seed_state"].copy()
    second = mask(layer).copy()
    layer.buffers["seed_state"][...] = state
    np.testing.assert_array_equal(mask(layer), second)


def test_rate_one_gives_zeros():
    np.testing.assert_array_equal(mask(Dropout(1.0), 10), 0)


def test_the_state_is_no_weight():
    layer = Dropout(0.5)
    layer(np.ones((2, 3)), training=True)
    assert layer.get_weights() == []
    assert layer.buffers["seed_state"].dtype == np.uint32


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), "0.5", None, True])
def test_rate_must_be_a_fraction(rate):
    refuses(Dropout, {"rate": rate}, "expected rate to be a number from 0 to 1")


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "1"])
def test_seed_must_fit_32_bits(seed):
    refuses(Dropout, {"rate": 0.5, "seed": seed}, "expected a seed from 0 to")

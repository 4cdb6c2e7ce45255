from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scratchnet.foundation import random
from scratchnet.layers import (
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses


class Identity(LayerSuite):
    """What changes nothing at inference."""

    terms = 4

    def expected(self, layer, x, weights):
        return x


class TestGaussianNoise(Identity):
    layer = GaussianNoise
    cases = (Case({"stddev": 0.5, "seed": 1}, (5, 2), (5, 2)),)


class TestGaussianDropout(Identity):
    layer = GaussianDropout
    cases = (Case({"rate": 0.25, "seed": 1}, (5, 2), (5, 2)),)


class TestAlphaDropout(Identity):
    layer = AlphaDropout
    cases = (
        Case({"rate": 0.25, "seed": 1}, (5, 2), (5, 2)),
        Case({"rate": 0.5, "noise_shape": (None, 1, None), "seed": 1}, (5, 2), (5, 2)),
    )


class TestDropoutWithNoiseShape(Identity):
    layer = Dropout
    cases = (
        Case({"rate": 0.5, "noise_shape": (None, 1, None), "seed": 1}, (5, 2), (5, 2)),
    )


class TestSpatialDropout1D(RefusesShapes, Identity):
    layer = SpatialDropout1D
    cases = (Case({"rate": 0.25, "seed": 1}, (5, 3), (5, 3)),)
    bad_shapes = (({"rate": 0.5}, (2, 3), r"\(N, L, C\), received \(N, 3\)"),)


class TestSpatialDropout2D(RefusesShapes, Identity):
    layer = SpatialDropout2D
    cases = (Case({"rate": 0.25, "seed": 1}, (4, 5, 3), (4, 5, 3)),)
    bad_shapes = (({"rate": 0.5}, (2, 3, 4), r"\(N, H, W, C\), received \(N, 3, 4\)"),)


NOISY = (
    GaussianNoise(0.5, seed=3),
    GaussianDropout(0.25, seed=3),
    AlphaDropout(0.25, seed=3),
    SpatialDropout2D(0.25, seed=3),
)


def drawn(layer, shape=(40, 5, 5, 40), value=1.0):
    return np.array(layer(np.full(shape, value), training=True))


def test_noise_has_the_distribution_that_was_asked_for():
    noise = drawn(GaussianNoise(0.5, seed=1), value=0).ravel()
    assert stats.kstest(noise, stats.norm(0, 0.5).cdf).pvalue > 1e-3
    factor = drawn(GaussianDropout(0.2, seed=1)).ravel()
    assert stats.kstest(factor, stats.norm(1, 0.5).cdf).pvalue > 1e-3


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).standard_normal(200_000)
    layer = AlphaDropout(0.3, seed=1, dtype="float64")
    y = np.array(layer(x.reshape(1, -1), training=True)[0])
    assert abs(y.mean()) < 5 / np.sqrt(y.size)
    assert abs(y.std() - 1) < 5 / np.sqrt(y.size)
    values, counts = np.unique(y, return_counts=True)
    lowest = values[np.argmax(counts)]
    assert counts.max() / y.size == pytest.approx(0.3, abs=0.005)
    a = 1 / np.sqrt(0.7 * (1 + 0.3 * 1.7580993408473766**2))
    expected = a * -1.7580993408473766 + a * 0.3 * 1.7580993408473766
    assert lowest == pytest.approx(expected, rel=1e-12)


def test_spatial_dropout_drops_whole_channels():
    y = drawn(SpatialDropout2D(0.25, seed=1), (50, 3, 4, 60))
    assert np.array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert abs((y == 0).mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 3000)
    y = drawn(SpatialDropout1D(0.25, seed=1), (50, 3, 60))
    assert np.array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    y = drawn(Dropout(0.5, noise_shape=(None, 1), seed=1), (50, 60))
    assert np.array_equal(y, np.broadcast_to(y[:, :1], y.shape))


@pytest.mark.parametrize("layer", NOISY, ids=lambda layer: layer.class_name)
def test_the_gradient_meets_the_same_numbers(layer):
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    y = np.array(layer(x, training=True))
    layer.buffers["seed_state"][1] -= 1
    slope = np.array(layer(x + 1, training=True)) - y
    dx = layer.backward(np.ones_like(x))
    np.testing.assert_allclose(slope, dx, atol=1e-5)


@pytest.mark.parametrize("layer", NOISY, ids=lambda layer: layer.class_name)
def test_a_seed_and_a_state_repeat_the_numbers_and_a_step_changes_them(layer):
    again = type(layer)(**{**layer.get_config(), "name": None})
    first = drawn(again)
    state = again.buffers["seed_state"].copy()
    second = drawn(again)
    assert np.any(first != second)
    again.buffers["seed_state"][...] = state
    assert np.array_equal(drawn(again), second)
    state[1] = 0
    again.buffers["seed_state"][...] = state
    assert np.array_equal(drawn(again), first)


def test_without_a_seed_one_comes_from_the_stream():
    state = random.get_state()
    try:
        random.reset(11)
        first = drawn(GaussianNoise(0.5))
        random.reset(11)
        assert np.array_equal(drawn(GaussianNoise(0.5)), first)
    finally:
        random.set_state(state)


def test_arguments_out_of_range_are_refused():
    refuses(GaussianNoise, {"stddev": 1.5}, "expected stddev to be a number from 0")
    refuses(GaussianDropout, {"rate": 1}, r"expected rate to be a number in \[0, 1\)")
    refuses(AlphaDropout, {"rate": -1}, r"expected rate to be a number in \[0, 1\)")
    refuses(GaussianNoise, {"stddev": 0.5, "seed": -1}, "expected a seed from 0 to")
    refuses(Dropout, {"rate": 0.5, "noise_shape": 3}, "expected noise_shape to be pos")
    refuses(Dropout, {"rate": 0.5, "noise_shape": (0,)}, "expected noise_shape to be")
    refuses(
        SpatialDropout2D,
        {"rate": 0.5, "data_format": "channels_first"},
        "data_format='channels_first' is outside",
    )
    layer = Dropout(0.5, noise_shape=(None, 3))
    with pytest.raises(ValueError, match=r"1, None or the size .* received \(None, 3"):
        layer(np.ones((2, 4)), training=True)

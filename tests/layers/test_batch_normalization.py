from __future__ import annotations

import numpy as np
import pytest

from scratchnet.gradcheck import gradcheck
from scratchnet.layers import BatchNormalization
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses


def shapes(C, *names):
    names = names or ("gamma", "beta")
    return {name: (C,) for name in (*names, "moving_mean", "moving_variance")}


class TestBatchNormalization(RefusesShapes, LayerSuite):
    layer = BatchNormalization
    terms = 64
    cases = (
        Case({}, (3,), (3,), shapes(3)),
        Case({}, (3, 2, 4), (3, 2, 4), shapes(4)),
        Case({"center": False}, (3,), (3,), shapes(3, "gamma")),
        Case({"scale": False}, (3,), (3,), shapes(3, "beta")),
        Case(
            {"center": False, "scale": False},
            (2, 2, 1),
            (2, 2, 1),
            {"moving_mean": (1,), "moving_variance": (1,)},
        ),
        Case({"epsilon": 0.5, "momentum": 0.5, "axis": 1}, (5,), (5,), shapes(5)),
        Case({"trainable": False}, (3, 2), (3, 2), shapes(2)),
    )
    bad_shapes = (
        ({}, (4,), r"expected input \(N, \.\.\., C\), received \(N,\)"),
        ({"axis": 1}, (4, 2, 2, 3), r"expected axis to be the last \(-1 or 3\)"),
        ({"axis": -2}, (4, 3), r"expected axis to be the last \(-1 or 1\), rec"),
    )

    def expected(self, layer, x, weights):
        deviation = np.sqrt(weights["moving_variance"] + layer.epsilon)
        y = (x - weights["moving_mean"]) / deviation
        return y * weights.get("gamma", 1) + weights.get("beta", 0)


def test_weights_come_in_keras_order():
    layer = BatchNormalization()
    layer.ensure_built((None, 2))
    assert list(layer.named_weights) == [
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ]
    for weight, value in zip(layer.get_weights(), (1, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(weight, value)


def test_hand_computed_values():
    layer = BatchNormalization(epsilon=3.0, momentum=0.75, dtype="float64")
    x = np.array([[0.0, 10.0], [2.0, 10.0]])
    layer.ensure_built(x.shape)
    layer.params["gamma"][...] = [2, 3]
    layer.params["beta"][...] = [5, 7]
    # Means 1 and 10, variances 1 and 0: divided by √4 and √3.
    y = layer.forward(x, training=True)
    np.testing.assert_allclose(y, [[4, 7], [6, 7]], rtol=1e-15)
    np.testing.assert_array_equal(layer.buffers["moving_mean"], [0.25, 2.5])
    np.testing.assert_array_equal(layer.buffers["moving_variance"], [1.0, 0.75])


@pytest.mark.parametrize("shape", [(8, 3), (4, 3, 2, 3)])
def test_training_uses_the_statistics_of_the_batch(shape):
    rng = np.random.default_rng(0)
    layer = BatchNormalization(dtype="float64")
    x = rng.normal(5, 3, shape)
    y = layer(x, training=True)
    rows, results = x.reshape(-1, 3), y.reshape(-1, 3)
    deviation = np.sqrt(rows.var(axis=0, ddof=0) + 1e-3)
    expected = (rows - rows.mean(axis=0)) / deviation
    np.testing.assert_allclose(results, expected, rtol=0, atol=1e-13)


def test_the_variance_is_divided_by_the_count_for_both_uses():
    layer = BatchNormalization(momentum=0.0, epsilon=1e-12, dtype="float64")
    y = layer(np.array([[-1.0], [1.0]]), training=True)
    np.testing.assert_allclose(layer.buffers["moving_variance"], 1.0, rtol=1e-15)
    np.testing.assert_allclose(y, [[-1.0], [1.0]], rtol=1e-11)


def test_moving_statistics_follow_over_several_batches():
    rng = np.random.default_rng(0)
    layer = BatchNormalization(dtype="float64")
    mean, variance = np.zeros(2), np.ones(2)
    for _ in range(5):
        x = rng.normal(3, 2, (16, 2))
        layer(x, training=True)
        mean = 0.99 * mean + 0.01 * x.mean(axis=0)
        variance = 0.99 * variance + 0.01 * x.var(axis=0)
    np.testing.assert_allclose(layer.buffers["moving_mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(layer.buffers["moving_variance"], variance, rtol=1e-12)


def test_a_frozen_layer_runs_as_at_inference_and_keeps_its_statistics():
    layer = BatchNormalization(trainable=False)
    x = np.random.default_rng(0).normal(3, 2, (8, 2)).astype(np.float32)
    inference = layer(x)
    np.testing.assert_array_equal(layer(x, training=True), inference)
    np.testing.assert_array_equal(layer.buffers["moving_mean"], 0)
    np.testing.assert_array_equal(layer.buffers["moving_variance"], 1)


def test_freezing_a_trained_layer_changes_its_gradient_too():
    layer = BatchNormalization()
    layer(np.random.default_rng(0).normal(3, 2, (8, 2)), training=True)
    layer.trainable = False
    assert gradcheck(layer).passed


def test_a_large_offset_costs_no_accuracy():
    """Two passes: E[x²] − E[x]² would lose all digits of the variance here."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 1, (256, 1))
    y = BatchNormalization()((noise + 4096).astype(np.float32), training=True)
    rounded = (noise + 4096).astype(np.float32).astype(np.float64)
    deviation = np.sqrt(rounded.var() + 1e-3)
    expected = (rounded - rounded.mean()) / deviation
    # The mean, near 4096, is itself rounded to float32: by half of 2⁻¹¹ · summation.
    np.testing.assert_allclose(y, expected, rtol=0, atol=2**-10)


def test_a_constant_channel_gives_beta():
    layer = BatchNormalization(beta_initializer="ones")
    np.testing.assert_array_equal(layer(np.full((4, 2), 0.5), training=True), 1)


def test_one_sample_has_no_variance_and_no_gradient():
    layer = BatchNormalization()
    y = layer(np.float32([[3.0, -4.0]]), training=True)
    np.testing.assert_array_equal(y, 0)
    np.testing.assert_allclose(layer.backward(np.float32([[1, 2]])), 0, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"momentum": 1.5}, "expected momentum to be a number from 0 to 1"),
        ({"momentum": float("nan")}, "expected momentum to be a number from 0 to 1"),
        ({"momentum": "0.9"}, "expected momentum to be a number from 0 to 1"),
        ({"epsilon": 0}, "expected epsilon to be a number above 0"),
        ({"epsilon": -1e-3}, "expected epsilon to be a number above 0"),
        ({"epsilon": float("nan")}, "expected epsilon to be a number above 0"),
        ({"axis": 1.0}, "expected an integer for axis"),
        ({"axis": [1, 2]}, "expected an integer for axis"),
        ({"synchronized": True}, "synchronized=True is outside"),
        ({"gamma_regularizer": "l3"}, "unknown regularizer 'l3'"),
        ({"beta_constraint": "c"}, "unknown constraint 'c'"),
        ({"gamma_initializer": "oen"}, "unknown initializer 'oen'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    refuses(BatchNormalization, settings, message)


@pytest.mark.parametrize("shape", [(0, 4), (0, 3, 3, 4)])
def test_a_batch_without_samples_leaves_the_moving_statistics(shape):
    layer = BatchNormalization()
    y = layer(np.empty(shape, np.float32), training=True)
    assert y.shape == shape
    assert layer.buffers["moving_mean"].tolist() == [0] * 4
    assert layer.buffers["moving_variance"].tolist() == [1] * 4

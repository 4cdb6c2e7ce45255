from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from scratchnet.layers import Conv2D
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses

IMAGE = (5, 6, 2)


def shapes(KH, KW, C, CO):
    return {"kernel": (KH, KW, C, CO), "bias": (CO,)}


def scipy_convolution(x, kernel, strides, padding):
    """Pad by the rule of TensorFlow, correlate with SciPy, keep every stride-th."""
    KH, KW, _, CO = kernel.shape
    pads = [(0, 0)] * 4
    if padding == "same":
        for axis, (K, S) in enumerate(zip((KH, KW), strides, strict=True), start=1):
            size = x.shape[axis]
            total = max((int(np.ceil(size / S)) - 1) * S + K - size, 0)
            pads[axis] = (total // 2, total - total // 2)
    x = np.pad(x, pads)
    planes = [
        np.stack(
            [
                correlate(image, kernel[..., o], mode="valid", method="direct")[..., 0]
                for o in range(CO)
            ],
            axis=-1,
        )
        for image in x
    ]
    return np.stack(planes)[:, :: strides[0], :: strides[1]]


class TestConv2D(RefusesShapes, LayerSuite):
    layer = Conv2D
    terms = 96
    cases = (
        Case({"filters": 3, "kernel_size": 3}, IMAGE, (3, 4, 3), shapes(3, 3, 2, 3)),
        Case(
            {"filters": 3, "kernel_size": 3, "padding": "same"},
            IMAGE,
            (5, 6, 3),
            shapes(3, 3, 2, 3),
        ),
        Case(
            {"filters": 2, "kernel_size": 2, "padding": "same"},
            IMAGE,
            (5, 6, 2),
            shapes(2, 2, 2, 2),
        ),
        Case(
            {"filters": 3, "kernel_size": (2, 3), "strides": (2, 1)},
            IMAGE,
            (2, 4, 3),
            shapes(2, 3, 2, 3),
        ),
        Case(
            {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"},
            IMAGE,
            (3, 3, 3),
            shapes(3, 3, 2, 3),
        ),
        Case(
            {"filters": 2, "kernel_size": 2, "strides": 3},
            IMAGE,
            (2, 2, 2),
            shapes(2, 2, 2, 2),
        ),
        Case(
            {"filters": 2, "kernel_size": 1, "strides": 3, "padding": "same"},
            IMAGE,
            (2, 2, 2),
            shapes(1, 1, 2, 2),
        ),
        Case(
            {"filters": 3, "kernel_size": 1, "use_bias": False},
            IMAGE,
            (5, 6, 3),
            {"kernel": (1, 1, 2, 3)},
        ),
        Case(
            {"filters": 1, "kernel_size": (5, 6)}, IMAGE, (1, 1, 1), shapes(5, 6, 2, 1)
        ),
        Case(
            {"filters": 2, "kernel_size": (4, 7), "padding": "same"},
            (2, 3, 1),
            (2, 3, 2),
            shapes(4, 7, 1, 2),
        ),
        Case(
            {"filters": 9, "kernel_size": 3, "activation": "relu"},
            (4, 9, 1),
            (2, 7, 9),
            shapes(3, 3, 1, 9),
        ),
        Case(
            {"filters": 3, "kernel_size": 2, "activation": "softmax"},
            IMAGE,
            (4, 5, 3),
            shapes(2, 2, 2, 3),
        ),
    )
    bad_shapes = (
        ({"filters": 2, "kernel_size": 3}, (4, 8), r"expected input \(N, H, W, C\)"),
        (
            {"filters": 2, "kernel_size": 3},
            (4, 28, 28),
            r"expected input \(N, H, W, C\), received \(N, 28, 28\)",
        ),
        (
            {"filters": 2, "kernel_size": 3},
            (4, 2, 8, 1),
            r"at least 3x3 pixels .* received \(N, 2, 8, 1\)",
        ),
        ({"filters": 2, "kernel_size": (1, 9)}, (4, 8, 8, 1), "at least 1x9 pixels"),
    )

    def expected(self, layer, x, weights):
        z = scipy_convolution(x, weights["kernel"], layer.strides, layer.padding)
        z = z + weights.get("bias", 0)
        if layer.activation.name == "relu":
            return z * (z > 0)
        if layer.activation.name == "softmax":
            return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
        return z


def test_hand_computed_values():
    layer = Conv2D(1, 2, dtype="float64")
    layer.ensure_built((None, 3, 3, 1))
    layer.set_weights([np.array([[1, 2], [3, 4]]).reshape(2, 2, 1, 1), np.array([1])])
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    y = layer.forward(x, training=True)
    # Top left: 0·1 + 1·2 + 3·3 + 4·4 + 1 = 28, and 10 more for every step.
    np.testing.assert_array_equal(y[0, :, :, 0], [[28, 38], [58, 68]])
    dx = layer.backward(np.array([[1.0, 0.0], [0.0, 10.0]]).reshape(1, 2, 2, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 2, 0], [3, 14, 20], [0, 30, 40]])
    np.testing.assert_array_equal(
        layer.grads["kernel"][:, :, 0, 0], [[40, 51], [73, 84]]
    )
    np.testing.assert_array_equal(layer.grads["bias"], [11])


def test_the_odd_pixel_of_same_padding_goes_after():
    layer = Conv2D(1, 2, padding="same", kernel_initializer="ones")
    y = layer(np.ones((1, 2, 2, 1)))
    np.testing.assert_array_equal(y[0, :, :, 0], [[4, 2], [2, 1]])


def test_the_kernel_is_not_turned_round():
    layer = Conv2D(1, (1, 2), use_bias=False)
    layer.ensure_built((None, 1, 3, 1))
    layer.set_weights([np.array([1, 10]).reshape(1, 2, 1, 1)])
    np.testing.assert_array_equal(
        layer(np.array([1, 2, 3]).reshape(1, 1, 3, 1)).ravel(), [21, 32]
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"filters": 0}, "positive integer for filters"),
        ({"filters": 2.0}, "positive integer for filters"),
        ({"kernel_size": 0}, "positive integer for kernel_size"),
        ({"kernel_size": (3, 3, 3)}, "one or two integers for kernel_size"),
        ({"kernel_size": (3, 2.5)}, "positive integer for kernel_size"),
        ({"strides": 0}, "positive integer for strides"),
        ({"strides": (1, -1)}, "positive integer for strides"),
        ({"padding": "full"}, "expected padding to be one of valid, same"),
        ({"padding": None}, "expected padding to be one of valid, same"),
        ({"data_format": "channels_first"}, "data_format='channels_first' is outside"),
        ({"activity_regularizer": "l3"}, "unknown regularizer 'l3'"),
        ({"kernel_constraint": "c"}, "unknown constraint 'c'"),
        ({"activation": "rleu"}, "unknown activation 'rleu'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    refuses(Conv2D, {"filters": 2, "kernel_size": 3, **settings}, message)


def test_the_defaults_of_arguments_outside_the_subset_are_accepted():
    layer = Conv2D(
        2,
        [3, 2],
        data_format="channels_last",
        dilation_rate=1,
        groups=1,
        kernel_regularizer=None,
        padding="SAME",
    )
    assert layer.kernel_size == (3, 2)
    assert layer.padding == "same"


def test_fans_of_the_initial_kernel_count_the_window():
    layer = Conv2D(64, 3)
    layer.ensure_built((None, 8, 8, 32), np.random.default_rng(0))
    limit = np.sqrt(6 / (9 * 32 + 9 * 64))
    assert 0.99 * limit < np.abs(layer.params["kernel"]).max() <= limit

from __future__ import annotations

import numpy as np

from scratchnet.layers import GlobalAveragePooling2D, GlobalAvgPool2D
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses


class TestGlobalAveragePooling2D(RefusesShapes, LayerSuite):
    layer = GlobalAveragePooling2D
    terms = 32
    cases = (
        Case({}, (5, 6, 2), (2,)),
        Case({"keepdims": True}, (5, 6, 2), (1, 1, 2)),
        Case({}, (1, 1, 3), (3,)),
        Case({}, (4, 1, 1), (1,)),
    )
    bad_shapes = (
        ({}, (4, 8), r"expected input \(N, H, W, C\), received \(N, 8\)"),
        ({}, (4, 8, 8), r"expected input \(N, H, W, C\), received \(N, 8, 8\)"),
        ({}, (4, 2, 8, 8, 1), r"expected input \(N, H, W, C\)"),
    )

    def expected(self, layer, x, weights):
        y = np.einsum("nhwc->nc", x) / (x.shape[1] * x.shape[2])
        return y[:, None, None, :] if layer.keepdims else y


def test_hand_computed_values():
    layer = GlobalAveragePooling2D(dtype="float64")
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    np.testing.assert_array_equal(layer.forward(x, training=True), [[3, 4]])
    dx = layer.backward(np.array([[4.0, 8.0]]))
    np.testing.assert_array_equal(dx, np.broadcast_to([1, 2], (1, 2, 2, 2)))


def test_channels_first_is_refused():
    refuses(GlobalAveragePooling2D, {"data_format": "channels_first"}, "is outside")


def test_keras_second_name():
    assert GlobalAvgPool2D is GlobalAveragePooling2D

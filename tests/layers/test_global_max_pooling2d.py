from __future__ import annotations

import numpy as np

from scratchnet.layers import GlobalMaxPooling2D
from tests.layers.suite import Case, LayerSuite, RefusesShapes


class TestGlobalMaxPooling2D(RefusesShapes, LayerSuite):
    layer = GlobalMaxPooling2D
    terms = 1
    cases = (
        Case({}, (5, 6, 3), (3,)),
        Case({"keepdims": True}, (4, 1, 2), (1, 1, 2)),
    )
    bad_shapes = (({}, (2, 3), r"expected input \(N, H, W, C\), received \(N, 3\)"),)

    def expected(self, layer, x, weights):
        return x.max(axis=(1, 2), keepdims=layer.keepdims)


def test_equal_maxima_share_the_gradient():
    layer = GlobalMaxPooling2D()
    x = np.float32([1, 3, 3, 2]).reshape(1, 2, 2, 1)
    assert layer(x, training=True) == 3
    dx = layer.backward(np.float32([[8]]))
    np.testing.assert_array_equal(dx.ravel(), [0, 4, 4, 0])


def test_data_format_is_channels_last():
    assert GlobalMaxPooling2D("channels_last").keepdims is False

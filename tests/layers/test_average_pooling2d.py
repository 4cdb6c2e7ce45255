from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import AveragePooling2D, AvgPool2D
from tests.layers import pooling
from tests.layers.suite import LayerSuite, RefusesShapes, refuses


class TestAveragePooling2D(RefusesShapes, LayerSuite):
    layer = AveragePooling2D
    terms = 30
    cases = pooling.CASES
    bad_shapes = pooling.BAD_SHAPES

    def expected(self, layer, x, weights):
        return pooling.pool(x, layer, np.mean)


def forward_backward(x, dy, **settings):
    layer = AveragePooling2D(dtype="float64", **settings)
    y = layer.forward(np.array(x, np.float64)[None, :, :, None], training=True)
    dx = layer.backward(np.array(dy, np.float64)[None, :, :, None])
    return y[0, :, :, 0], dx[0, :, :, 0]


def test_hand_computed_values():
    x = [[1, 5, 2, 0], [3, 3, 8, 6]]
    y, dx = forward_backward(x, [[4, 8]])
    np.testing.assert_array_equal(y, [[3, 4]])
    np.testing.assert_array_equal(dx, [[1, 1, 2, 2]] * 2)


def test_same_padding_does_not_enter_the_mean():
    y, dx = forward_backward([[1, 3, 8]], [[2, 6]], pool_size=2, padding="same")
    np.testing.assert_array_equal(y, [[2, 8]])
    np.testing.assert_array_equal(dx, [[1, 1, 6]])


def test_overlapping_windows_add_up():
    _, dx = forward_backward(np.zeros((1, 3)), [[2, 4]], pool_size=(1, 2), strides=1)
    np.testing.assert_array_equal(dx, [[1, 3, 2]])


@pytest.mark.parametrize(("settings", "message"), pooling.BAD_SETTINGS)
def test_bad_settings_are_refused(settings, message):
    refuses(AveragePooling2D, settings, message)


def test_keras_second_name():
    assert AvgPool2D is AveragePooling2D

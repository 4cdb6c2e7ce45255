from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import MaxPool2D, MaxPooling2D
from tests.layers import pooling
from tests.layers.suite import LayerSuite, RefusesShapes, refuses


class TestMaxPooling2D(RefusesShapes, LayerSuite):
    layer = MaxPooling2D
    terms = 1
    cases = pooling.CASES
    bad_shapes = pooling.BAD_SHAPES

    def expected(self, layer, x, weights):
        return pooling.pool(x, layer, np.max)


def forward_backward(x, dy, **settings):
    layer = MaxPooling2D(**settings)
    y = layer.forward(np.array(x, np.float32)[None, :, :, None], training=True)
    dx = layer.backward(np.array(dy, np.float32)[None, :, :, None])
    return y[0, :, :, 0], dx[0, :, :, 0]


def test_hand_computed_values():
    x = [[1, 5, 2, 0], [3, 4, 8, 7], [-1, -2, 6, 6], [-3, -4, 6, 6]]
    y, dx = forward_backward(x, [[10, 20], [30, 40]])
    np.testing.assert_array_equal(y, [[5, 8], [-1, 6]])
    np.testing.assert_array_equal(
        dx, [[0, 10, 0, 0], [0, 0, 20, 0], [30, 0, 40, 0], [0, 0, 0, 0]]
    )


def test_among_equals_the_first_gets_the_gradient():
    _, dx = forward_backward([[7, 7], [7, 7]], [[1]])
    np.testing.assert_array_equal(dx, [[1, 0], [0, 0]])


def test_overlapping_windows_add_up():
    _, dx = forward_backward([[0, 9, 0]] * 3, [[1, 2], [4, 8]], pool_size=2, strides=1)
    np.testing.assert_array_equal(dx, [[0, 3, 0], [0, 12, 0], [0, 0, 0]])


def test_same_padding_is_never_the_maximum():
    y, dx = forward_backward([[-5, -6, -7]], [[1, 2]], pool_size=2, padding="same")
    np.testing.assert_array_equal(y, [[-5, -7]])
    np.testing.assert_array_equal(dx, [[1, 0, 2]])


def test_pixels_that_no_window_reads_get_no_gradient():
    _, dx = forward_backward(np.arange(9).reshape(3, 3), [[1]])
    np.testing.assert_array_equal(dx, [[0, 0, 0], [0, 1, 0], [0, 0, 0]])


@pytest.mark.parametrize(("settings", "message"), pooling.BAD_SETTINGS)
def test_bad_settings_are_refused(settings, message):
    refuses(MaxPooling2D, settings, message)


def test_strides_are_the_window_unless_given():
    assert MaxPooling2D(3).strides == (3, 3)
    assert MaxPooling2D((3, 2), strides=1).strides == (1, 1)


def test_keras_second_name():
    assert MaxPool2D is MaxPooling2D

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from scratchnet.layers import Softmax
from tests.layers.suite import Case, LayerSuite, refuses


class TestSoftmax(LayerSuite):
    layer = Softmax
    terms = 8
    cases = (
        Case({}, (4,), (4,)),
        Case({}, (1,), (1,)),
        Case({"axis": -1}, (2, 3, 4), (2, 3, 4)),
        Case({"axis": 1}, (2, 3, 4), (2, 3, 4)),
        Case({"axis": (1, 2)}, (2, 3, 4), (2, 3, 4)),
    )

    def expected(self, layer, x, weights):
        return special.softmax(x, axis=layer.axis)


def test_hand_computed_values():
    y = Softmax(dtype="float64")(np.log([[1.0, 3.0, 4.0]]))
    np.testing.assert_allclose(y, [[0.125, 0.375, 0.5]], rtol=1e-15)


def test_adding_a_constant_changes_nothing_and_rows_sum_to_one():
    x = np.float32([[1, 2, 3], [-4, 0, 4]])
    np.testing.assert_array_equal(Softmax()(x), Softmax()(x + 1024))
    np.testing.assert_allclose(Softmax()(x).sum(axis=1), 1, rtol=3e-7)


def test_the_gradient_of_a_constant_is_zero():
    layer = Softmax(dtype="float64")
    layer(np.array([[0.3, -1.0, 2.0]]), training=True)
    np.testing.assert_allclose(layer.backward(np.full((1, 3), 7.0)), 0, atol=1e-15)


def test_the_last_axis_is_known_to_rules_whatever_it_is_called():
    layer = Softmax(axis=2)
    layer(np.ones((2, 3, 4)))
    assert layer.operation == "softmax"
    assert layer.get_config()["axis"] == 2
    assert Softmax(axis=1).operation == ""


def test_an_axis_that_is_none_is_refused():
    refuses(Softmax, {"axis": 1.5}, "expected one or several integers for axis")
    with pytest.raises(ValueError, match="expected an axis of 2 dimensions"):
        Softmax(axis=2)(np.ones((2, 3)))

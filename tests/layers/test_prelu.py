from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import PReLU
from tests.layers.suite import Case, LayerSuite, refuses


class TestPReLU(LayerSuite):
    layer = PReLU
    terms = 64
    cases = (
        Case({}, (7,), (7,), {"alpha": (7,)}),
        Case({"shared_axes": [1, 2]}, (4, 5, 3), (4, 5, 3), {"alpha": (1, 1, 3)}),
        Case({"shared_axes": [2, 3]}, (4, 5, 3), (4, 5, 3), {"alpha": (4, 1, 1)}),
        Case({"shared_axes": 2}, (4, 5, 3), (4, 5, 3), {"alpha": (4, 1, 3)}),
        Case({"shared_axes": (1,)}, (7,), (7,), {"alpha": (1,)}),
    )

    def expected(self, layer, x, weights):
        return np.maximum(x, 0) + weights["alpha"] * np.minimum(x, 0)


def test_at_zero_nothing_passes():
    layer = PReLU("ones")
    layer(np.float32([[0, 1, -1]]), training=True)
    dx = layer.backward(np.float32([[5, 5, 5]]))
    np.testing.assert_array_equal(dx, [[0, 5, 5]])
    np.testing.assert_array_equal(layer.grads["alpha"], [0, 0, -5])


def test_axes_that_are_none_are_refused():
    refuses(PReLU, {"shared_axes": [0]}, r"of at least 1.*received \[0\]")
    with pytest.raises(ValueError, match=r"with the axes \[3\], received \(N, 3\)"):
        PReLU(shared_axes=[3])(np.ones((2, 3)))

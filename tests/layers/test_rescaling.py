from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Rescaling
from tests.layers.suite import Case, LayerSuite, refuses


class TestRescaling(LayerSuite):
    layer = Rescaling
    terms = 2
    cases = (
        Case({"scale": 1 / 255}, (5, 6, 2), (5, 6, 2)),
        Case({"scale": -2.0, "offset": 1}, (4,), (4,)),
        Case({"scale": [2.0, 3.0], "offset": [0.5, 0.0]}, (3, 2), (3, 2)),
    )

    def expected(self, layer, x, weights):
        return x * np.array(layer.scale) + np.array(layer.offset)


def test_pixels_become_fractions():
    y = Rescaling(1 / 255)(np.array([[0, 51, 255]], np.uint8))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, [[0, 0.2, 1]], rtol=1e-6)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None])
def test_scale_and_offset_must_be_finite(value):
    refuses(Rescaling, {"scale": value}, "expected a finite number for scale")
    refuses(Rescaling, {"scale": 1, "offset": value}, "a finite number for offset")

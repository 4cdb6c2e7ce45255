from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Input, InputLayer
from tests.layers.suite import Case, LayerSuite, refuses


class TestInputLayer(LayerSuite):
    layer = InputLayer
    terms = 1
    cases = (
        Case({"shape": (5, 6, 2)}, (5, 6, 2), (5, 6, 2)),
        Case({"batch_shape": (None, 4)}, (4,), (4,)),
    )

    def expected(self, layer, x, weights):
        return x


def test_the_shape_is_known_from_the_start():
    assert InputLayer((28, 28, 1)).batch_shape == (None, 28, 28, 1)
    assert InputLayer(batch_shape=(None, 3)).batch_shape == (None, 3)
    assert InputLayer([3]).batch_shape == (None, 3)


def test_input_makes_an_input_layer():
    made = Input((28, 28, 1), name="pixels", dtype="float64")
    assert made.shape == (None, 28, 28, 1)
    layer = made.layer
    assert isinstance(layer, InputLayer)
    assert layer.name == made.name == "pixels"
    assert layer.dtype == np.float64
    assert layer.get_config()["batch_shape"] == (None, 28, 28, 1)


@pytest.mark.parametrize("make", [Input, InputLayer])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, r"expected either shape=.* or batch_shape"),
        ({"shape": (3,), "batch_shape": (None, 3)}, "expected either shape="),
        ({"shape": (0,)}, "positive integers"),
        ({"shape": (2.5,)}, "positive integers"),
        ({"shape": (-1, 2)}, "positive integers"),
        ({"shape": "28"}, "positive integers"),
        ({"shape": (3,), "batch_size": 0}, "positive integer for batch_size"),
        ({"batch_shape": (2.5, 3)}, "positive integer for batch_size"),
        ({"shape": (3,), "sparse": True}, "sparse=True is outside"),
        ({"shape": (3,), "ragged": True}, "ragged=True is outside"),
        ({"shape": (3,), "optional": True}, "optional=True is outside"),
        ({"shape": (3,), "dtype": "int32"}, "expected dtype float32 or float64"),
    ],
)
def test_bad_settings_are_refused(make, settings, message):
    refuses(make, settings, message)

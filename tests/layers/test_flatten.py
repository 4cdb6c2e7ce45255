from __future__ import annotations

import numpy as np

from scratchnet.layers import Flatten
from tests.layers.suite import Case, LayerSuite, refuses


class TestFlatten(LayerSuite):
    layer = Flatten
    terms = 1
    cases = (
        Case({}, (2, 3, 4), (24,)),
        Case({}, (5,), (5,)),
        Case({}, (1, 1, 1, 2), (2,)),
        Case({"data_format": "channels_last"}, (3, 2), (6,)),
    )

    def expected(self, layer, x, weights):
        return np.stack([np.array(list(sample.flat)) for sample in x])


def test_rows_then_columns_then_channels():
    x = np.arange(12).reshape(1, 2, 3, 2)
    np.testing.assert_array_equal(Flatten()(x), [np.arange(12)])


def test_one_number_a_sample_becomes_one_column():
    layer = Flatten()
    assert layer(np.ones(4)).shape == (4, 1)


def test_an_open_dimension_stays_open():
    assert Flatten().compute_output_shape((None, None, 3)) == (None, None)


def test_channels_first_is_refused():
    refuses(Flatten, {"data_format": "channels_first"}, "is outside")

"""Layer by layer beside Keras: outputs, gradients and moving statistics.

    python -m pytest tests/keras/parity  (with the extra `reference` installed)

hypothesis draws the layer's settings, the shapes, the dtype and the numbers, the same
in every run. The tolerances are derived in `tests/keras/parity/rounding.py`, and
`tests/keras/parity/test_kit.py` shows what they catch.
"""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras

from scratchnet import layers
from scratchnet.kernels.convolution import winograd
from tests.keras.golden.step import LAYOUTS, assert_within, ours
from tests.keras.parity import draw, oracle, rounding

# Keras warns of a softmax over one class; it is drawn because its gradient is 0.
pytestmark = pytest.mark.filterwarnings("ignore:.*You are using a softmax")

LAYOUT = st.sampled_from(sorted(LAYOUTS))


def check(drawn, layout):
    step = oracle.make_step(**drawn)
    bounds = rounding.bounds(step)
    assume(bounds is not None)
    assert_within(ours(step, LAYOUTS[layout]), oracle.theirs(step), bounds)


@draw.examples(80)
@given(draw.convolutions(), LAYOUT)
def test_convolution(drawn, layout):
    check(drawn, layout)


@draw.examples(120)
@given(draw.spread_convolutions(), LAYOUT)
def test_convolutions_with_gaps_and_groups_and_transposed(drawn, layout):
    check(drawn, layout)


@draw.examples(60)
@given(draw.of_sequences(), LAYOUT)
def test_windows_on_sequences(drawn, layout):
    check(drawn, layout)


@draw.examples(60)
@given(draw.winograd_convolutions(), LAYOUT)
def test_convolution_by_winograd(drawn, layout):
    (_, _, _, C), settings = drawn["shape"], drawn["settings"]
    assert winograd.suits((3, 3, C, settings["filters"]), (1, 1))
    check(drawn, layout)


@draw.examples(60)
@given(draw.denses(), LAYOUT)
def test_dense(drawn, layout):
    check(drawn, layout)


@pytest.mark.parametrize("kind", ["MaxPooling2D", "AveragePooling2D"])
@draw.examples(60)
@given(data=st.data(), layout=LAYOUT)
def test_pooling_ties_included(kind, data, layout):
    check(data.draw(draw.poolings(kind)), layout)


@draw.examples(80)
@given(draw.batch_normalizations(), LAYOUT)
def test_batch_normalization_training_and_frozen(drawn, layout):
    check(drawn, layout)


@draw.examples(60)
@given(draw.others(), LAYOUT)
def test_layers_without_weights(drawn, layout):
    check(drawn, layout)


@draw.examples(80)
@given(draw.reshapings(), LAYOUT)
def test_layers_that_move_elements(drawn, layout):
    check(drawn, layout)


SHAPE = st.sampled_from([(1, 7), (3, 4, 5, 2), (40, 30)])
RATE = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])


@draw.examples(40)
@given(SHAPE, RATE, draw.DTYPE, draw.RNG)
def test_dropout_where_both_keep_an_element(shape, rate, dtype, rng):
    # Which elements go is each side's own; what becomes of the rest is not.
    x, dy = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    mine = layers.Dropout(rate, seed=1, dtype=dtype)
    theirs = oracle.build("Dropout", {"rate": rate, "seed": 1}, shape, dtype)
    assert np.array_equal(mine(x), theirs(x, training=False).numpy())
    y, expected = mine(x, training=True), oracle.differentiate(theirs, x, dy, True)
    both = (y != 0) & (expected["y"] != 0)
    allowed = rounding.Stage(dtype).rounding(1) / max(1 - rate, 1e-9)
    for values, other, size in (
        (y, expected["y"], x),
        (mine.backward(dy), expected["dx"], dy),
    ):
        assert np.all(np.abs(values - other)[both] <= allowed * np.abs(size)[both])
    kept = np.sqrt(rate * (1 - rate) / x.size)  # one standard error
    for found in (y, expected["y"]):
        assert abs((found != 0).mean() - (1 - rate)) <= 6 * kept


@draw.examples(30)
@given(SHAPE, RATE.filter(lambda rate: rate < 1), draw.DTYPE, draw.RNG)
def test_dropout_with_its_mask_handed_over(shape, rate, dtype, rng):
    x, dy = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    layer = layers.Dropout(rate, seed=2, dtype=dtype)
    y = layer(x, training=True).copy()
    mask = (layer.backward(np.ones_like(dy)) != 0) / (1 - rate)
    handed = handed_over(mask, dtype)
    expected = oracle.differentiate(handed, x, dy, training=True)
    bounds = rounding.propagate([rounding.Masked(mask, dtype)], x, dy)
    found = {"y": y, "dx": layer.backward(dy)}
    assert_within(found, expected, bounds)


def handed_over(mask, dtype):
    """Return a Keras layer that multiplies by a mask when training."""

    class HandedOver(keras.layers.Layer):
        def call(self, x, training=False):
            return x * keras.ops.cast(mask, x.dtype) if training else x

    return HandedOver(dtype=dtype)

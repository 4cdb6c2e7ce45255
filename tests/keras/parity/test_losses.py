"""Losses beside Keras: values and gradients, weighted, smoothed, from logits or not.

python -m pytest tests/keras/parity/test_losses.py
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras

from scratchnet import losses
from tests.keras.golden.step import assert_within, loss_results
from tests.keras.parity import draw, loss_rounding, oracle

BATCH = st.sampled_from([1, 2, 9, 33])
CLASSES = st.sampled_from([2, 3, 10, 100])


def check(made, y, y_pred, weights, analysis):
    name, settings = made
    loss = getattr(keras.losses, name)(**settings, dtype=y_pred.dtype.name)
    assert_within(
        loss_results(getattr(losses, name)(**settings), y, y_pred, weights),
        oracle.loss_results(loss, y, y_pred, weights),
        loss_rounding.bounds(analysis, y_pred, weights),
    )


@draw.examples(80)
@given(
    BATCH,
    CLASSES,
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.sampled_from([1, 30]),
    st.booleans(),
    draw.DTYPE,
    draw.RNG,
)
def test_cross_entropy_of_logits(
    size, classes, sparse, smoothing, spread, weighted, dtype, rng
):
    logits = (spread * rng.standard_normal((size, classes))).astype(dtype)
    labels = rng.integers(0, classes, size)
    weights = draw.sample_weights(rng, size, dtype, weighted)
    one_hot = np.eye(classes)[labels]
    settings = {"from_logits": True}
    if sparse:
        made, y, targets = "SparseCategoricalCrossentropy", labels, one_hot
    else:
        settings["label_smoothing"] = smoothing
        made, y = "CategoricalCrossentropy", one_hot.astype(dtype)
        targets = draw.smooth(one_hot, smoothing)
    wide = np.float64(logits)
    check(
        (made, settings),
        y,
        logits,
        weights,
        lambda scale: loss_rounding.from_logits(
            targets, wide, np.zeros_like(wide), scale, dtype
        ),
    )


@draw.examples(80)
@given(
    BATCH,
    CLASSES,
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.booleans(),
    draw.DTYPE,
    draw.RNG,
)
def test_cross_entropy_of_probabilities(
    size, classes, sparse, smoothing, weighted, dtype, rng
):
    p = draw.probabilities(rng, size, classes, dtype)
    labels = rng.integers(0, classes, size)
    weights = draw.sample_weights(rng, size, dtype, weighted)
    one_hot, wide = np.eye(classes)[labels], np.float64(p)
    if sparse:
        check(
            ("SparseCategoricalCrossentropy", {}),
            labels[:, None],
            p,
            weights,
            lambda scale: loss_rounding.sparse_from_probabilities(
                one_hot, wide, scale, dtype
            ),
        )
    else:
        targets = draw.smooth(one_hot, smoothing)
        check(
            ("CategoricalCrossentropy", {"label_smoothing": smoothing}),
            one_hot.astype(dtype),
            p,
            weights,
            lambda scale: loss_rounding.from_probabilities(targets, wide, scale, dtype),
        )


@draw.examples(40)
@given(BATCH, CLASSES, st.booleans(), draw.DTYPE, draw.RNG)
def test_mean_squared_error(size, width, weighted, dtype, rng):
    y, y_pred = (rng.standard_normal((size, width)).astype(dtype) for _ in range(2))
    weights = draw.sample_weights(rng, size, dtype, weighted)
    check(
        ("MeanSquaredError", {}),
        y,
        y_pred,
        weights,
        lambda scale: loss_rounding.mean_squared_error(
            np.float64(y), np.float64(y_pred), np.zeros(y.shape), scale, dtype
        ),
    )

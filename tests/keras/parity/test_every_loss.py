"""Every loss beside Keras: values and gradients on any shape, by any reduction.

python -m pytest tests/keras/parity/test_every_loss.py
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
import tensorflow as tf

import scratchnet
from scratchnet import losses
from tests.test_losses import FORMULAS, drawn

REDUCTIONS = ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none")
MADE = {
    **{name: (values, kind) for name, (values, kind, _) in FORMULAS.items()},
    "BinaryCrossentropy logits": ({"from_logits": True}, "numbers"),
    "BinaryFocalCrossentropy logits": ({"from_logits": True}, "numbers"),
    "CategoricalFocalCrossentropy logits": ({"from_logits": True}, "logits"),
    "CategoricalCrossentropy logits": ({"from_logits": True}, "logits"),
    "SparseCategoricalCrossentropy": ({"ignore_class": -1}, "labels"),
    "SparseCategoricalCrossentropy logits": (
        *({"ignore_class": 0, "from_logits": True},),
        "label logits",
    ),
    "Dice": ({"axis": -1}, "binary"),
    "Tversky": ({"alpha": 0.2, "beta": 0.7}, "binary"),
}


def values_of(kind, shape, rng):
    if kind in ("logits", "label logits"):
        y_true, _ = drawn("classes", shape, rng)
        y_pred = 3 * rng.normal(size=shape)
    elif kind == "labels":
        y_true, y_pred = drawn("classes", shape, rng)
    else:
        return drawn(kind, shape, rng)
    return (y_true.argmax(-1) if "label" in kind else y_true), y_pred


@pytest.mark.parametrize("name", MADE)
@settings(deadline=None, derandomize=True, max_examples=12, database=None)
@given(
    shape=st.sampled_from([(1, 2), (7, 3), (2, 3, 4, 5), (4, 1, 2)]),
    dtype=st.sampled_from(["float32", "float64"]),
    reduction=st.sampled_from(REDUCTIONS),
    weighted=st.booleans(),
    seed=st.integers(0, 99),
)
def test_values_and_gradients(name, shape, dtype, reduction, weighted, seed):
    arguments, kind = MADE[name]
    rng = np.random.default_rng(seed)
    y_true, y_pred = values_of(kind, shape, rng)
    y_pred = y_pred.astype(dtype)
    if y_true.dtype.kind == "f":
        y_true = y_true.astype(dtype)
    cls = name.partition(" ")[0]
    own = getattr(losses, cls)(**arguments, reduction=reduction)
    theirs = getattr(keras.losses, cls)(**arguments, reduction=reduction, dtype=dtype)
    rank = max(len(shape) - 1, 1)
    weights = rng.random((shape[0], *(1,) * (rank - 1))).astype(dtype)
    if cls == "Tversky":
        weights = None  # one value for the batch
    weights = weights if weighted else None
    variable = tf.Variable(y_pred)
    with tf.GradientTape() as tape:
        value = theirs(y_true, variable, weights)
    gradient = tape.gradient(value, variable).numpy()
    found = own(y_true, y_pred, weights)
    scale = np.abs(value).max() + 1
    bound = 3e-6 if dtype == "float32" else 2e-7  # Keras's epsilons are in float32
    np.testing.assert_allclose(found, value, atol=bound * scale * 4, rtol=0)
    targets = own.targets(np.asarray(y_true), y_pred.shape, dtype)
    values = own.forward(targets, y_pred)
    shares = own.shares(values, weights, own.mask(targets))
    dy = own.backward(targets, y_pred, shares)
    scale = np.abs(gradient).max() + 1e-3
    np.testing.assert_allclose(dy, gradient, atol=bound * scale * 8, rtol=0)


HEADS = {
    "sigmoid": ("BinaryCrossentropy", {}),
    "softmax": ("BinaryCrossentropy", {"label_smoothing": 0.1}),
    "linear": ("BinaryCrossentropy", {"from_logits": True}),
    "relu": ("Huber", {"delta": 0.3}),
    "tanh": ("MeanAbsoluteError", {}),
}


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("activation", HEADS)
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
def test_training(activation, reduction, eager):
    """Three epochs of an autoencoder on images, with weights."""
    name, arguments = HEADS[activation]
    rng = np.random.default_rng(1)
    x = rng.random((20, 6, 6, 2)).astype("float32")
    y = (rng.random((20, 6, 6, 3)) > 0.4).astype("float32")
    weights = rng.random((20, 1, 1)).astype("float32")
    histories, start = [], None
    for library in (keras, scratchnet):
        library.utils.set_random_seed(1)
        model = library.Sequential(
            [
                library.Input((6, 6, 2)),
                library.layers.Conv2D(4, 3, padding="same", activation="relu"),
                library.layers.Conv2D(3, 3, padding="same", activation=activation),
            ]
        )
        start = start or model.get_weights()
        model.set_weights(start)
        loss = getattr(library.losses, name)(**arguments, reduction=reduction)
        model.compile(library.optimizers.SGD(0.05), loss, run_eagerly=eager)
        history = model.fit(
            *(x, y, 8, 3),
            sample_weight=weights,
            shuffle=False,
            verbose=0,
            validation_data=(x, y),
        ).history
        histories.append(np.array([history["loss"], history["val_loss"]]))
    np.testing.assert_allclose(histories[1], histories[0], rtol=3e-5)


def huber(library):
    """As notebooks write it, with a condition."""
    ops = library.ops

    def loss(y_true, y_pred):
        error = y_true - y_pred
        small = ops.abs(error) < 0.2
        return ops.where(
            small, ops.square(error) / 2, 0.2 * ops.abs(error) - 0.2**2 / 2
        )

    return loss


def focal(library):
    """A class, with arithmetic of probabilities."""
    ops = library.ops

    class Focal(library.losses.Loss):
        def call(self, y_true, y_pred):
            y_pred = ops.clip(y_pred, 1e-7, 1 - 1e-7)
            crossentropy = -y_true * ops.log(y_pred)
            return ops.sum((1 - y_pred) ** 2 * crossentropy, axis=-1)

    return Focal()


@pytest.mark.parametrize("written", [huber, focal])
def test_a_loss_written_by_hand_trains(written):
    rng = np.random.default_rng(3)
    x = rng.random((20, 5)).astype("float32")
    y = np.eye(3, dtype="float32")[rng.integers(0, 3, 20)]
    weights = [rng.normal(size=(5, 3)), rng.normal(size=3)]
    found = []
    for library in (keras, scratchnet):
        model = library.Sequential(
            [library.Input((5,)), library.layers.Dense(3, activation="softmax")]
        )
        model.set_weights(weights)
        model.compile(library.optimizers.SGD(0.5), written(library))
        history = model.fit(x, y, 8, 3, shuffle=False, verbose=0).history["loss"]
        found.append([np.array(history), *model.get_weights()])
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=3e-5, atol=1e-6)

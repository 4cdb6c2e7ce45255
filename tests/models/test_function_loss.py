"""Losses that are functions of tensors, against the same in NumPy and Keras's own."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers, ops
from scratchnet.losses import CategoricalCrossentropy, get

RNG = np.random.default_rng(0)
P = RNG.uniform(0.1, 1, (5, 3))
P /= P.sum(-1, keepdims=True)
Y = np.eye(3)[[0, 2, 1, 1, 0]]


def smooth(y_true, y_pred):
    y_true = y_true * 0.9 + 0.1 / 3
    return keras.losses.categorical_crossentropy(y_true, y_pred)


def focal(y_true, y_pred):
    p = ops.clip(y_pred, 1e-7, 1 - 1e-7)
    return ops.sum(-y_true * (1 - p) ** 2 * ops.log(p), axis=-1)


def sparse(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def distance(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


CASES = {
    smooth: (Y, -((0.9 * Y + 0.1 / 3) * np.log(P)).sum(-1)),
    focal: (Y, -(Y * (1 - P) ** 2 * np.log(P)).sum(-1)),
    sparse: (Y.argmax(-1), -(Y * np.log(P)).sum(-1)),
    distance: (Y, np.abs(Y - P).mean(-1)),
}


@pytest.mark.parametrize("function", CASES)
def test_values_and_gradients(function):
    y, expected = CASES[function]
    loss = get(function)
    assert loss.name == function.__name__
    targets = loss.targets(y, P.shape, P.dtype)
    np.testing.assert_allclose(loss.forward(targets, P), expected, 1e-9)
    np.testing.assert_allclose(loss(y, P), expected.mean(), 1e-9)
    scale = RNG.uniform(0.5, 1, 5)
    gradient = loss.backward(targets, P, scale)
    for at in np.ndindex(P.shape):
        step = np.zeros_like(P)
        step[at] = 1e-5
        up, down = loss.forward(targets, P + step), loss.forward(targets, P - step)
        np.testing.assert_allclose(gradient[at], (up - down) @ scale / 2e-5, 1e-5, 1e-7)


def test_a_model_learns_as_with_the_class(tmp_path):
    x = RNG.normal(size=(12, 4)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[RNG.integers(0, 3, 12)]
    made = []
    for loss in (smooth, CategoricalCrossentropy(label_smoothing=0.1)):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])
        model.compile("sgd", loss, metrics=["accuracy"])
        history = model.fit(x, y, epochs=2, batch_size=5, verbose=0).history
        made.append((history["loss"], model.get_weights()[0]))
        if loss is smooth:
            first = model
    np.testing.assert_allclose(made[0][0], made[1][0], 1e-5)
    np.testing.assert_allclose(made[0][1], made[1][1], 1e-4, 1e-6)
    first.save(tmp_path / "model.keras")
    again = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"smooth": smooth}
    )
    assert again.evaluate(x, y, verbose=0) == first.evaluate(x, y, verbose=0)


class Contrastive(keras.losses.Loss):
    def __init__(self, margin=1.0, **kwargs):
        super().__init__(**kwargs)
        self.margin = margin

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}

    def call(self, y_true, y_pred):
        far = ops.square(ops.maximum(self.margin - y_pred, 0.0))
        return ops.mean((1 - y_true) * ops.square(y_pred) + y_true * far)


def test_classes_with_a_call_and_one_value_for_the_batch(tmp_path):
    y, p = RNG.integers(0, 2, (6, 1)), RNG.uniform(0, 2, (6, 1))
    expected = ((1 - y) * p**2 + y * np.maximum(1 - p, 0) ** 2).mean()
    np.testing.assert_allclose(Contrastive()(y, p), expected, 1e-9)
    x = RNG.normal(size=(6, 4)).astype(np.float32)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", Contrastive(margin=1.5), metrics=["mae"])
    before = model.evaluate(x, y, batch_size=6, verbose=0)[0]
    model.fit(x, y, batch_size=6, epochs=5, verbose=0)
    assert model.evaluate(x, y, batch_size=6, verbose=0)[0] < before
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Contrastive": Contrastive}
    )
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_what_is_no_value_for_each_sample_is_refused():
    for wrong in (lambda y, p: 3.0, lambda y, p: ops.mean(p, axis=0)):
        with pytest.raises(ValueError, match="expected a value for each sample"):
            get(wrong)(Y, P)
    with pytest.raises(TypeError, match="no values yet"):
        get(lambda y, p: np.abs(y - p))(Y, P)

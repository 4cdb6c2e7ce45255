"""Graphs of layers, written once and run by Keras and here, from the same weights."""

from __future__ import annotations

import numpy as np
import pytest

import scratchnet
from tests.keras.parity import graphs

keras = pytest.importorskip("keras")

# TensorFlow's arrays, when Keras writes a file.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")

BATCH = 6
# In a graph of Keras 3.15, `fit` and `predict` go before what a call says of training,
# against its documentation; here the call does.
NOT_TRAINED = (graphs.cut_at_layers, graphs.monte_carlo)
TRAINED = [one for one in graphs.ALL if one not in NOT_TRAINED]
FILED = [
    one
    for one in graphs.ALL  # Keras refuses to load a Lambda's code
    if one not in (graphs.residual_class, graphs.conditions)
]


def data(make):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, *graphs.IMAGE)).astype(np.float32)
    if make is graphs.shared_base:
        return [x, x[::-1].copy()]
    if make is graphs.image_and_numbers:
        return {"image": x, "numbers": rng.normal(size=(BATCH, 4)).astype(np.float32)}
    return x


def pair(make):
    """Return Keras's model and ours, with the same weights."""
    theirs, ours = make(keras), make(scratchnet)
    x = data(make)
    theirs(x), ours(x)
    shapes = [w.shape for w in theirs.get_weights()]
    assert [w.shape for w in ours.get_weights()] == shapes
    rng = np.random.default_rng(1)
    weights = [
        rng.uniform(0.1, 0.6, w.shape) * np.sign(w.mean() + 0.5)
        if w.ndim == 1
        else rng.normal(size=w.shape) * 0.3
        for w in theirs.get_weights()
    ]
    weights[-2] *= 0.1  # no probability is so small that it is clipped
    theirs.set_weights(weights)
    ours.set_weights(weights)
    return theirs, ours, x


def close(found, expected, tolerance=2e-5):
    for one, other in zip(listed(found), listed(expected), strict=True):
        np.testing.assert_allclose(one, np.asarray(other), tolerance, tolerance)


def listed(outputs):
    return outputs if isinstance(outputs, list) else [outputs]


@pytest.mark.parametrize("make", graphs.ALL)
def test_outputs(make):
    theirs, ours, x = pair(make)
    close(ours(x), theirs(x))
    close(ours.predict(x, verbose=0), theirs.predict(x, verbose=0))
    if make is not graphs.residual_class:  # Keras's has none
        assert ours.output_shape == theirs.output_shape
    assert [o.class_name for o in ours.layers] == [
        type(one).__name__ for one in theirs.layers
    ]


# `arithmetic` has probabilities so small that they are clipped, if nothing is rewritten
# (docs/differences.md).
WAYS = [(one, False) for one in TRAINED]
WAYS += [(one, True) for one in TRAINED if one is not graphs.arithmetic]


@pytest.mark.parametrize(("make", "eagerly"), WAYS)
def test_fit(make, eagerly):
    theirs, ours, x = pair(make)
    y = np.arange(BATCH) % 3
    histories = []
    for library, model in ((keras, theirs), (scratchnet, ours)):
        model.compile(
            library.optimizers.SGD(0.01),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            run_eagerly=eagerly and model is ours,
        )
        histories.append(
            model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
        )
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, 2e-4, 1e-5)
    close(ours.get_weights(), theirs.get_weights(), 3e-4)
    np.testing.assert_allclose(
        ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), 3e-4
    )


@pytest.mark.parametrize("make", FILED)
def test_files(make, tmp_path):
    theirs, ours, x = pair(make)
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    with_keras = keras.models.load_model(tmp_path / "ours.keras")
    here = scratchnet.models.load_model(tmp_path / "theirs.keras")
    close(with_keras.predict(x, verbose=0), theirs.predict(x, verbose=0))
    close(here.predict(x, verbose=0), ours.predict(x, verbose=0), 1e-6)
    again = scratchnet.Model.from_config(theirs.get_config())
    again.set_weights(ours.get_weights())
    close(again(x), ours(x), 1e-6)


def summary(model, **settings):
    texts = []
    model.summary(print_fn=lambda text, **_: texts.append(text), **settings)
    return "".join(texts).splitlines()


def nested(k):
    layers = k.layers
    inner = k.Sequential(
        [k.Input((4,)), layers.Dense(4, name="a"), layers.ReLU(name="b")], name="in"
    )
    x, z = k.Input((4,), name="x"), k.Input((4,), name="z")
    both = layers.Concatenate(name="both")([inner(x), z])
    return k.Model([x, z], layers.Dense(1, name="top")(both), name="net")


@pytest.mark.parametrize(
    "settings",
    [
        {"expand_nested": True},
        {"expand_nested": True, "show_trainable": True},
        {"layer_range": ["in", "both"]},
        {"layer_range": ["t.p", "x"], "positions": [0.3, 0.55, 0.75, 1.0]},
    ],
)
def test_summary(settings):
    assert summary(nested(scratchnet), **settings) == summary(nested(keras), **settings)


def names_of_graphs(k):
    """Return default names after stacks were built, and built again."""
    k.backend.clear_session()
    layers = k.layers
    stack = k.Sequential([k.Input((4,)), layers.Dense(2)])
    stack.add(layers.Dense(3))
    stack.pop()
    again = k.models.model_from_json(stack.to_json())
    late, x = k.Sequential([layers.Dense(2)]), k.Input((4,))
    model = k.Model(x, late(again.layers[0](x)))
    clone = k.models.clone_model(model)
    last = k.Model(x, layers.Dense(2)(x))
    return [one.name for one in (stack, again, late, model, clone, last)]


def test_names_of_graphs():
    assert names_of_graphs(scratchnet) == names_of_graphs(keras)


def classes(k):
    """Return a layer and two models written as classes, by name."""
    layers = k.layers

    class Linear(layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.scale = self.add_weight(
                shape=(), initializer="ones", trainable=False, name="scale"
            )
            self.w = self.add_weight(shape=(input_shape[-1], self.units), name="w")

        def call(self, x):
            return k.ops.matmul(x, self.w) * self.scale

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.parts = [layers.Dense(4, activation="tanh"), layers.Dense(4)]
            self.norm, self.drop = layers.BatchNormalization(), layers.Dropout(0.5)
            self.named = {"z": layers.Dense(4), "a": layers.Dense(4)}

        def build(self, input_shape):
            self.built = True

        def call(self, x, training=None):
            y = self.norm(self.parts[1](self.parts[0](x)), training=training)
            return x + self.drop(self.named["a"](self.named["z"](y)), training=training)

    class Apart(layers.Layer):
        def call(self, a, b):
            return a - 2 * b

    class Net(k.Model):
        def __init__(self, units=2, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.zz, self.aa = layers.Dense(4), layers.Dense(4)
            self._private = layers.Dense(4)
            self.stack = k.Sequential([layers.Dense(4), layers.ReLU()])
            self.blocks, self.linear = [Block(), Block()], Linear(units)
            self.apart = Apart()

        def call(self, x, training=False):
            x = self.stack(self._private(self.zz(self.aa(x))))
            for block in self.blocks:
                x = block(x, training=training)
            return self.linear(self.apart(x, x))

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return {one.__name__: one for one in (Linear, Block, Apart, Net)}


def of_classes(k, own, kind):
    layers = k.layers
    if kind == "class":
        return own["Net"](3)
    if kind == "stack":
        return k.Sequential([k.Input((4,)), own["Block"](), own["Linear"](2)])
    x = k.Input((4,))
    y = own["Block"]()(layers.Dense(4)(x))
    return k.Model(x, own["Net"](2)(own["Apart"]()(y, x)))


@pytest.mark.parametrize("kind", ["class", "stack", "graph"])
def test_classes_travel(kind, tmp_path):
    own, x = {}, np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    models, libraries = {}, {"theirs": keras, "ours": scratchnet}
    for name, k in libraries.items():
        own[name] = classes(k)
        model = models[name] = of_classes(k, own[name], kind)
        model.compile("adam", "mse")
        y = np.ones((5, 3 if kind == "class" else 2), np.float32)
        model.fit(x, y, verbose=0)
        model.save(tmp_path / f"{name}.keras")
        model.save_weights(tmp_path / f"{name}.weights.h5")
    for name, other in (("ours", "theirs"), ("theirs", "ours")):
        k, expected = libraries[name], models[other].predict(x, verbose=0)
        loaded = k.models.load_model(tmp_path / f"{other}.keras", own[name])
        close(loaded.predict(x, verbose=0), expected)
        assert int(loaded.optimizer.iterations) == 1
        fresh = of_classes(k, own[name], kind)
        fresh(x)
        fresh.load_weights(tmp_path / f"{other}.weights.h5")
        close(fresh.predict(x, verbose=0), expected)

"""Models that were copied, pickled or mapped train on as if nothing had happened."""

import copy
import pickle

import joblib
import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers

RNG = np.random.default_rng(0)
X, Y = RNG.random((24, 8, 8, 2), np.float32), np.arange(24) % 3


def cnn():
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.SeparableConv2D(5, 3),
            layers.PReLU(),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


class Scaled(layers.Layer):
    def build(self, input_shape):
        self.scale = self.add_weight(shape=input_shape[-1:], initializer="ones")

    def call(self, x):
        return x * self.scale


def written_as_keras_s():
    inputs = keras.Input((8, 8, 2))
    y = Scaled()(layers.Conv2D(4, 3)(inputs))
    y = layers.Add()([y, layers.Conv2D(4, 3, name="other")(inputs)])
    y = layers.GlobalAveragePooling2D()(y)
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(y))


def by_joblib(mode):
    def duplicate(model, folder):
        joblib.dump(model, folder / "model.joblib")
        return joblib.load(folder / "model.joblib", mmap_mode=mode)

    return duplicate


WAYS = {
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
    "joblib": by_joblib(None),
    "joblib, read-only": by_joblib("r"),
}


def optimizer():
    made = keras.optimizers.AdamW(0.01, weight_decay=0.1)
    made.exclude_from_weight_decay(var_names=["bias"])
    return made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("build", [cnn, written_as_keras_s])
@pytest.mark.parametrize("epochs", [0, 1])
def test_a_copy_trains_on_to_the_same_bits(build, way, epochs, tmp_path):
    keras.utils.set_random_seed(3)
    model = build()
    model.compile(optimizer(), "sparse_categorical_crossentropy")
    if epochs:
        model.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    twin = WAYS[way](model, tmp_path)
    assert np.array_equal(twin.predict(X, verbose=0), model.predict(X, verbose=0))
    losses = [
        one.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"]
        for one in (model, twin)
    ]
    assert losses[0] == losses[1]
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_what_an_optimizer_leaves_out_is_left_out_after_pickling():
    def trained(duplicate):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((8, 8, 2)), layers.Flatten()])
        model.add(layers.Dense(3))
        own = keras.optimizers.AdamW(0.01, weight_decay=0.5)
        own.exclude_from_weight_decay(var_list=[model.layers[1].kernel])
        model.compile(own, "mse")
        model.fit(X, np.zeros((24, 3)), shuffle=False, verbose=0)
        model = duplicate(model)
        model.fit(X, np.zeros((24, 3)), shuffle=False, verbose=0)
        return model.get_weights()

    for ours, theirs in zip(
        trained(lambda model: model),
        trained(lambda model: pickle.loads(pickle.dumps(model))),
        strict=True,
    ):
        assert np.array_equal(ours, theirs)


class Rebinding(layers.Layer):
    """Puts new arrays where its gradient, and its dictionary of them, were."""

    whole = False

    def build(self, input_shape, rng):
        self.add_param("scale", np.ones(input_shape[-1]))

    def forward(self, x, *, training):
        self._x = x
        return x * self.params["scale"]

    def backward(self, dy):
        gradient = (self._x * dy).sum((0, 1, 2))
        if self.whole == "updated":
            self.grads.update(scale=gradient)
        elif self.whole:
            self.grads = {"scale": gradient}
        else:
            self.grads["scale"] = gradient
        return dy * self.params["scale"]


@pytest.mark.parametrize("whole", [False, True, "updated"])
def test_a_layer_that_rebinds_its_gradient_learns(whole):
    layer = Rebinding()
    layer.whole = whole
    model = keras.Sequential([keras.Input((8, 8, 2)), layer, layers.Flatten()])
    model.add(layers.Dense(3, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    kept = layer.grads["scale"] if layer.built else None
    model.fit(X, Y, verbose=0)
    assert kept is layer.grads["scale"]
    assert not np.array_equal(layer.params["scale"], np.ones(2))
    with pytest.raises(ValueError, match=r"'scale': expected an array of shape \(2,\)"):
        layer.grads["scale"] = np.zeros(3)


@pytest.mark.parametrize("what", ["params", "grads"])
def test_training_refuses_memory_that_is_read_only(what):
    model = keras.Sequential([keras.Input((8, 8, 2)), layers.Flatten()])
    model.add(layers.Dense(3, activation="softmax", name="last"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    array = getattr(model.layers[1], what)["kernel"]
    array.flags.writeable = False
    before = array.copy()
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError, match="'last/kernel' is read-only"):
            train(X, Y)
    assert np.array_equal(array, before)
    model.predict(X, verbose=0)
    twin = copy.deepcopy(model)
    twin.fit(X, Y, verbose=0)
    assert not np.array_equal(twin.get_weights()[0], model.get_weights()[0])

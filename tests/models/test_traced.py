"""Layers and models written Keras's way: their `call` is traced into the graph."""

import copy

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers, ops
from scratchnet.gradcheck import gradcheck

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


class Linear(layers.Layer):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1], self.units), name="w")
        self.b = self.add_weight((self.units,), "zeros", name="b")
        self.count = self.add_weight((), "ones", trainable=False, name="count")
        super().build(input_shape)

    def call(self, x):
        return (ops.matmul(x, self.w) + self.b) * self.count


class Block(layers.Layer):
    def __init__(self, rate=0.5):
        super().__init__()
        self.parts = {"dense": [layers.Dense(4, activation="tanh")]}
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(rate)

    def call(self, x, training=None):
        y = self.norm(self.parts["dense"][0](x), training=training)
        if training:
            y = self.drop(y, training=training)
        return x + y


def test_weights_of_ones_own_are_computed_with():
    layer = Linear(3, name="linear")
    y = layer(X)
    np.testing.assert_allclose(y, X @ layer.w.numpy(), 1e-5, 1e-6)
    assert [w.path for w in layer.weights] == ["linear/w", "linear/b", "linear/count"]
    assert [w.name for w in layer.trainable_weights] == ["w", "b"]
    assert layer.get_config()["units"] == 3
    assert Linear.from_config({"units": 2}).units == 2


@pytest.mark.parametrize("make", [Linear, lambda **_: Block(0.0)])
def test_gradients(make):
    assert gradcheck(make(dtype="float64"), input_shape=(4,)).passed


def test_training_follows_who_runs_the_graph():
    block = Block()
    quiet = block(X)
    np.testing.assert_array_equal(quiet, block(X))
    assert (block(X, training=True) != quiet).any()
    moving = block.norm.moving_mean.numpy()
    block(X, training=False)
    np.testing.assert_array_equal(moving, block.norm.moving_mean)


def test_dropout_that_is_told_to_drop_does_so_in_predict():
    class Careful(keras.Model):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.5)

        def call(self, x):
            return self.drop(x, training=True)

    start = keras.Input((50,))
    drawn = keras.Model(start, layers.Dropout(0.5)(start, training=True))
    for model in (Careful(), drawn):
        y = model.predict(np.ones((2, 50)), verbose=0)
        assert set(np.unique(y)) == {0, 2}


def test_a_model_learns_is_copied_and_has_its_layers():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Block(0.0), Block(0.0)]
            self.head = Linear(2)

        def call(self, x, training=False):
            for block in self.blocks:
                x = block(x, training=training)
            return self.head(x)

    net = Net()
    net.compile("adam", "mse")
    history = net.fit(X, X[:, :2], epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0] * 0.9
    assert [one.class_name for one in net.layers] == ["Block", "Block", "Linear"]
    other = copy.deepcopy(net)
    other.set_weights(net.get_weights())
    np.testing.assert_array_equal(other(X), net(X))
    assert [kind for kind in net.plan().program.kinds if kind].count("dropout") == 2


def test_several_arguments_lists_and_dictionaries():
    class Apart(layers.Layer):
        def call(self, a, b):
            return a - b

    class Named(layers.Layer):
        def call(self, inputs):
            return {"sum": inputs["a"] + inputs["b"], "first": inputs["a"] * 1.0}

    np.testing.assert_array_equal(Apart()(X, X), np.zeros_like(X))
    made = Named()({"b": X, "a": 2 * X})
    np.testing.assert_allclose(made["sum"], 3 * X, 1e-6)
    np.testing.assert_allclose(made["first"], 2 * X, 1e-6)


def test_what_can_not_be_traced_is_named():
    class WithNumPy(layers.Layer):
        def call(self, x):
            return np.exp(x)

    class Deciding(layers.Layer):
        def call(self, x):
            return x if x > 0 else -x

    class Other(layers.Layer):
        def call(self, x, training=False):
            return 2 * x if training else x

    class New(layers.Layer):
        def call(self, x):
            return layers.Dense(2)(x)

    for kind, error, message in (
        (WithNumPy, TypeError, r"no numpy\.exp.*forward\(self, x"),
        (Deciding, TypeError, "no values yet"),
        (Other, NotImplementedError, "other things in training"),
        (New, ValueError, "in an attribute of its own"),
    ):
        with pytest.raises(error, match=message):
            kind()(X)


def test_penalties_and_constraints_of_ones_own_weights():
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.gamma = self.add_weight(
                shape=(input_shape[-1],),
                initializer="ones",
                regularizer=keras.regularizers.L2(0.1),
                constraint="non_neg",
                name="gamma",
            )

        def call(self, x):
            return x * self.gamma

    model = keras.Sequential([keras.Input((4,)), Scale(name="scale")])
    model.compile(keras.optimizers.SGD(100.0), "mse")
    np.testing.assert_allclose(sum(model.losses), 0.4, 1e-6)
    expected = (X**2).mean() + 0.4
    found = model.evaluate(X, np.zeros_like(X), verbose=0)
    np.testing.assert_allclose(found, expected, 1e-6)
    model.fit(X, np.zeros_like(X), verbose=0)
    np.testing.assert_array_equal(model.layers[0].gamma, np.zeros(4))
    assert Scale.from_config(model.layers[0].get_config()).name == "scale"


class Centred(keras.layers.Dense):
    """Computes with a weight of its base, beside what the base does with it."""

    def call(self, x):
        kernel = self.kernel - keras.ops.mean(self.kernel)
        return keras.ops.matmul(x, kernel) + super().call(x) * keras.ops.mean(self.bias)


class Affine(keras.Layer):
    """Uses one weight twice."""

    def build(self, input_shape):
        self.w = self.add_weight(shape=input_shape[-1:], name="w", initializer="ones")

    def call(self, x):
        return x * self.w + keras.ops.mean(self.w)


@pytest.mark.parametrize("layer", [Centred(3), Affine()], ids=["Centred", "Affine"])
def test_gradients_of_a_weight_that_is_read_twice_add_up(layer):
    assert keras.gradcheck(layer, input_shape=(2, 4)).passed


def test_a_class_derived_from_a_layer_with_weights_has_them_itself():
    layer = Centred(3, kernel_regularizer=keras.regularizers.L2(0.5), name="own")
    model = keras.Sequential([keras.Input((4,)), layer])
    assert [one.path for one in model.weights] == ["own/kernel", "own/bias"]
    assert layer.layers == []
    assert layer.kernel.shape == (4, 3)
    layer.kernel.assign(np.ones((4, 3)))
    layer.bias.assign(np.full(3, 2.0))
    np.testing.assert_allclose(model.predict([[1.0, 2, 3, 4]], verbose=0), [[24.0] * 3])
    np.testing.assert_allclose(model.losses, [6.0])
    layer.trainable = False
    assert not model.trainable_weights


def test_a_layer_is_not_to_call_an_attribute_layers():
    class Chain(keras.Layer):
        def __init__(self):
            super().__init__()
            self.layers = [keras.layers.Dense(2)]

        def call(self, x):
            return self.layers[0](x)

    with pytest.raises(AttributeError, match=r"such as self\.blocks"):
        Chain()


def test_a_build_of_one_s_own_may_be_written_as_in_keras():
    class Doubled(keras.layers.Layer):
        def build(self, input_shape):
            super().build(input_shape)
            self.add_param("w", np.full(input_shape[-1], 2.0))
            self.built = True

        def forward(self, x, *, training):
            self.remember(x, training=training)
            return x * self.params["w"]

        def backward(self, dy):
            self.grads["w"][...] = (self.recall() * dy).sum(0)
            return dy * self.params["w"]

    assert keras.gradcheck(Doubled(), input_shape=(3,)).passed
    layer = Doubled()
    layer.build((None, 3))
    assert layer.count_params() == 3


@pytest.mark.parametrize(
    "call",
    [
        lambda x, w: x * (2 * w),
        lambda x, w: x + abs(w) ** 2,
        lambda x, w: x * (w - keras.ops.mean(w)) / keras.ops.std(w),
        lambda x, w: x * keras.ops.reshape(w, (1, 3))[:, ::-1],
        lambda x, w: keras.ops.where(w > 0, x * w, x),
    ],
)
def test_what_is_computed_of_a_weight_alone_follows_the_weight(call):
    class Own(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(3,), initializer="ones")

        def call(self, x):
            return call(x, self.w)

    inputs = keras.Input((3,), dtype="float64")
    layer = Own(dtype="float64")
    model = keras.Model(inputs, layer(inputs))
    x, w = np.array([[1.0, 2.0, 3.0]]), np.array([0.5, -2.0, 3.0])
    model.set_weights([w])
    expected = call(keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(w))
    np.testing.assert_allclose(model(x), expected, 1e-12)
    np.testing.assert_array_equal(layer.w, w)
    assert keras.gradcheck(model, input_shape=(3,)).passed

"""Functions as layers, and layers whose `call` is another layer's."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers, ops
from scratchnet.gradcheck import gradcheck

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def distance(pair):
    left, right = pair
    return ops.sqrt(ops.sum(ops.square(left - right), axis=1, keepdims=True) + 1e-3)


def scale(x, factor):
    return x * factor


def siamese():
    left, right = keras.Input((4,)), keras.Input((4,))
    base = layers.Dense(3, name="base")
    apart = layers.Lambda(distance, output_shape=(1,))([base(left), base(right)])
    return keras.Model(
        [left, right], layers.Lambda(scale, arguments={"factor": 2.0})(apart)
    )


def test_a_function_is_a_part_of_the_graph():
    model = siamese()
    kernel, _ = model.get_weights()
    np.testing.assert_allclose(
        model.predict([X, X[::-1]], verbose=0),
        2 * np.sqrt((((X - X[::-1]) @ kernel) ** 2).sum(1, keepdims=True) + 1e-3),
        1e-5,
    )
    model.compile("sgd", "mse")
    model.fit([X, X[::-1]], np.ones((5, 1)), verbose=0)
    assert (model.get_weights()[0] != kernel).any()
    layer = layers.Lambda(lambda x: ops.exp(x) * x, dtype="float64")
    assert gradcheck(layer, input_shape=(4,)).passed


def test_first_layer_and_wrong_functions():
    model = keras.Sequential([layers.Lambda(lambda x: x / 255, input_shape=(4,))])
    np.testing.assert_allclose(model.predict(X, verbose=0), X / 255, 1e-6)
    assert model.layers[0].name.startswith("lambda")
    with pytest.raises(TypeError, match="expected a function, received 3"):
        layers.Lambda(3)
    with pytest.raises(NotImplementedError, match="mask="):
        layers.Lambda(distance, mask=distance)


def test_files_keep_the_names_of_functions_alone(tmp_path):
    model, path = siamese(), tmp_path / "siamese.keras"
    model.save(path)
    with pytest.raises(ValueError, match="may do anything"):
        keras.models.load_model(path)
    known = {"Lambda": layers.Lambda, "distance": distance, "scale": scale}
    again = keras.models.load_model(path, custom_objects=known)
    np.testing.assert_array_equal(again([X, -X]), model([X, -X]))
    nameless = keras.Sequential(
        [keras.Input((4,)), *(layers.Lambda(lambda x, i=i: x * i) for i in (2, 3))]
    )
    with pytest.raises(ValueError, match="'<lambda>' is the name of two"):
        nameless.save(path)


def test_a_clone_has_new_layers_and_weights():
    class Twice(layers.Layer):
        def call(self, x):
            return x * 2

    start = keras.Input((4,))
    for model in (
        siamese(),
        keras.Model(start, layers.Dense(2, name="top")(Twice()(start))),
        keras.Sequential([keras.Input((4,)), Twice(), layers.Dense(2)]),
    ):
        clone = keras.models.clone_model(model)
        assert clone.count_params() == model.count_params()
        assert [one.name for one in clone.layers] == [one.name for one in model.layers]
        assert (clone.get_weights()[0] != model.get_weights()[0]).any()
        clone.set_weights(model.get_weights())
        x = [X, -X][: len(model.inputs)]
        np.testing.assert_array_equal(
            clone.predict(x, verbose=0), model.predict(x, verbose=0)
        )


@pytest.mark.parametrize("base", [layers.Dropout, layers.AlphaDropout])
def test_a_layer_without_weights_is_called_by_super(base, tmp_path):
    class Always(base):
        def __init__(self, rate, **kwargs):
            super().__init__(rate, **kwargs)

        def call(self, inputs, training=None):
            return super().call(inputs, training=True)

    layer = Always(0.5, name="always")
    assert (layer.rate, layer.name) == (0.5, "always")
    x = np.ones((3, 50), np.float32)
    model = keras.Sequential([keras.Input((50,)), layer])
    first, second = (model.predict(x, verbose=0) for _ in range(2))
    assert 0 < (first != second).mean() < 1
    layer.rate = 0.0
    np.testing.assert_array_equal(layer(x), x)
    layer.rate = 0.5
    assert Always.from_config(layer.get_config()).rate == 0.5
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Always": Always}
    )
    assert again.layers[0].rate == 0.5


def test_layers_that_are_built_by_hand():
    class Block(layers.Layer):
        def build(self, input_shape):
            self.dense = layers.Dense(3)
            self.norm = layers.BatchNormalization()
            self.drop = layers.Dropout(0.5)
            for layer in (self.dense, self.norm, self.drop):
                layer.build(input_shape)
                input_shape = layer.compute_output_shape(input_shape)

        def call(self, x):
            return self.drop(self.norm(self.dense(x)))

    block = Block()
    assert block(X).shape == (5, 3)
    assert [weight.shape for weight in block.weights][:2] == [(4, 3), (3,)]
    dense = layers.Dense(2)
    dense.build((None, 4))
    kernel = dense.get_weights()[0]
    dense.build((None, 4))  # once is enough
    np.testing.assert_array_equal(dense.get_weights()[0], kernel)


def test_files_of_graphs_with_classes_of_ones_own(tmp_path):
    class Halves(layers.Layer):
        def call(self, x):
            return x[:, :2], x[:, 2:]

    class Bias(layers.Layer):
        def build(self, input_shape):
            self.b = self.add_weight((input_shape[-1],), "ones", name="b")

        def call(self, x):
            return x + self.b

        def compute_output_shape(self, input_shape):
            return input_shape

    start = keras.Input((4,))
    left, right = Halves()(start)
    model = keras.Model(start, Bias()(layers.Dense(2)(layers.Add()([left, right]))))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Halves": Halves, "Bias": Bias}
    )
    np.testing.assert_array_equal(again(X), model(X))

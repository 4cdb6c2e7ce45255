"""Classes derived from layers with weights, with a `call` of their own, beside Keras.

python -m pytest tests/keras/parity/test_derived_layers.py
"""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras

import scratchnet


def classes(library):
    class Scaled(library.layers.Dense):
        def __init__(self, units, gain=2.0, **kwargs):
            super().__init__(units, **kwargs)
            self.gain = gain

        def call(self, inputs):
            return self.gain * super().call(inputs)

        def get_config(self):
            return {**super().get_config(), "gain": self.gain}

    class Residual(library.layers.Conv2D):
        def call(self, inputs):
            return inputs + super().call(inputs)

    class Halved(library.layers.BatchNormalization):
        def call(self, inputs, training=None):
            return super().call(inputs, training=training) * 0.5

    class Centred(library.layers.Dense):
        def call(self, inputs):
            kernel = self.kernel - library.ops.mean(self.kernel)
            return library.ops.matmul(inputs, kernel) + super().call(inputs)

    return {cls.__name__: cls for cls in (Scaled, Residual, Halved, Centred)}


def network(library):
    own = classes(library)
    model = library.Sequential(
        [
            library.Input((5, 5, 2)),
            own["Residual"](2, 3, padding="same", kernel_regularizer="l2", name="conv"),
            own["Halved"](name="norm"),
            library.layers.Flatten(),
            own["Centred"](4, name="centred"),
            own["Scaled"](3, gain=0.5, kernel_constraint="unit_norm", name="scaled"),
        ]
    )
    model.compile(library.optimizers.SGD(0.0625, momentum=0.5), "mse")
    return model


def trained():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((32, 5, 5, 2)).astype(np.float32)
    y = rng.standard_normal((32, 3)).astype(np.float32)
    ours, theirs = network(scratchnet), network(keras)
    ours.set_weights(theirs.get_weights())
    arguments = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0}
    losses = [model.fit(x, y, **arguments).history["loss"] for model in (ours, theirs)]
    return x, ours, theirs, losses


# Keras's own of files, and both libraries' of an optimizer that is not built yet.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
@pytest.mark.filterwarnings("ignore:.*the optimizer's state is left as it is")
def test_training_and_files_of_both_kinds_both_ways(tmp_path):
    x, ours, theirs, losses = trained()
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        assert mine.path == other.path.removeprefix(f"{theirs.name}/")
        np.testing.assert_allclose(mine, other, atol=1e-5)
    for source, library in ((ours, keras), (theirs, scratchnet)):
        expected = np.asarray(source(x))
        file = tmp_path / f"{library.__name__}.keras"
        source.save(file)
        loaded = library.models.load_model(file, custom_objects=classes(library))
        np.testing.assert_allclose(loaded(x), expected, atol=1e-5)
        weights = tmp_path / f"{library.__name__}.weights.h5"
        source.save_weights(weights)
        empty = network(library)
        empty.load_weights(weights)
        np.testing.assert_allclose(empty(x), expected, atol=1e-5)


def test_one_of_keras_s_configurations_is_read():
    theirs = classes(keras)["Scaled"](3, gain=0.5, name="scaled")
    ours = classes(scratchnet)["Scaled"].from_config(theirs.get_config())
    assert (ours.units, ours.gain, ours.name) == (3, 0.5, "scaled")
    assert ours.get_config().keys() == theirs.get_config().keys() - {
        "quantization_config"
    }

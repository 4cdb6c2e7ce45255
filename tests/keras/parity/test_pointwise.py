"""Activations, noise and normalisation beside Keras: values, gradients, configurations.

    python -m pytest tests/keras/parity/test_pointwise.py

Values and gradients may differ by some units in the last place of their inputs: both
libraries round each operation of a formula once.
"""

import inspect

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
import tensorflow as tf

from scratchnet import activations, initializers, layers, models
from tests.keras.parity import oracle

# Points where TensorFlow's slopes jump, the range of ordinary values, and extremes.
KINKS = [-6, -3, -1, -0.5, 0, 0.5, 1, 3, 6]
GRID = np.concatenate([KINKS, np.linspace(-12, 12, 97), [-60, 60, 1e-6, -1e-6]])

FUNCTIONS = [
    *((name, {}) for name in sorted(activations.ALL)),
    ("relu", {"negative_slope": 0.25}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"max_value": 3.0, "threshold": 0.5}),
    ("relu", {"negative_slope": 0.25, "max_value": 2.5, "threshold": 1.0}),
    ("leaky_relu", {"negative_slope": 0.1}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 2.0}),
    ("gelu", {"approximate": True}),
    ("squareplus", {"b": 1.0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("threshold", {"threshold": 0.5, "default_value": -2.0}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
]


def eps(dtype, name):
    """Return the last bit's size.

    TensorFlow has the √2 of gelu and the slope of leaky_relu in float32 always.
    """
    single = name in ("gelu", "leaky_relu")
    return np.finfo("float32" if single else dtype).eps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "settings"), FUNCTIONS, ids=str)
def test_functions_and_their_slopes(name, settings, dtype):
    x = GRID.reshape(10, -1).astype(dtype)
    dy = np.random.default_rng(0).standard_normal(x.shape).astype(dtype)
    theirs = getattr(keras.activations, name)
    with tf.GradientTape() as tape:
        tape.watch(point := tf.constant(x))
        expected = theirs(point, **settings)
    slopes = tape.gradient(expected, point, output_gradients=tf.constant(dy)).numpy()
    function = getattr(activations, name).with_settings(**settings)
    y, dx = np.empty_like(x), np.empty_like(x)
    function.forward(x, y)
    function.backward(x if function.needs_input else y, dy, dx)
    rounding = 64 * eps(dtype, name) * (1 + abs(x))
    assert np.all(abs(y - expected) <= rounding * (1 + abs(y)))
    if name == "celu":  # where two of Keras's pieces meet, both of their slopes count
        slopes = np.where(x == 0, dx, slopes)
    assert np.all(abs(dx - slopes) <= rounding * np.maximum(abs(dy).max(), abs(dx)))


def test_names_are_those_of_keras():
    known = {*activations.ALL, "swish", "hard_swish"}
    theirs = {
        name
        for name, found in vars(keras.activations).items()
        if inspect.isfunction(found)
    }
    assert theirs - known == {
        *("get", "serialize", "deserialize", "threshold", "glu", "sparsemax")
    }
    for name in activations.ALL:
        assert keras.activations.serialize(getattr(keras.activations, name)) == name
        assert activations.get(getattr(keras.activations, name)).name == name
        assert activations.get(getattr(tf.nn, name, None) or name).name == name
    assert activations.get(tf.keras.activations.swish) is activations.silu


LAYERS = [
    ("Identity", {}),
    ("ReLU", {"max_value": 2.0, "negative_slope": 0.25, "threshold": 0.5}),
    ("LeakyReLU", {"negative_slope": 0.125}),
    ("ELU", {"alpha": 0.5}),
    ("PReLU", {}),
    ("PReLU", {"shared_axes": [1, 2], "alpha_initializer": "ones"}),
    ("Softmax", {"axis": 1}),
    ("Softmax", {"axis": [1, 2]}),
    ("Activation", {"activation": "gelu"}),
    ("LayerNormalization", {}),
    ("LayerNormalization", {"axis": [1, 2, 3], "epsilon": 0.1}),
    ("LayerNormalization", {"axis": 2, "center": False}),
    ("GroupNormalization", {"groups": 3}),
    ("GroupNormalization", {"groups": -1, "scale": False}),
    ("GroupNormalization", {"groups": 2, "axis": 1}),
    ("GlobalMaxPooling2D", {}),
    ("GlobalMaxPooling2D", {"keepdims": True}),
    ("Conv2D", {"filters": 3, "kernel_size": 2, "activation": "gelu"}),
    ("Dense", {"units": 3, "activation": "silu"}),
]
NOISE = [
    ("Dropout", {"rate": 0.25, "noise_shape": (None, 1, 1, None), "seed": 1}),
    ("GaussianNoise", {"stddev": 0.25, "seed": 1}),
    ("GaussianDropout", {"rate": 0.25, "seed": 1}),
    ("AlphaDropout", {"rate": 0.25, "seed": 1}),
    ("SpatialDropout2D", {"rate": 0.25, "seed": 1}),
]


@pytest.mark.parametrize("values", ["normal", "ties"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "settings"), LAYERS, ids=str)
def test_layers(kind, settings, dtype, values):
    rng = np.random.default_rng(1)
    shape = (3, 4, 5, 6)
    x = rng.standard_normal(shape) if values == "normal" else rng.integers(-2, 3, shape)
    step = oracle.make_step(kind, settings, shape, rng, dtype)
    x = x.astype(dtype)
    theirs = oracle.build(kind, settings, shape, dtype)
    ours = getattr(layers, kind)(**settings, dtype=dtype)
    ours.ensure_built((None, *shape[1:]))
    assert list(oracle.weights(theirs)) == list(ours.named_weights)
    for name, variable in oracle.weights(theirs).items():
        variable.assign(step.weights[name])
        ours.named_weights[name][...] = step.weights[name]
    expected = oracle.differentiate(theirs, x, step.dy, training=True)
    found = {"y": np.array(ours(x, training=True))}
    found["dx"] = ours.backward(step.dy)
    found |= {f"d_{name}": grad for name, grad in ours.grads.items()}
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        size = max(1.0, float(abs(value).max()))
        tolerance = 400 * eps(dtype, settings.get("activation")) * size
        np.testing.assert_allclose(
            found[name], value, rtol=0, atol=tolerance, err_msg=name
        )


@pytest.mark.parametrize(("kind", "settings"), [*LAYERS, *NOISE], ids=str)
def test_configurations_are_those_of_keras(kind, settings):
    theirs = getattr(keras.layers, kind)(**settings, name="same")
    ours = getattr(layers, kind)(**settings, name="same")
    for layer in (theirs, ours):
        if layer is ours:
            layer.ensure_built((None, 4, 5, 6))
        else:
            layer.build((None, 4, 5, 6))
    config, wanted = ours.get_config(), theirs.get_config()
    for name, value in config.items():
        if name in ("dtype", "noise_shape", "axis", "groups"):
            continue
        assert value == wanted[name], name
    getattr(keras.layers, kind).from_config(config)
    type(ours).from_config({**wanted, "dtype": "float32"})


# Keras's own, while it saves.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
@pytest.mark.parametrize("direction", ["from Keras", "to Keras"])
def test_files_go_both_ways(tmp_path, direction):
    def model(library, functions):
        return library.Sequential(
            [
                library.Input((6, 6, 2)),
                library.layers.Conv2D(4, 3, activation=library.layers.LeakyReLU(0.125)),
                library.layers.PReLU(shared_axes=[1, 2], alpha_initializer="ones"),
                library.layers.SpatialDropout2D(0.5),
                library.layers.Dense(
                    5, activation=functions.gelu, kernel_initializer="lecun_normal"
                ),
                library.layers.GaussianNoise(0.125),
                library.layers.ELU(0.5),
                library.layers.GlobalMaxPooling2D(),
                library.layers.Dense(3, kernel_initializer="orthogonal"),
            ]
        )

    import scratchnet

    x = np.random.default_rng(0).standard_normal((4, 6, 6, 2)).astype(np.float32)
    file = tmp_path / "model.keras"
    if direction == "from Keras":
        saved = model(keras, keras.activations)
        saved.save(file)
        loaded = models.load_model(file)
    else:
        saved = model(scratchnet, activations)
        saved.save(file)
        loaded = keras.models.load_model(file)
    np.testing.assert_allclose(loaded(x).numpy(), saved(x).numpy(), atol=1e-5)


INITIALIZERS = {
    "Constant": {"value": 2.0},
    "Identity": {"gain": 2.0},
    "Zeros": {},
    "Ones": {},
    "RandomNormal": {"mean": 1.0, "seed": 1},
    "RandomUniform": {"maxval": 1.0, "seed": 1},
    "TruncatedNormal": {"stddev": 2.0, "seed": 1},
    "VarianceScaling": {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"},
    "Orthogonal": {"gain": 2.0, "seed": 1},
    **{
        f"{who}{kind}": {"seed": 1}
        for who in ("Glorot", "He", "Lecun")
        for kind in ("Normal", "Uniform")
    },
}


def test_initializers_have_keras_s_configurations():
    assert set(INITIALIZERS) == {cls.__name__ for cls in initializers.ALL.values()}
    for name, settings in INITIALIZERS.items():
        theirs = getattr(keras.initializers, name)(**settings)
        ours = getattr(initializers, name)(**settings)
        both = initializers.serialize(ours), keras.initializers.serialize(theirs)
        if name != "Identity":  # Keras forgets its gain
            assert both[0] == both[1]
        shape = (4, 5)
        assert type(initializers.get(both[1])) is type(ours)
        assert np.array(keras.initializers.get(both[0])(shape)).shape == shape
        assert initializers.get(theirs)(shape).shape == shape

"""The study's six models, from Keras to scratchnet and from scratchnet to Keras.

    python -m pytest tests/keras/parity/test_models_both_ways.py     # extra `reference`

Weights alone (``.weights.h5``) and whole models (``.keras``, ``.h5``) of one side are
loaded by the other, which must predict the same and train on as the first would have.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet
from scratchnet.models import architectures

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of TensorFlow, about itself
    keras = pytest.importorskip("keras", reason="needs the extra `reference`")

# scratchnet runs on warnings made errors; TensorFlow's own are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MODELS = [
    (name, shape, classes)
    for shape, classes in (((28, 28, 1), 10), ((32, 32, 3), 100))
    for name in architectures.STUDY
]
six_models = pytest.mark.parametrize(
    ("name", "shape", "classes"),
    MODELS,
    ids=[f"{name}-{classes}" for name, _, classes in MODELS],
)
BATCH_SIZE = 8
STEPS = 3
PREDICTIONS_AGREE = 1e-5


def keras_model(name: str, shape: tuple[int, ...], classes: int) -> Any:
    """The three models once more, in Keras, of the dtype that Keras is set to."""
    layers = keras.layers
    if name == "ann":
        hidden = [layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(64, "relu")]
    elif name == "basic_cnn":
        hidden = [
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, "relu"),
        ]
    else:
        hidden = []
        for filters in (32, 64, 128):
            hidden += [
                layers.Conv2D(filters, 3, activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(),
                layers.Dropout(0.25),
            ]
        hidden += [
            layers.Flatten(),
            layers.Dense(128, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
        ]
    last = layers.Dense(classes, "softmax")
    return keras.Sequential([keras.Input(shape), *hidden, last], name=name)


def scratchnet_model(
    name: str, shape: tuple[int, ...], classes: int, dtype: str
) -> Any:
    """The model of `architectures`, in either dtype."""
    model = architectures.ALL[name](shape, classes)
    config = model.get_config()
    for entry in config["layers"]:
        entry["config"]["dtype"] = dtype
    return scratchnet.Sequential.from_config(config)


def data(shape: tuple[int, ...], classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    n = BATCH_SIZE * STEPS
    x = rng.random((n, *shape)).astype(np.float32)
    return x, np.eye(classes, dtype=np.float32)[rng.integers(0, classes, n)]


def compile_and_fit(model: Any, shape: tuple[int, ...], classes: int) -> None:
    """Take a few steps, so that moments and moving statistics are not zero."""
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    fit(model, shape, classes)


def fit(model: Any, shape: tuple[int, ...], classes: int) -> dict[str, list[float]]:
    x, y = data(shape, classes)
    return model.fit(x, y, batch_size=BATCH_SIZE, shuffle=False, verbose=0).history


def without_dropout(model: Any) -> Any:
    """The two sides draw different masks."""
    for layer in model.layers:
        if type(layer).__name__ == "Dropout":
            layer.rate = 0.0
    return model


def assert_same_predictions(first: Any, second: Any, x: np.ndarray) -> None:
    one, other = (model.predict(x, verbose=0) for model in (first, second))
    np.testing.assert_allclose(one, other, rtol=0, atol=PREDICTIONS_AGREE)


def assert_same_optimizers(theirs: Any, ours: Any) -> None:
    """Steps, learning rate and every moment, to the bit."""
    state = ours.get_state()
    assert int(theirs.iterations.numpy()) == state.pop("iterations")
    rate = float(theirs.learning_rate.numpy())
    assert np.float32(rate) == np.float32(state.pop("learning_rate"))
    moments = theirs.variables[2:]
    assert len(state) == len(moments)
    own = {f"_{key.replace('/', '_')}": array for key, array in state.items()}
    for moment in moments:
        # "_conv2d_kernel" ends "_depthwise_conv2d_kernel", too.
        mine = own[max((e for e in own if f"_{moment.name}".endswith(e)), key=len)]
        np.testing.assert_array_equal(mine, moment.numpy())


def assert_same_weights(theirs: Any, ours: Any) -> None:
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


@six_models
def test_from_keras_to_scratchnet(tmp_path, name, shape, classes):
    theirs = keras_model(name, shape, classes)
    compile_and_fit(theirs, shape, classes)
    theirs.save_weights(tmp_path / "a.weights.h5")
    theirs.save(tmp_path / "a.keras")
    x = data(shape, classes)[0]

    ours = architectures.ALL[name](shape, classes)
    ours.load_weights(tmp_path / "a.weights.h5")
    assert_same_weights(theirs, ours)
    assert_same_predictions(theirs, ours, x)

    whole = scratchnet.models.load_model(tmp_path / "a.keras")
    assert [type(layer).__name__ for layer in whole.layers] == [
        type(layer).__name__ for layer in theirs.layers
    ]
    assert_same_weights(theirs, whole)
    assert_same_predictions(theirs, whole, x)
    assert_same_optimizers(theirs.optimizer, whole.optimizer)


@six_models
def test_from_scratchnet_to_keras(tmp_path, name, shape, classes):
    ours = architectures.ALL[name](shape, classes)
    compile_and_fit(ours, shape, classes)
    ours.save_weights(tmp_path / "a.weights.h5")
    ours.save(tmp_path / "a.keras")
    x = data(shape, classes)[0]

    theirs = keras_model(name, shape, classes)
    theirs.load_weights(tmp_path / "a.weights.h5")
    assert_same_weights(theirs, ours)
    assert_same_predictions(theirs, ours, x)

    whole = keras.models.load_model(tmp_path / "a.keras")
    assert [type(layer).__name__ for layer in whole.layers] == [
        type(layer).__name__ for layer in theirs.layers
    ]
    assert_same_weights(whole, ours)
    assert_same_predictions(whole, ours, x)
    assert_same_optimizers(whole.optimizer, ours.optimizer)


@pytest.fixture
def float64():
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def assert_both_train_on_alike(
    path: Path, shape: tuple[int, ...], classes: int
) -> None:
    """Load a file on both sides, take the same steps and compare, in float64.

    A step of Adam changes a weight by at most lr · g / ε more for a gradient that is
    off by g. Gradients are sums over at most N · H · W products, none of them far
    above 1; rounding errors add up like a random walk.
    """
    theirs = without_dropout(keras.models.load_model(path))
    ours = without_dropout(scratchnet.models.load_model(path))
    keras_s, own = (fit(model, shape, classes) for model in (theirs, ours))
    assert ours.optimizer.iterations == 2 * STEPS
    # Keras keeps the mean of the losses in the dtype of its metrics, float32.
    float32 = np.finfo(np.float32).eps
    np.testing.assert_allclose(own["loss"], keras_s["loss"], rtol=STEPS * float32)
    assert own["accuracy"] == keras_s["accuracy"]
    terms = BATCH_SIZE * shape[0] * shape[1]
    gradient = np.sqrt(terms) * np.finfo(np.float64).eps
    tolerance = STEPS * 0.001 / 1e-7 * gradient
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert mine.dtype == np.float64
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance)


@six_models
def test_training_goes_on_from_keras_s_file(tmp_path, float64, name, shape, classes):
    model = keras_model(name, shape, classes)
    compile_and_fit(model, shape, classes)
    model.save(tmp_path / "a.keras")
    assert_both_train_on_alike(tmp_path / "a.keras", shape, classes)


@six_models
def test_training_goes_on_from_scratchnet_s(tmp_path, float64, name, shape, classes):
    model = scratchnet_model(name, shape, classes, "float64")
    compile_and_fit(model, shape, classes)
    model.save(tmp_path / "a.keras")
    assert_both_train_on_alike(tmp_path / "a.keras", shape, classes)


def every_kind(library: Any) -> Any:
    """Every layer, with settings that are not the defaults; the rest of the subset."""
    layers = library.layers
    model = library.Sequential(
        [
            library.Input((12, 12, 2), name="pixels"),
            layers.Rescaling(0.5, offset=-0.1),
            layers.Conv2D(
                4, (3, 2), 2, "same", use_bias=False, kernel_initializer="he_uniform"
            ),
            layers.BatchNormalization(momentum=0.9, epsilon=0.01, scale=False),
            layers.ReLU(),
            layers.MaxPooling2D(2, strides=1, padding="same"),
            layers.Conv2D(5, 2, activation="tanh", bias_initializer="ones"),
            layers.AveragePooling2D(2, strides=1),
            layers.UpSampling2D((2, 1), interpolation="bilinear"),
            layers.ZeroPadding2D(((1, 0), 2)),
            layers.Cropping2D((1, 0)),
            layers.Conv2D(4, 2, dilation_rate=(2, 1), padding="same"),
            layers.Conv2D(6, 2, groups=2),
            layers.DepthwiseConv2D(2, 2, "same", 2, activation="relu"),
            layers.SeparableConv2D(5, 2, depth_multiplier=2, dilation_rate=2),
            layers.Conv2DTranspose(4, 3, 2, "same", output_padding=1),
            layers.Permute((2, 1, 3)),
            layers.Reshape((-1, 4)),
            layers.ZeroPadding1D((1, 0)),
            layers.Conv1D(5, 2, padding="causal", dilation_rate=2),
            layers.UpSampling1D(2),
            layers.Cropping1D((0, 1)),
            layers.MaxPooling1D(2, strides=1),
            layers.AveragePooling1D(2),
            layers.GlobalAveragePooling1D(),
            layers.RepeatVector(3),
            layers.Reshape((3, 1, 5)),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Flatten(name="flat"),
            layers.Dense(
                6,
                "sigmoid",
                kernel_initializer=library.initializers.RandomNormal(0.1, 0.2, seed=3),
            ),
            layers.BatchNormalization(center=False, trainable=False),
            layers.Dropout(0.2, seed=5),
            layers.Dense(4, kernel_initializer="glorot_normal"),
            layers.Activation("linear"),
            layers.Softmax(),
        ],
        name="every_kind",
    )
    metrics = library.metrics
    model.compile(
        library.optimizers.SGD(0.05, momentum=0.8, nesterov=True),
        library.losses.SparseCategoricalCrossentropy(),
        metrics=["acc", metrics.SparseTopKCategoricalAccuracy(2, name="top")],
        weighted_metrics=[metrics.SparseCategoricalAccuracy()],
    )
    return model


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
@pytest.mark.parametrize(
    ("writer", "reader"), [(keras, scratchnet), (scratchnet, keras)]
)
def test_every_kind_of_layer_travels(tmp_path, writer, reader, name):
    rng = np.random.default_rng(4)
    x = rng.random((16, 12, 12, 2)).astype(np.float32)
    y = rng.integers(0, 4, 16)
    wrote = every_kind(writer)
    wrote.fit(x, y, batch_size=8, verbose=0)
    wrote.save(tmp_path / name)
    read = reader.models.load_model(tmp_path / name)
    assert_same_weights(read, wrote)
    assert_same_predictions(read, wrote, x)
    theirs, ours = (read, wrote) if reader is keras else (wrote, read)
    # From an .h5 file of a Sequential, Keras reads no slots; a graph has them.
    if name == "a.keras" or reader is scratchnet:
        assert_same_optimizers(theirs.optimizer, ours.optimizer)
    assert theirs.get_config()["name"] == ours.get_config()["name"]
    one, other = (
        model.evaluate(x, y, verbose=0, return_dict=True) for model in (theirs, ours)
    )
    assert sorted(one) == sorted(other)
    for name, value in one.items():
        assert other[name] == pytest.approx(value, rel=PREDICTIONS_AGREE), name


@pytest.mark.parametrize("settings", [{}, {"momentum": 0.5, "centered": True}])
@pytest.mark.parametrize(
    ("writer", "reader"), [(keras, scratchnet), (scratchnet, keras)]
)
def test_rmsprop_travels(tmp_path, writer, reader, settings):
    def dense(library):
        sizes = [library.layers.Dense(units) for units in (5, 5, 1)]
        model = library.Sequential([library.Input((5,)), *sizes])
        model.compile(library.optimizers.RMSprop(0.01, **settings), "mse")
        return model

    def train(model):
        rng = np.random.default_rng(4)
        x, y = rng.random((8, 5)), rng.random((8, 1))
        model.fit(x, y, batch_size=2, shuffle=False, verbose=0)
        return model

    wrote = train(dense(writer))
    wrote.save(tmp_path / "a.keras")
    wrote.save_weights(tmp_path / "a.weights.h5")
    whole = reader.models.load_model(tmp_path / "a.keras")
    weights = train(dense(reader))  # slots appear with the first step
    weights.load_weights(tmp_path / "a.weights.h5")
    for read in (whole, weights):
        theirs, ours = (read, wrote) if reader is keras else (wrote, read)
        assert_same_weights(theirs, ours)
        state = list(ours.optimizer.get_state().values())[
            2:
        ]  # slot by slot, as Keras's
        for mine, other in zip(state, theirs.optimizer.variables[2:], strict=True):
            np.testing.assert_array_equal(mine, other.numpy())
    assert whole.optimizer.get_config().items() >= settings.items()
    expected = train(wrote).get_weights()
    for one, other in zip(train(whole).get_weights(), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_json_travels():
    ours, theirs = every_kind(scratchnet), every_kind(keras)
    for text in (ours.to_json(), theirs.to_json()):
        mine = scratchnet.models.model_from_json(text)
        other = keras.models.model_from_json(text)
        assert [w.shape for w in mine.get_weights()] == [
            w.shape for w in other.get_weights()
        ]
        mine.set_weights(other.get_weights())
        x = np.random.default_rng(1).random((2, 12, 12, 2)).astype(np.float32)
        assert_same_predictions(mine, other, x)

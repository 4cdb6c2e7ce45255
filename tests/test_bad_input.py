"""Every bad input has an error that says what was expected and what came.

And nothing has happened then: weights, moving statistics, random streams and the
optimizer are what they were.
"""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers
from scratchnet.foundation import random

X = np.random.default_rng(0).random((12, 6, 6, 1)).astype(np.float32)
LABELS = np.arange(12) % 3
Y = np.eye(3, dtype=np.float32)[LABELS]


def small(loss="categorical_crossentropy", metrics=("accuracy",)):
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile("adam", loss, metrics=list(metrics))
    model.fit(X, Y if loss.startswith("cat") else LABELS, batch_size=4, verbose=0)
    return model


def state(model):
    arrays = [*model.get_weights(), *model.optimizer.get_state().values()]
    for layer in model.layers:
        arrays += [buffer.copy() for buffer in layer.buffers.values()]
    return arrays


def with_value(array, index, value):
    changed = np.array(array, np.float32)
    changed[index] = value
    return changed


def fails_and_changes_nothing(model, error, message, call):
    before, streams, names = state(model), random.get_state(), list(vars(model))
    with pytest.raises(error, match=message):
        call(model)
    assert all(map(np.array_equal, state(model), before))
    assert random.get_state() == streams
    assert list(vars(model)) == names
    # And it works on.
    model.predict(X, verbose=0)


class Stream:
    """Yields batches, as tf.data sets and data loaders do."""

    def __iter__(self):
        yield X, Y

    def __len__(self):
        return 1


BAD_X = {
    "wrong size": (
        X[:, :5],
        ValueError,
        r"x of shape \(N, 6, 6, 1\), received \(12, 5",
    ),
    "wrong channels": (
        np.repeat(X, 3, -1),
        ValueError,
        r"x of shape \(N, 6, 6, 1\), received \(12, 6, 6, 3\)",
    ),
    "flat": (X.reshape(12, 36), ValueError, r"received \(12, 36\)"),
    "one image": (X[0, :, :, 0], ValueError, r"x of shape .* received \(6, 6\)"),
    "empty": (X[:0], ValueError, r"at least one sample in x, received shape \(0, 6, 6"),
    "NaN at the end": (
        with_value(X, (11, 5, 5, 0), np.nan),
        ValueError,
        r"finite x in float32, received nan at index \(11, 5, 5, 0\)",
    ),
    "infinity": (
        with_value(X, (7, 0, 1, 0), -np.inf),
        ValueError,
        r"finite x in float32, received -inf at index \(7, 0, 1, 0\)",
    ),
    "too large": (
        X.astype(float) * 1e200,
        ValueError,
        "finite x in float32, received .*e",
    ),
    "None": (None, TypeError, "expected an array for x, received None"),
    "text": (
        "digits",
        TypeError,
        "expected an array of numbers for x, received dtype <U",
    ),
    "complex": (X * 1j, TypeError, "array of numbers for x, received dtype complex"),
    "ragged": ([[1, 2], [3]], TypeError, "nested sequences of different lengths"),
    "objects": (
        np.full(X.shape, None),
        TypeError,
        "array of numbers for x, received dtype object",
    ),
    "a class": (np.ndarray, TypeError, "expected an array for x, received <class"),
}


@pytest.mark.parametrize("kind", BAD_X)
@pytest.mark.parametrize(
    "method", ["fit", "evaluate", "train_on_batch", "test_on_batch"]
)
def test_inputs_with_targets(kind, method):
    x, error, message = BAD_X[kind]
    y = Y[: len(x)] if kind == "empty" else Y
    settings = {"verbose": 0} if method in ("fit", "evaluate") else {}
    if method == "fit":
        settings["batch_size"] = 4
    fails_and_changes_nothing(
        small(),
        error,
        f"{method}: expected .*{message.split(' ', 1)[-1]}",
        lambda model: getattr(model, method)(x, y, **settings),
    )


@pytest.mark.parametrize("kind", BAD_X)
def test_inputs_of_predict(kind):
    x, error, message = BAD_X[kind]
    fails_and_changes_nothing(
        small(), error, message, lambda model: model.predict(x, verbose=0)
    )


@pytest.mark.parametrize("kind", ["NaN at the end", "wrong size", "None", "empty"])
def test_inputs_of_the_validation_are_seen_before_the_training(kind):
    x, error, message = BAD_X[kind]
    if kind == "None":
        message = "validation_data: expected an array for x"
    fails_and_changes_nothing(
        small(),
        error,
        message,
        lambda model: model.fit(X, Y, verbose=0, validation_data=(x, Y)),
    )


BAD_Y = {
    "one-hot of wrong width": (
        "categorical_crossentropy",
        np.eye(4)[LABELS],
        r"one-hot y of shape \(N, 3\), received \(12, 4\)",
    ),
    "labels for one-hot": (
        "categorical_crossentropy",
        LABELS,
        r"received \(12,\); for integer labels use the loss 'sparse_cat",
    ),
    "one-hot for labels": (
        "sparse_categorical_crossentropy",
        Y,
        r"received \(12, 3\); for one-hot targets use 'categorical_crossentropy'",
    ),
    "label too large": (
        "sparse_categorical_crossentropy",
        LABELS + 1,
        "labels 0 to 2, received 3 at index 2",
    ),
    "label below 0": (
        "sparse_categorical_crossentropy",
        LABELS - 1,
        "labels 0 to 2, received -1 at index 0",
    ),
    "fractional label": (
        "sparse_categorical_crossentropy",
        LABELS + 0.5,
        "labels 0 to 2, received 0.5 at index 0",
    ),
    "NaN": (
        "categorical_crossentropy",
        with_value(Y, (11, 2), np.nan),
        r"finite y, received nan at index \(11, 2\)",
    ),
    "too few": (
        "categorical_crossentropy",
        Y[:11],
        r"as many targets as inputs, received x of shape \(12, 6, 6, 1\) and y of sha",
    ),
}


@pytest.mark.parametrize("kind", BAD_Y)
@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_targets(kind, method):
    loss, y, message = BAD_Y[kind]
    fails_and_changes_nothing(
        small(loss),
        ValueError,
        message,
        lambda model: getattr(model, method)(X, y),
    )


BAD_SETTINGS = {
    "no targets": ({"y": None}, ValueError, "fit: expected targets y, received None"),
    "targets beside a generator": (
        {"x": iter([(X, Y)])},
        ValueError,
        r"expected no y beside a list_iterator; let it yield \(x, y\) or \(x, y, samp",
    ),
    "targets beside a data set": (
        {"x": Stream()},
        ValueError,
        "fit: expected no y beside a Stream",
    ),
    "weights beside a data set": (
        {"x": Stream(), "y": None, "sample_weight": np.ones(12)},
        ValueError,
        "fit: expected no sample_weight beside a Stream",
    ),
    "a split of a data set": (
        {"x": Stream(), "y": None, "validation_split": 0.5},
        ValueError,
        "fit: expected arrays for validation_split=0.5, received a Stream",
    ),
    "a pair without targets": (
        {"x": (X, Y), "y": None},
        TypeError,
        r"fit: expected x and y as two arrays, received a tuple of 2.*fit\(x, y\)",
    ),
    "batch_size 0": (
        {"batch_size": 0},
        ValueError,
        "for batch_size, receiv",
    ),
    "half a sample": ({"batch_size": 2.5}, ValueError, "batch_size, received 2.5"),
    "negative epochs": (
        {"epochs": -1},
        ValueError,
        "at least 0 for epochs, received -1",
    ),
    "epochs as text": ({"epochs": "3"}, ValueError, "for epochs, received '3'"),
    "initial_epoch": (
        {"initial_epoch": 0.5},
        ValueError,
        "initial_epoch, received 0.5",
    ),
    "steps": ({"steps_per_epoch": -2}, ValueError, "steps_per_epoch, received -2"),
    "validation steps": ({"validation_steps": 0}, ValueError, "validation_steps, rece"),
    "validation batch": (
        {"validation_batch_size": 0},
        ValueError,
        "for validation_batch_size, received 0",
    ),
    "validation_freq 0": (
        {"validation_freq": 0},
        ValueError,
        "validation_freq, receiv",
    ),
    "validation_freq text": (
        {"validation_freq": "all"},
        ValueError,
        "validation_freq, received 'all'",
    ),
    "validation_split": (
        {"validation_split": 1.5},
        ValueError,
        "validation_split to be a number from 0 to 1, received 1.5",
    ),
    "nothing left": (
        {"validation_split": 0.99},
        ValueError,
        "validation_split=0.99 of 12 samples leaves none to train",
    ),
    "validation without targets": (
        {"validation_data": X},
        ValueError,
        r"validation_data=\(x, y\) or \(x, y, sample_weight\), received ndarray",
    ),
    "validation of four": (
        {"validation_data": (X, Y, Y, Y)},
        ValueError,
        "received tuple of 4",
    ),
    "shuffle": (
        {"shuffle": "batch"},
        ValueError,
        "shuffle to be True or False, receiv",
    ),
    "verbose": ({"verbose": 3}, ValueError, "expected 0, 1, 2 or 'auto', received 3"),
    "class of callback": (
        {"callbacks": [keras.callbacks.EarlyStopping]},
        TypeError,
        r"did you mean EarlyStopping\(\)",
    ),
    "no callback": ({"callbacks": ["stop"]}, TypeError, "Callback instances, received"),
    "class_weight list": (
        {"class_weight": [1, 2, 3]},
        TypeError,
        r"class_weight=\{class: weight\}, received list",
    ),
    "class_weight text": (
        {"class_weight": {0: "heavy"}},
        ValueError,
        "finite weights, received 0: 'heavy'",
    ),
    "class_weight names": (
        {"class_weight": {"cat": 2.0}},
        ValueError,
        "class_weight of integers from 0 and finite weights, received 'cat': 2.0",
    ),
    "both weights": (
        {"class_weight": {0: 1.0}, "sample_weight": np.ones(12)},
        ValueError,
        "class_weight or sample_weight, received both",
    ),
    "sample_weight NaN": (
        {"sample_weight": with_value(np.ones(12), 3, np.nan)},
        ValueError,
        "a finite sample_weight for each of 12 samples",
    ),
    "sample_weight short": (
        {"sample_weight": np.ones(11)},
        ValueError,
        r"for each of 12 samples, received shape \(11,\)",
    ),
    "an argument of Keras 2": (
        {"workers": 4},
        TypeError,
        "fit: 'workers' is an argument of older Keras; the constructor of PyDataset",
    ),
    "misspelt": ({"epoch": 3}, TypeError, "argument 'epoch'; did you mean 'epochs'"),
}


@pytest.mark.parametrize("kind", BAD_SETTINGS)
def test_settings_of_fit(kind):
    settings, error, message = BAD_SETTINGS[kind]
    settings = {"verbose": 0, "x": X, "y": Y, **settings}
    fails_and_changes_nothing(
        small(), error, message, lambda model: model.fit(**settings)
    )


@pytest.mark.parametrize(
    "method", ["fit", "evaluate", "train_on_batch", "test_on_batch"]
)
def test_compile_comes_first(method):
    model = keras.Sequential([layers.Flatten(), layers.Dense(3)])
    with pytest.raises(
        RuntimeError, match=rf"{method}: call compile\(optimizer, loss\)"
    ):
        getattr(model, method)(X, Y)
    assert not model.built


def test_targets_are_checked_before_an_open_model_is_built():
    model = keras.Sequential([layers.Flatten(), layers.Dense(3, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    streams = random.get_state()
    with pytest.raises(ValueError, match="one-hot y of shape"):
        model.fit(X, Y[:, :2], verbose=0)
    assert not model.built
    assert random.get_state() == streams


@pytest.mark.parametrize("method", ["fit", "predict"])
def test_a_model_without_layers(method):
    model = keras.Sequential()
    model.compile("sgd", "mse")
    arguments = (X, Y) if method == "fit" else (X,)
    with pytest.raises(ValueError, match="expected at least one layer"):
        getattr(model, method)(*arguments)


UNKNOWN = {
    "loss": (
        lambda: small().compile("adam", "categorical_crosentropy"),
        "unknown loss 'categorical_crosentropy'; did you mean 'categorical_cross",
    ),
    "optimizer": (
        lambda: small().compile("adem", "mse"),
        "unknown optimizer 'adem'; did you mean 'adam'",
    ),
    "metric": (
        lambda: small().compile("adam", "mse", metrics=["acuracy"]),
        "unknown metric 'acuracy'; did you mean 'accuracy'",
    ),
    "activation": (
        lambda: layers.Dense(3, activation="rleu"),
        "unknown activation 'rleu'; did you mean 'relu'",
    ),
    "initializer": (
        lambda: layers.Dense(3, kernel_initializer="he_norml"),
        "unknown initializer 'he_norml'; did you mean 'he_normal'",
    ),
}


@pytest.mark.parametrize("kind", UNKNOWN)
def test_unknown_names(kind):
    call, message = UNKNOWN[kind]
    with pytest.raises(ValueError, match=message):
        call()


def test_unknown_layer():
    with pytest.raises(AttributeError, match="has no 'Dens'; did you mean 'Dense'"):
        _ = layers.Dens


SIZES = {
    "negative": (lambda: layers.Dense(-3), "units, received -3"),
    "zero": (lambda: layers.Dense(0), "units, received 0"),
    "fraction": (lambda: layers.Conv2D(8.0, 3), "filters, received 8.0"),
    "text": (lambda: layers.Dense("128"), "units, received '128'"),
    "kernel": (lambda: layers.Conv2D(8, (3, 0)), "kernel_size, received 0"),
    "three": (
        lambda: layers.Conv2D(8, (3, 3, 3)),
        r"kernel_size, received \(3, 3, 3\)",
    ),
    "strides": (lambda: layers.Conv2D(8, 3, strides=-1), "strides, received -1"),
    "pool": (lambda: layers.MaxPooling2D(1.5), "pool_size, received 1.5"),
    "padding": (
        lambda: layers.Conv2D(8, 3, padding="full"),
        "one of valid, same, rece",
    ),
    "rate": (
        lambda: layers.Dropout(1.5),
        "rate to be a number from 0 to 1, received 1",
    ),
    "rate NaN": (lambda: layers.Dropout(np.nan), "rate to be a number from 0 to 1"),
    "momentum": (lambda: layers.BatchNormalization(momentum=-1), "momentum"),
    "shape": (lambda: keras.Input((28, -28, 1)), r"received \(28, -28, 1\)"),
    "open shape": (lambda: keras.Input((None, 28, 1)), r"received \(None, 28, 1\)"),
}


@pytest.mark.parametrize("kind", SIZES)
def test_sizes_are_checked_at_once(kind):
    call, message = SIZES[kind]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("layer", [layers.MaxPooling2D, layers.AveragePooling2D])
def test_a_window_larger_than_its_map(layer):
    with pytest.raises(
        ValueError, match=rf"{layer.__name__} '.*' *: expected an input"
    ):
        keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3), layer(5)])


def test_an_image_layer_on_rows():
    with pytest.raises(
        ValueError, match=r"expected input \(N, H, W, C\), received \(N, "
    ):
        keras.Sequential([keras.Input((36,)), layers.Conv2D(2, 3)])


MISSPELT = {
    "layer": (lambda: layers.Dense(3, activaton="relu"), "activaton"),
    "optimizer": (lambda: keras.optimizers.Adam(learning_rat=0.1), "learning_rat"),
    "loss": (lambda: keras.losses.MeanSquaredError(from_logit=True), "from_logit"),
    "compile": (lambda: small().compile("adam", "mse", metric=["acc"]), "metric"),
    "evaluate": (lambda: small().evaluate(X, Y, batchsize=3), "batchsize"),
    "callback": (lambda: keras.callbacks.EarlyStopping(patient=3), "patient"),
}


@pytest.mark.parametrize("kind", MISSPELT)
def test_misspelt_arguments(kind):
    call, name = MISSPELT[kind]
    with pytest.raises((TypeError, ValueError), match=f"'{name}'"):
        call()


CLASSES = {
    "optimizer": lambda: small().compile(keras.optimizers.Adam, "mse"),
    "loss": lambda: small().compile("adam", keras.losses.MeanSquaredError),
    "layer": lambda: keras.Sequential([layers.Flatten]),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_in_the_place_of_objects(kind):
    with pytest.raises(TypeError, match=r"did you mean \w+\("):
        CLASSES[kind]()


OUTSIDE = {
    "auto_scale_loss": lambda: small().compile("adam", "mse", auto_scale_loss=False),
    "layer": lambda: layers.Dense(3, lora_rank=2),
    "channels_first": lambda: layers.MaxPooling2D(data_format="channels_first"),
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_what_is_outside_the_subset_is_refused_by_name(kind):
    with pytest.raises(
        NotImplementedError, match="is outside scratchnet's subset of Ker"
    ):
        OUTSIDE[kind]()


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("Sequentail", "Sequential"),
        ("callbacks.EarlyStoping", "EarlyStopping"),
        ("losses.CategoricalCrossEntropy", "CategoricalCrossentropy"),
        ("optimizers.Adamm", "Adam"),
        ("metrics.CategoricalAcuracy", "CategoricalAccuracy"),
        ("initializers.GlorotUnifrom", "GlorotUniform"),
        ("activations.rellu", "relu"),
        ("datasets.cifar1000", "cifar100"),
    ],
)
def test_a_name_that_is_not_there_says_which_are(path, meant):
    *modules, name = path.split(".")
    module = keras
    for part in modules:
        module = getattr(module, part)
    with pytest.raises(
        AttributeError, match=f"has no '{name}'; did you mean '{meant}'"
    ):
        getattr(module, name)


def test_a_misspelt_argument_of_a_layer_is_named():
    message = "Dense: there is no argument 'activaton'; did you mean 'activation'"
    with pytest.raises(TypeError, match=message):
        keras.layers.Dense(3, activaton="relu")

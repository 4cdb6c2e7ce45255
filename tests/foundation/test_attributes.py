"""What is set on an object has an effect, or is refused."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers


def model_of(layer):
    model = keras.Sequential([keras.Input((6, 6, 2)), layer])
    model.compile(keras.optimizers.SGD(), "mse")
    return model


@pytest.mark.parametrize(
    ("thing", "name", "message"),
    [
        (layers.Dense(2), "trainabel", "did you mean 'trainable'"),
        (keras.Sequential(), "optimzer", "did you mean 'optimizer'"),
        (keras.Sequential(), "_name", "did you mean 'name'"),
        (keras.Sequential(), "loss", "call compile again"),
        (keras.Sequential(), "layers", "make a new model"),
        (keras.optimizers.Adam(), "learning_rat", "no learning_rat"),
        (keras.losses.MeanSquaredError(), "fn", "nothing would read it"),
        (keras.metrics.AUC(), "num_treshold", "did you mean 'num_thresholds'"),
        (keras.callbacks.EarlyStopping(), "patince", "did you mean 'patience'"),
        (keras.initializers.HeNormal(), "scal", "nothing would read it"),
        (keras.regularizers.L2(), "l", "nothing would read it"),
        (keras.constraints.MaxNorm(), "max_norm", "nothing would read it"),
    ],
)
def test_what_nothing_would_read_is_refused(thing, name, message):
    with pytest.raises(AttributeError, match=message):
        setattr(thing, name, 1)
    assert name not in vars(thing)


def test_a_weight_is_assigned_not_set():
    layer = layers.Dense(2)
    with pytest.raises(AttributeError, match=r"layer\.kernel\.assign"):
        layer.kernel = np.ones((3, 2))


def test_a_class_of_the_user_s_takes_anything():
    mine = type("Mine", (layers.Dense,), {})(2)
    mine.anything = 1
    assert mine.anything == 1


def dense(**more):
    return layers.Dense(3, kernel_initializer="ones", **more)


@pytest.mark.parametrize(
    ("made", "name", "value"),
    [
        (lambda **k: layers.LeakyReLU(**k), "negative_slope", 0.9),
        (lambda **k: layers.ELU(**k), "alpha", 0.5),
        (
            dense,
            "activation",
            "tanh",
        ),
        (
            dense,
            "kernel_regularizer",
            "l2",
        ),
        (
            dense,
            "activity_regularizer",
            "l1",
        ),
        (lambda **k: layers.BatchNormalization(**k), "epsilon", 0.5),
        (lambda **k: layers.UpSampling2D(**k), "interpolation", "bilinear"),
        (lambda **k: layers.Rescaling(2.0, **k), "offset", 1.0),
        (lambda **k: layers.Softmax(**k), "axis", 1),
    ],
)
def test_an_argument_that_is_set_counts_as_in_the_constructor(made, name, value):
    x = np.random.default_rng(0).normal(size=(3, 6, 6, 2))
    layer = made()
    model, wanted = model_of(layer), model_of(made(**{name: value}))
    y = np.zeros((3, *model.output_shape[1:]))
    before = model.evaluate(x, y, verbose=0)
    setattr(layer, name, value)
    after = model.evaluate(x, y, verbose=0)
    assert after == wanted.evaluate(x, y, verbose=0) != before


@pytest.mark.parametrize(
    ("layer", "name", "value"),
    [
        (layers.Dense(3), "units", 4),
        (layers.Dense(3), "use_bias", False),
        (layers.Conv2D(3, 3), "strides", 2),
        (layers.Conv2D(3, 3), "padding", "same"),
        (layers.MaxPooling2D(), "pool_size", 3),
        (layers.Dropout(0.5), "seed", 1),
        (layers.ReLU(), "dtype", "float64"),
    ],
)
def test_what_weights_and_shapes_go_by_is_fixed(layer, name, value):
    model_of(layer)
    before = getattr(layer, name)
    with pytest.raises(AttributeError, match=f"'{name}' can"):
        setattr(layer, name, value)
    assert getattr(layer, name) == before


def test_a_wrong_value_is_refused_as_by_the_constructor():
    layer = layers.Dropout(0.5)
    with pytest.raises(ValueError, match="rate"):
        layer.rate = 5
    assert layer.rate == 0.5

"""Building, inspecting and copying models."""

import copy
import json
import pickle

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import layers


def dense_model(**settings):
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2, "softmax")],
        **settings,
    )


X = np.random.default_rng(0).random((6, 4)).astype(np.float32)
Y = np.eye(2, dtype=np.float32)[[0, 1, 0, 1, 1, 0]]


def same(one, other):
    return len(one) == len(other) and all(map(np.array_equal, one, other))


# Building.


def stack():
    return [layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(3)]


def by_input():
    return keras.Sequential([keras.Input((5, 6, 1)), *stack()])


def by_input_layer():
    return keras.Sequential([layers.InputLayer(shape=(5, 6, 1)), *stack()])


def by_input_shape():
    _, *rest = stack()
    return keras.Sequential([layers.Conv2D(2, 3, input_shape=(5, 6, 1)), *rest])


def by_adding():
    model = keras.Sequential()
    model.add(keras.Input((5, 6, 1)))
    for layer in stack():
        model.add(layer)
    return model


def by_build():
    model = keras.Sequential(stack())
    assert not model.built
    model.build((None, 5, 6, 1))
    return model


def by_call():
    model = keras.Sequential(stack())
    model(np.zeros((2, 5, 6, 1)))
    return model


def by_predict():
    model = keras.Sequential(stack())
    model.predict(np.zeros((2, 5, 6, 1)), verbose=0)
    return model


def by_fit():
    model = keras.Sequential(stack())
    model.compile("sgd", "mse")
    model.fit(np.zeros((2, 5, 6, 1)), np.zeros((2, 3)), verbose=0)
    return model


@pytest.mark.parametrize(
    "make",
    [
        by_input,
        by_input_layer,
        by_input_shape,
        by_adding,
        by_build,
        by_call,
        by_predict,
        by_fit,
    ],
)
def test_every_way_to_build_gives_the_same_model(make):
    model = make()
    assert model.built
    assert [type(layer).__name__ for layer in model.layers] == [
        "Conv2D",
        "Flatten",
        "Dense",
    ]
    assert model.input_shape == (None, 5, 6, 1)
    assert model.output_shape == (None, 3)
    assert [w.shape for w in model.get_weights()] == [(3, 3, 1, 2), (2,), (24, 3), (3,)]
    assert model.count_params() == 20 + 75


def test_an_open_model_has_no_shapes_yet():
    model = keras.Sequential(stack())
    for name in ("input_shape", "output_shape"):
        with pytest.raises(AttributeError, match=r"has no .*put shape yet"):
            getattr(model, name)
    with pytest.raises(ValueError, match="count_params needs a built model"):
        model.count_params()
    with pytest.raises(ValueError, match="set_weights needs a built model"):
        model.set_weights([])
    with pytest.raises(ValueError, match=r"build needs input_shape=\(None, ...\)"):
        model.build()
    assert model.get_weights() == []


def test_compute_output_shape_builds_nothing():
    model = keras.Sequential(stack())
    assert model.compute_output_shape((None, 5, 6, 1)) == (None, 3)
    assert not any(layer.built for layer in model.layers)


def test_a_shape_that_fails_half_way_leaves_the_model_open():
    model = keras.Sequential(
        [layers.Conv2D(2, 3), layers.MaxPooling2D(3), layers.Flatten(), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    for attempt in (
        lambda x: model.build((None, *x.shape[1:])),
        lambda x: model(x),
        lambda x: model.predict(x, verbose=0),
        lambda x: model.fit(x, np.zeros((3, 2)), verbose=0),
    ):
        with pytest.raises(ValueError, match="MaxPooling2D 'max_pooling2d"):
            attempt(np.zeros((3, 4, 4, 1)))
        assert not model.built
        assert not any(layer.built for layer in model.layers)
    model.fit(np.zeros((3, 5, 5, 1)), np.zeros((3, 2)), verbose=0)
    assert model.input_shape == (None, 5, 5, 1)


def test_a_layer_that_does_not_fit_is_not_added():
    model = keras.Sequential([keras.Input((4, 4, 1))])
    with pytest.raises(ValueError, match="at least 5x5 pixels"):
        model.add(layers.Conv2D(2, 5))
    model.add(layers.Conv2D(2, 3))
    with pytest.raises(ValueError, match="at least 3x3 pixels"):
        model.add(layers.MaxPooling2D(3))
    assert model.output_shape == (None, 2, 2, 2)

    empty = keras.Sequential()
    with pytest.raises(ValueError, match="at least 5x5 pixels"):
        empty.add(layers.Conv2D(2, 5, input_shape=(4, 4, 1)))
    empty.add(layers.Dense(3, input_shape=(7,)))
    assert empty.input_shape == (None, 7)


def test_a_layer_keeps_the_shape_that_it_was_built_for():
    shared = layers.Dense(3)
    first = keras.Sequential([keras.Input((4,)), shared])
    second = keras.Sequential([keras.Input((4,)), shared])
    second.set_weights([np.ones((4, 3)), np.zeros(3)])
    assert first.predict(X, verbose=0)[0, 0] == pytest.approx(X[0].sum())
    with pytest.raises(
        ValueError, match=r"Dense '.*': expected input \(N, 4\), receiv"
    ):
        keras.Sequential([keras.Input((5,)), shared])
    open_model = keras.Sequential([shared])
    with pytest.raises(ValueError, match=r"expected input \(N, 4\), received \(N, 5\)"):
        open_model.build((None, 5))


def test_another_shape_than_the_models_is_refused():
    model = dense_model()
    model.build((None, 4))
    model.build()
    with pytest.raises(
        ValueError, match=r"input shape \(None, 4\) .*received \(None, 5"
    ):
        model.build((None, 5))
    with pytest.raises(ValueError, match="received 4"):
        keras.Sequential([layers.Dense(2)]).build(4)


def test_pop_and_add():
    model = dense_model()
    kernel = model.get_weights()[0]
    top = model.pop()
    assert (top.units, model.output_shape) == (2, (None, 3))
    model.add(layers.Dense(7))
    assert model.output_shape == (None, 7)
    assert np.array_equal(model.get_weights()[0], kernel)
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((6, 7)), verbose=0)
    model.pop()
    model.add(layers.Dense(1))
    model.fit(X, np.zeros((6, 1)), verbose=0)
    for _ in range(2):
        model.pop()
    with pytest.raises(IndexError, match="there is no layer to pop"):
        model.pop()


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (layers.Dense, TypeError, r"expected a layer, received .*mean Dense\(...\)"),
        ("dense", TypeError, "expected a layer, received 'dense'"),
        (None, TypeError, "expected a layer, received None"),
        (keras.Input((3,)), ValueError, "expected the Input before all other layers"),
    ],
)
def test_what_can_not_be_added(layer, error, message):
    model = dense_model()
    with pytest.raises(error, match=message):
        model.add(layer)
    assert len(model.layers) == 2


def test_names_are_unique_within_a_model():
    with pytest.raises(ValueError, match="different names, received a second 'same'"):
        keras.Sequential([layers.Dense(1, name="same"), layers.Dense(1, name="same")])
    with pytest.raises(ValueError, match="name: expected a string without '/'"):
        keras.Sequential(name="a/b")


def test_names_are_numbered_as_in_keras():
    keras.utils.clear_session()
    model = keras.Sequential(
        [
            layers.Conv2D(1, 1),
            layers.Conv2D(1, 1),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    assert model.name == "sequential"
    assert [layer.name for layer in model.layers] == [
        "conv2d",
        "conv2d_1",
        "max_pooling2d",
        "batch_normalization",
        "re_lu",
        "global_average_pooling2d",
        "dense",
    ]
    assert keras.Sequential().name == "sequential_1"


def test_get_layer():
    model = dense_model()
    first, second = model.layers
    assert model.get_layer(first.name) is first
    assert model.get_layer(index=-1) is second
    for settings in ({}, {"name": first.name, "index": 0}):
        with pytest.raises(ValueError, match="either a name or an index"):
            model.get_layer(**settings)
    with pytest.raises(ValueError, match=r"expected one of .*received 'nope'"):
        model.get_layer("nope")
    for index in (2, -3, 1.0):
        with pytest.raises(ValueError, match="expected an index below 2, received"):
            model.get_layer(index=index)


# Weights.


def test_weights_come_layer_by_layer_and_go_back():
    model = keras.Sequential(
        [keras.Input((3,)), layers.BatchNormalization(), layers.Dense(2)]
    )
    shapes = [w.shape for w in model.get_weights()]
    assert shapes == [(3,)] * 4 + [(3, 2), (2,)]
    new = [np.full(shape, i, np.float64) for i, shape in enumerate(shapes)]
    model.set_weights(new)
    assert same(model.get_weights(), new)
    assert all(w.dtype == np.float32 for w in model.get_weights())
    assert np.array_equal(model.layers[0].buffers["moving_mean"], [2, 2, 2])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda w: w[:-1], ValueError, "expected 4 weights .*received 3"),
        (
            lambda w: [*w[:-1], np.ones(3)],
            ValueError,
            r"of shape \(2,\), received \(3,\)",
        ),
        (lambda w: [*w[:-1], np.ones(2) * 1j], ValueError, "real numbers for weight"),
        (lambda w: [*w[:-1], ["a", "b"]], ValueError, "real numbers for weight"),
        (lambda w: None, TypeError, "expected a list of weights, received None"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(change, error, message):
    model = dense_model()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.set_weights(change([w + 1 for w in before]))
    assert same(model.get_weights(), before)


def test_weights_files(tmp_path):
    first, second = dense_model(), dense_model()
    for name in ("a.npz", "a.weights.h5"):
        first.save_weights(tmp_path / name)
        second.set_weights([w * 0 for w in second.get_weights()])
        second.load_weights(tmp_path / name)
        assert same(first.get_weights(), second.get_weights())


def test_whole_models_files(tmp_path):
    model = dense_model()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "best.keras")
    again = keras.models.load_model(tmp_path / "best.keras")
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert again.optimizer.iterations == model.optimizer.iterations


def test_json_makes_the_same_model_with_fresh_weights():
    model = dense_model()
    again = keras.models.model_from_json(model.to_json())
    assert again.get_config() == model.get_config()
    assert again.optimizer is None
    model.compile("sgd", "mse", metrics=["mse"])
    again = keras.models.model_from_json(model.to_json(indent=2))
    assert again.get_compile_config() == model.get_compile_config()
    assert not same(again.get_weights(), model.get_weights())
    for text, message in (
        ("{", "Expecting"),
        ("[]", "expected the configuration of a model"),
        ('{"class_name": "Model", "config": {}}', "'Model' of module None"),
        ('{"class_name": "Functional", "config": {}}', "the entries 'name' and 'layer"),
    ):
        with pytest.raises(ValueError, match=message):
            keras.models.model_from_json(text)


# Calling.


def test_a_call_is_a_prediction_unless_training():
    model = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5, seed=1)])
    assert np.array_equal(model(X), X)
    assert np.array_equal(model(X.tolist()), X)
    dropped = model(X, training=True)
    assert set(np.unique(dropped == 0)) == {True, False}
    model = dense_model()
    assert np.array_equal(model(X), model.predict(X, verbose=0))
    assert np.array_equal(model.predict_on_batch(X), model(X))
    assert model(X).dtype == np.float32
    with pytest.raises(ValueError, match=r"x of shape \(N, 4\), received \(2, 3\)"):
        model(np.zeros((2, 3)))


def test_a_model_of_views_does_not_hand_out_its_input():
    model = keras.Sequential([keras.Input((2, 2)), layers.Flatten()])
    x = np.zeros((3, 2, 2), np.float32)
    assert not np.shares_memory(model(x), x)
    assert not np.shares_memory(model.predict(x, verbose=0), x)


def test_float64_all_the_way():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(2, "softmax", dtype="float64")]
    )
    model.compile("adam", "categorical_crossentropy")
    model.fit(X, Y, verbose=0)
    assert model.predict(X, verbose=0).dtype == np.float64
    assert model.optimizer.state["momentum"][
        f"{model.layers[0].name}/kernel"
    ].dtype == (np.float64)


# Configuration and copies.


def test_configuration_is_plain_data_and_makes_the_same_model():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Rescaling(1 / 255, offset=0.5),
            layers.Conv2D(4, (3, 2), strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9, scale=False, name="norm"),
            layers.AveragePooling2D(2),
            layers.Dropout(0.25, seed=4),
            layers.Flatten(),
            layers.Dense(
                3, "softmax", kernel_initializer=keras.initializers.HeNormal(1)
            ),
        ],
        name="all_sorts",
    )
    model.layers[2].trainable = False
    config = json.loads(json.dumps(model.get_config()))
    again = keras.Sequential.from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    assert again.name == "all_sorts"
    assert not again.get_layer("norm").trainable
    again.set_weights(model.get_weights())
    x = np.random.default_rng(0).random((2, 8, 8, 3))
    assert np.array_equal(again(x), model(x))


def test_an_open_model_stays_open_in_its_configuration():
    again = keras.Sequential.from_config(keras.Sequential(stack()).get_config())
    assert not again.built
    again.build((None, 5, 6, 1))


def test_unknown_layers_in_a_configuration():
    with pytest.raises(
        ValueError, match=r"layers\[0\]: 'LSTM' .* is outside scratchnet's subset"
    ):
        keras.Sequential.from_config({"layers": [{"class_name": "LSTM", "config": {}}]})


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_trains_on_alone_and_alike(duplicate):
    model = dense_model()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    other = duplicate(model)
    before = model.get_weights()
    history = other.fit(X, Y, verbose=0, shuffle=False, epochs=2)
    assert same(model.get_weights(), before)
    again = model.fit(X, Y, verbose=0, shuffle=False, epochs=2)
    assert again.history == history.history
    assert same(model.get_weights(), other.get_weights())


@pytest.mark.parametrize(
    "layer",
    [
        layers.Activation,
        layers.AveragePooling2D,
        layers.BatchNormalization,
        layers.Conv2D,
        layers.Dense,
        layers.Dropout,
        layers.Flatten,
        layers.GlobalAveragePooling2D,
        layers.InputLayer,
        layers.MaxPooling2D,
        layers.ReLU,
        layers.Rescaling,
        layers.Softmax,
    ],
    ids=lambda layer: layer.__name__,
)
def test_every_layer_takes_the_arguments_of_keras_s_layer(layer):
    first = {
        layers.Activation: ["relu"],
        layers.Conv2D: [2, 3],
        layers.Dense: [2],
        layers.Dropout: [0.5],
        layers.InputLayer: [(3,)],
        layers.Rescaling: [2.0],
    }.get(layer, [])
    made = layer(*first, autocast=True, activity_regularizer=None)
    label = type(made).__name__
    with pytest.raises(NotImplementedError, match=f"{label}: autocast=False"):
        layer(*first, autocast=False)
    made = layer(*first, activity_regularizer="l2")
    assert isinstance(made.activity_regularizer, keras.regularizers.L2)


def test_input_dim_is_an_input_shape_of_one_number():
    model = keras.Sequential([layers.Dense(2, input_dim=3)])
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))
    with pytest.raises(ValueError, match="expected input_dim or input_shape"):
        layers.Dense(2, input_dim=3, input_shape=(4,))
    with pytest.raises(ValueError, match="positive integers"):
        layers.Dense(2, input_dim=0)


# Weights as a list, and what else Keras's models have.


def normalised_model():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(2),
        ]
    )


def paths(model, weights):
    """Return the names of some of a model's weights."""
    names = {
        weight.ctypes.data: f"{position}/{name}"
        for position, layer in enumerate(model.layers)
        for name, weight in layer.named_weights.items()
    }
    return [names[weight.ctypes.data] for weight in weights]


# The lists are Keras's, with the layers' positions for their names.
DENSE = ["0/kernel", "0/bias"]
LEARNT = ["1/gamma", "1/beta"]
MOVING = ["1/moving_mean", "1/moving_variance"]
TOP = ["3/kernel", "3/bias"]


def test_weights_are_lists_in_the_order_of_keras():
    model = normalised_model()
    assert paths(model, model.weights) == [*DENSE, *LEARNT, *MOVING, *TOP]
    assert paths(model, model.trainable_weights) == [*DENSE, *LEARNT, *TOP]
    assert paths(model, model.non_trainable_weights) == MOVING
    norm = model.layers[1]
    assert paths(model, norm.weights) == [*LEARNT, *MOVING]
    assert paths(model, norm.trainable_weights) == LEARNT
    assert paths(model, norm.non_trainable_weights) == MOVING
    assert model.layers[2].weights == []
    assert same(model.weights, model.get_weights())
    assert keras.Sequential([layers.Dense(2)]).weights == []


def test_lists_of_weights_follow_what_is_frozen():
    model = normalised_model()
    model.layers[0].trainable = model.layers[1].trainable = False
    assert paths(model, model.trainable_weights) == TOP
    assert paths(model, model.non_trainable_weights) == [*DENSE, *LEARNT, *MOVING]
    assert model.layers[1].trainable_weights == []
    assert len(model.layers[1].non_trainable_weights) == 4
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 8


def test_what_is_written_to_a_weight_is_the_model_s():
    model = dense_model()
    model.weights[0][...] = 0
    assert not model.get_weights()[0].any()


def test_names_of_metrics_and_their_reset():
    model = dense_model()
    assert model.metrics_names == []
    model.compile("sgd", "mse")
    assert model.metrics_names == ["loss"]
    model.compile("sgd", "mse", metrics=["accuracy"])
    assert model.metrics_names == ["loss", "compile_metrics"]
    model.evaluate(X, Y, verbose=0)
    assert model._results()["loss"]
    model.reset_metrics()
    assert set(model._results().values()) == {0}


@pytest.mark.parametrize("name", ["compute_loss", "quantize"])
def test_names_of_keras_s_outside_the_subset(name):
    with pytest.raises(AttributeError, match=f"Sequential: '{name}' is outside scr"):
        getattr(dense_model(), name)


def test_names_of_keras_s_layer_outside_the_subset():
    dense = layers.Dense(2)
    with pytest.raises(AttributeError, match="Dense: 'add_metric' is outside scr"):
        _ = dense.add_metric
    with pytest.raises(
        NotImplementedError, match=r"add_loss is .*activity_regularizer="
    ):
        dense.add_loss(1.0)
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'a'"):
        _ = dense.a
    # A property's own error goes before.
    with pytest.raises(AttributeError, match="has no output shape yet"):
        _ = keras.Sequential([layers.Dense(2)]).output_shape
    assert not hasattr(dense, "supports_masking")
    assert copy.deepcopy(dense).units == 2


# Arguments of Keras's outside the subset.


def test_files_and_configurations_take_keras_s_arguments_at_their_defaults(tmp_path):
    model, path = dense_model(), tmp_path / "a.npz"
    model.save_weights(path, True, None)
    model.load_weights(path, False, by_name=None, objects_to_skip=None)
    keras.Sequential.from_config(model.get_config(), {"A": 1})
    for call, rule in [
        (lambda: model.save_weights(path, True, 1), "save_weights: max_shard_size=1"),
        (lambda: model.load_weights(path, True), "load_weights: skip_mismatch=True"),
        (lambda: model.load_weights(path, by_name=True), "load_weights: by_name=True"),
    ]:
        with pytest.raises(NotImplementedError, match=rule):
            call()
    with pytest.raises(TypeError, match="load_weights: there is no argument 'mode'"):
        model.load_weights(path, mode="x")


def test_pooling_takes_the_name_by_position():
    assert layers.MaxPooling2D(2, None, "valid", None, "pool").name == "pool"


# Trainable.


def learns(model):
    """Train for a batch, and return which layers it changed."""
    model.compile("sgd", "mse")
    before = [layer.get_weights() for layer in model.layers]
    model.train_on_batch(X, Y)
    pairs = zip(before, model.layers, strict=True)
    return [not same(old, layer.get_weights()) for old, layer in pairs]


# What Keras 3.15 says and does, case by case.


def test_trainable_set_is_set_for_all_layers():
    model = two_layers()
    assert model.trainable
    assert learns(model) == [True, True]
    model.trainable = False
    assert not any(layer.trainable for layer in model.layers)
    assert learns(model) == [False, False]
    assert model.get_config()["trainable"] is False
    model.trainable = True
    assert all(layer.trainable for layer in model.layers)
    assert learns(model) == [True, True]


def two_layers(**arguments):
    stack = [keras.Input((4,)), layers.Dense(3), layers.Dense(2)]
    return keras.Sequential(stack, **arguments)


def test_a_layer_of_a_frozen_model_does_not_learn():
    model = two_layers()
    model.trainable = False
    model.layers[-1].trainable = True
    assert not model.trainable
    assert model.trainable_params == {}
    assert learns(model) == [False, False]


def test_freezing_all_layers_does_not_freeze_the_model():
    model = two_layers()
    for layer in model.layers:
        layer.trainable = False
    assert model.trainable
    assert model.get_config()["trainable"] is True
    assert learns(model) == [False, False]


@pytest.mark.parametrize("later", [False, True])
def test_trainable_as_an_argument_leaves_the_layers_alone(later):
    model = keras.Sequential(trainable=False) if later else two_layers(trainable=False)
    if later:
        for layer in (keras.Input((4,)), layers.Dense(3), layers.Dense(2)):
            model.add(layer)
    assert not model.trainable
    assert [layer.trainable for layer in model.layers] == [True, True]
    assert learns(model) == [False, False]
    config = model.get_config()
    assert config["trainable"] is False
    assert keras.Sequential.from_config(config).trainable
    printed = []
    model.summary(print_fn=printed.append)
    assert " Trainable params: 0 (0.00 B)" in printed[0]


def test_setting_trainable_after_compile_takes_effect():
    model = two_layers()
    assert learns(model) == [True, True]
    model.trainable = False
    before = model.get_weights()
    model.train_on_batch(X, Y)
    assert same(before, model.get_weights())


# Compiling.


def test_compile_starts_anew():
    model = dense_model()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, Y, verbose=0)
    weights = model.get_weights()
    model.compile("adam", "mse", metrics=["mse"])
    assert model.optimizer.iterations == 0
    assert same(model.get_weights(), weights)
    assert sorted(model.evaluate(X, Y, verbose=0, return_dict=True)) == ["loss", "mse"]


def test_a_failed_compile_changes_nothing():
    model = dense_model()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    optimizer, loss = model.optimizer, model.loss
    for settings in (
        {"optimizer": "adma", "loss": "mse"},
        {"optimizer": "sgd", "loss": "msee"},
        {"optimizer": "sgd", "loss": "mse", "metrics": ["acuracy"]},
        {"optimizer": "sgd", "loss": "mse", "weighted_metrics": ["acuracy"]},
    ):
        with pytest.raises(ValueError, match="unknown"):
            model.compile(**settings)
    assert model.optimizer is optimizer
    assert model.loss is loss
    assert len(model.evaluate(X, Y, verbose=0)) == 2


def test_rmsprop_trains_where_no_optimizer_is_named():
    first, second = dense_model(), dense_model()
    second.set_weights(first.get_weights())
    first.compile(loss="categorical_crossentropy")
    second.compile(keras.optimizers.RMSprop(0.001), "categorical_crossentropy")
    for model in (first, second):
        model.fit(X, Y, shuffle=False, verbose=0)
    assert same(first.get_weights(), second.get_weights())


def test_an_optimizer_object_goes_on_after_another_compile():
    model, adam = dense_model(), keras.optimizers.Adam()
    for steps in (1, 2):
        model.compile(adam, "categorical_crossentropy")
        model.fit(X, Y, verbose=0)
        assert adam.iterations == steps
    other = keras.Sequential.from_config(model.get_config())
    other.compile(adam, "categorical_crossentropy")
    before = other.get_weights()
    with pytest.raises(ValueError, match="belongs to another model"):
        other.fit(X, Y, verbose=0)
    assert same(other.get_weights(), before)


def test_an_add_of_one_s_own_is_called_by_the_constructor_and_from_files(tmp_path):
    class Noting(keras.Sequential):
        def add(self, layer, rebuild=True):
            self.noted = [*vars(self).get("noted", ()), type(layer).__name__]
            super().add(layer, rebuild=rebuild)

    model = Noting([keras.Input((4,)), layers.Dense(2)])
    assert model.noted == ["KerasTensor", "Dense"]
    again = Noting.from_config(model.get_config())
    assert again.noted == ["InputLayer", "Dense"] and again.output_shape == (None, 2)


def test_an_evaluate_of_one_s_own_is_not_passed_over_in_validation():
    class Own(keras.Sequential):
        def evaluate(self, *arguments, **named):
            return {"own": 1.0}

    model = Own([keras.Input((4,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 4)), np.ones((4, 2))
    assert model.evaluate(x) == {"own": 1.0}
    model.fit(x, y, verbose=0)
    with pytest.raises(NotImplementedError, match="call the evaluate that its class"):
        model.fit(x, y, validation_split=0.5, verbose=0)

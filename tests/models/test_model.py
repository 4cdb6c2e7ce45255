"""Graphs of layers, and models in models."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import kernels, layers
from scratchnet.models import Model
from tests.keras.golden import compare

SHAPE, CLASSES = (6, 6, 2), 3


def residual(activation="relu", dtype="float32"):
    """Return a residual block between a convolution and a head."""
    keras.utils.set_random_seed(3)
    options = {"padding": "same", "dtype": dtype}
    x = keras.Input(SHAPE, dtype=dtype)
    y = layers.Conv2D(4, 3, activation=activation, **options)(x)
    z = layers.Conv2D(4, 3, activation=activation, **options)(y)
    z = layers.BatchNormalization(dtype=dtype)(z)
    z = layers.Conv2D(4, 3, **options)(z)
    y = layers.Activation(activation, dtype=dtype)(layers.Add(dtype=dtype)([y, z]))
    y = layers.GlobalAveragePooling2D(dtype=dtype)(y)
    return Model(x, layers.Dense(CLASSES, "softmax", dtype=dtype)(y))


def nested(dtype="float32"):
    """Return a Sequential of models, one of which has branches."""
    keras.utils.set_random_seed(3)
    x = keras.Input((6, 6, 4), dtype=dtype)
    y = layers.Conv2D(4, 3, padding="same", activation="relu", dtype=dtype)(x)
    block = Model(x, layers.Concatenate(dtype=dtype)([x, y]), name="block")
    return keras.Sequential(
        [
            keras.Input(SHAPE, dtype=dtype),
            layers.Conv2D(4, 3, padding="same", activation="relu", dtype=dtype),
            block,
            layers.MaxPooling2D(dtype=dtype),
            layers.Dropout(0.3, seed=2, dtype=dtype),
            keras.Sequential(
                [layers.Flatten(dtype=dtype), layers.Dense(5, "relu", dtype=dtype)],
                name="head",
            ),
            layers.Dense(CLASSES, "softmax", dtype=dtype),
        ]
    )


def shared(dtype="float32"):
    """Return a graph that calls one layer three times."""
    keras.utils.set_random_seed(3)
    x = keras.Input(SHAPE, dtype=dtype)
    y = layers.Dense(4, "tanh", dtype=dtype)(layers.Flatten(dtype=dtype)(x))
    turn = layers.Dense(4, "tanh", dtype=dtype)
    y = layers.Add(dtype=dtype)([turn(turn(y)), turn(y), y])
    return Model(x, layers.Dense(CLASSES, "softmax", dtype=dtype)(y))


MODELS = (residual, nested, shared)


def data(n=20):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, *SHAPE)).astype(np.float32)
    return x, rng.integers(0, CLASSES, n)


def fitted(make, eager=False, epochs=2):
    net = make()
    net.compile(
        keras.optimizers.SGD(0.05),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        run_eagerly=eager,
    )
    x, y = data()
    history = net.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return net, history.history


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("rung", ["reference", "winograd"])
def test_rules_and_plain_layers_agree(make, rung):
    with kernels.rung(rung):
        (fast, history), (plain, plain_history) = (
            fitted(make, eager) for eager in (False, True)
        )
        x, _ = data()
        tolerance = 8 * compare.rounding(8 * 36 * 36, steps=6)
        np.testing.assert_allclose(
            fast.predict(x, verbose=0), plain.predict(x, verbose=0), atol=tolerance
        )
    np.testing.assert_allclose(history["loss"], plain_history["loss"], rtol=tolerance)
    for one, other in zip(fast.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("make", MODELS)
def test_gradients_are_those_of_finite_differences(make):
    """In a random direction, through rules and through plain layers."""
    net = make("float64") if make is not residual else make("tanh", "float64")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, *SHAPE)), np.eye(CLASSES)[rng.integers(0, CLASSES, 7)]
    loss = keras.losses.CategoricalCrossentropy()
    scale = np.full(7, 1 / 7)
    for rules, whole in ((keras.plan.RULES, False), ((), True)):
        plan = keras.plan.compiled(net, loss, rules, whole_layers=whole)

        def value(plan=plan):
            before = {k: v.copy() for k, v in net.buffers.items()}
            total = plan.heads[0].forward(y, plan.run(x, training=True))[0] @ scale
            for name, buffer in net.buffers.items():
                buffer[...] = before[name]
            return total

        gradient = partial(step, plan, x, y, scale)
        rewound(net, gradient)
        for path, param in plan.params.items():
            direction = rng.normal(size=param.shape)
            slope = (plan.grads[path] * direction).sum()
            ends, size = [], 1e-6
            for sign in (1, -1):
                param += sign * size * direction
                ends.append(rewound(net, value))
                param -= sign * size * direction
            found = (ends[0] - ends[1]) / (2 * size)
            assert found == pytest.approx(slope, rel=1e-5, abs=1e-8), path


def step(plan, x, y, scale):
    output = plan.run(x, training=True)
    plan.heads[0].forward(y, output)
    plan.backward(plan.heads[0].backward(y, output, scale))


def rewound(net, value):
    """Return a value of the same masks: dropout's steps are put back before it."""
    for name, buffer in net.buffers.items():
        if name.endswith("seed_state"):
            buffer[1] = 1
    return value()


def test_a_graph_says_what_it_is(capsys):
    net = residual()
    assert net.name == "functional" or net.name.startswith("functional_")
    assert net.input_shape == (None, *SHAPE) and net.output_shape == (None, CLASSES)
    assert [type(layer).__name__ for layer in net.layers][:3] == [
        *("InputLayer", "Conv2D", "Conv2D")
    ]
    assert len(net.weights) == 2 * 3 + 4 + 2
    assert net.count_params() == sum(weight.size for weight in net.weights)
    net.summary(line_length=100)
    assert "Connected to" in capsys.readouterr().out
    table = str(net.plan())
    assert "add" in table and "5, 2" not in table and "2, 6" in table
    net.layers.clear()
    assert net.layers


def test_paths_of_layers_in_models():
    net = nested()
    paths = [f"block/{net.layers[1].layers[1].name}/kernel", "head/{}/bias"]
    assert paths[0] in net.trainable_params
    assert set(net.trainable_params) == set(net.params) == set(net.grads)
    net.layers[1].trainable = False
    assert paths[0] not in net.trainable_params
    before = net.layers[1].get_weights()
    net.compile("sgd", "sparse_categorical_crossentropy")
    net.fit(*data(), verbose=0)
    for one, other in zip(net.layers[1].get_weights(), before, strict=True):
        assert np.array_equal(one, other)


def test_a_model_is_called_as_a_layer():
    inner, x = residual(), keras.Input(SHAPE)
    outer = Model(x, layers.Dense(2)(inner(x)))
    images, _ = data(4)
    np.testing.assert_array_equal(outer.layers[1](images), inner(images))
    assert outer(images).shape == (4, 2)
    assert inner.predict(images, verbose=0).shape == (4, CLASSES)


def test_a_model_cut_at_a_layer_shares_its_weights():
    x = keras.Input(SHAPE)
    middle = layers.Conv2D(4, 3)(x)
    whole = Model(x, layers.Dense(2)(layers.Flatten()(middle)))
    features = Model(x, middle)
    top = Model(middle, layers.Flatten()(middle))
    images, _ = data(3)
    maps = features.predict(images, verbose=0)
    assert maps.shape == (3, 4, 4, 4)
    whole.layers[1].params["kernel"][...] = 0
    assert not features.predict(images, verbose=0).any()
    assert np.array_equal(top.predict(maps, verbose=0), maps.reshape(3, -1))


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("ending", [".npz", ".weights.h5", ".keras"])
def test_files(make, ending, tmp_path):
    net, _ = fitted(make)
    path = tmp_path / f"a{ending}"
    x, y = data()
    if ending == ".keras":
        net.save(path)
        other = keras.models.load_model(path)
    else:
        net.save_weights(path)
        other = make()
        other.load_weights(path)
        other.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
    assert np.array_equal(net.predict(x, verbose=0), other.predict(x, verbose=0))
    assert len(net.layers) == len(other.layers)
    if make is not nested:  # dropout's masks start anew, as in Keras
        for one in (net, other):
            one.fit(x, y, batch_size=8, shuffle=False, verbose=0)
        for one, more in zip(net.get_weights(), other.get_weights(), strict=True):
            assert np.array_equal(one, more)


@pytest.mark.parametrize("make", MODELS)
def test_configurations_and_copies(make):
    net, _ = fitted(make)
    again = type(net).from_config(net.get_config())
    assert again.get_config() == net.get_config()
    keras.models.model_from_json(net.to_json()).set_weights(net.get_weights())
    x, y = data()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert np.array_equal(net.predict(x, verbose=0), other.predict(x, verbose=0))
        other.fit(x, y, verbose=0)
    assert np.array_equal(net.predict(x, verbose=0), net.predict(x, verbose=0))


@pytest.mark.parametrize("make", MODELS)
def test_a_resumed_fit_is_the_same_to_the_bit(make, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    def run(*callbacks):
        net = make()
        net.compile("adam", "sparse_categorical_crossentropy")
        try:
            x, y = data()
            net.fit(x, y, batch_size=8, epochs=3, verbose=0, callbacks=[*callbacks])
        except KeyboardInterrupt:
            return None
        return net.get_weights()

    straight = run()
    assert run(keras.callbacks.BackupAndRestore(tmp_path), Stop()) is None
    resumed = run(keras.callbacks.BackupAndRestore(tmp_path))
    for one, other in zip(straight, resumed, strict=True):
        assert np.array_equal(one, other)


def test_what_is_not_a_graph_is_named():
    x, other = keras.Input((3,)), keras.Input((3,))
    y = layers.Dense(2, name="twice")(x)
    with pytest.raises(TypeError, match="expected outputs made by Input and by layers"):
        Model(x, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="come from the inputs alone"):
        Model(x, layers.Add()([x, other]))
    with pytest.raises(ValueError, match="received a second 'twice'"):
        Model(x, layers.Dense(2, name="twice")(y))
    with pytest.raises(ValueError, match=r"dimensions are the same.*\(N, 2\)"):
        layers.Add()([x, y])
    with pytest.raises(ValueError, match="list of at least two inputs"):
        layers.Add()(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="along axis -1 alone"):
        layers.Concatenate()([x, keras.Input((3, 3))])
    with pytest.raises(TypeError, match="has no values yet"):
        np.asarray(y)
    with pytest.raises(ValueError, match=r"expected input \(N, 3\), received \(N, 2\)"):
        y.layer(y)


def test_a_configuration_that_is_not_a_graph_is_named():
    def changed(place, value):
        config = residual().get_config()
        node = config
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = value
        return config

    inbound = ("layers", 1, "inbound_nodes")
    for place, value in (
        ((*inbound, 0, "args", 0), 5),
        (inbound, []),
        (("input_layers",), ["nobody", 0, 0]),
        (("output_layers",), "dense"),
        ((*inbound, 0, "args", 0, "config", "keras_history", 0), "nobody"),
        ((*inbound, 0, "args", 0, "config", "keras_history", 2), 1),
        ((*inbound, 0, "kwargs"), {"mask": 1}),
        (("layers", 0, "class_name"), "Dense"),
    ):
        with pytest.raises((ValueError, TypeError)):
            Model.from_config(changed(place, value))
    loop = residual().get_config()
    name = loop["layers"][2]["config"]["name"]
    history = loop["layers"][1]["inbound_nodes"][0]["args"][0]["config"]
    history["keras_history"] = [name, 0, 0]
    with pytest.raises(ValueError):
        Model.from_config(loop)


def test_a_derived_model_with_a_forward_of_its_own_is_run_as_it_is():
    class Doubled(keras.Sequential):
        def forward(self, x, *, training):
            return 2 * super().forward(x, training=training)

        def backward(self, dy):
            return super().backward(2 * dy)

    net = Doubled([keras.Input((3,)), layers.Dense(2)])
    x = np.ones((4, 3), np.float32)
    twice = 2 * (x @ net.get_weights()[0])
    np.testing.assert_allclose(net.predict(x, verbose=0), twice, rtol=1e-6)
    net.compile("sgd", "mse")
    first = net.train_on_batch(x, np.ones((4, 2)))
    assert net.train_on_batch(x, np.ones((4, 2))) < first


def test_a_derived_backward_runs_also_where_nobody_wants_dx():
    class Half(layers.Dense):
        def backward(self, dy):
            return super().backward(0.5 * dy)

    steps = []
    for kind, eager in ((layers.Dense, False), (Half, False), (Half, True)):
        keras.utils.set_random_seed(1)
        net = keras.Sequential([keras.Input((3,)), kind(4, "tanh"), layers.Dense(2)])
        net.compile(keras.optimizers.SGD(1.0), "mse", run_eagerly=eager)
        before = net.get_weights()[0]
        net.train_on_batch(np.eye(3), np.ones((3, 2)))
        steps.append(net.get_weights()[0] - before)
    np.testing.assert_allclose(steps[1], steps[0] / 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(steps[2], steps[0] / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("eager", [False, True])
def test_a_layer_inside_a_part_and_beside_it_is_one_layer(eager, tmp_path):
    x = keras.Input((1,))
    one = layers.Dense(1, use_bias=False, kernel_initializer="ones", name="one")
    inner = keras.Sequential([keras.Input((1,)), one], name="inner")
    net = Model(x, layers.Add()([inner(x), one(x)]))
    net.compile(keras.optimizers.SGD(0.01), "mse", run_eagerly=eager)
    assert net.count_params() == 1 == len(net.get_weights())
    net.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    # y = 2 w x, so that the gradient is 2 · y · 2 x = 8.
    assert net.get_weights()[0] == pytest.approx(1 - 0.08)
    with pytest.raises(ValueError, match="Dense 'one' stands in two models"):
        net.get_config()
    with pytest.raises(keras.CheckpointError, match="not saved: Dense 'one' stands"):
        net.save(tmp_path / "a.keras")


def test_an_encoders_input_may_be_the_whole_models(tmp_path):
    x = keras.Input((4,), name="given")
    encoder = Model(x, layers.Dense(2, name="code")(x), name="encoder")
    y = keras.Input((2,), name="codes")
    decoder = Model(y, layers.Dense(4, name="again")(y), name="decoder")
    both = Model(x, decoder(encoder(x)), name="both")
    data = np.random.default_rng(0).random((3, 4))
    both.save(tmp_path / "a.keras")
    loaded = keras.models.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded.predict(data), both.predict(data))
    again = Model.from_config(both.get_config())
    assert again.count_params() == both.count_params() == 22


def test_classes_of_ones_own_in_a_configuration():
    class Half(layers.Layer):
        def __init__(self):
            super().__init__()

        def call(self, inputs):
            return inputs / 2

        def get_config(self):  # without the name, as many write it
            return {}

    x = keras.Input((3,))
    config = Model(x, Half()(x)).get_config()
    with pytest.raises(ValueError, match="Half"):
        Model.from_config(config)
    again = Model.from_config(config, custom_objects={"Half": Half})
    np.testing.assert_allclose(again.predict(np.ones((2, 3))), 0.5)
    assert type(again.layers[1]) is Half
    with pytest.raises(ValueError, match="Half"):  # it was known there alone
        Model.from_config(config)


def test_moving_statistics_of_a_shared_layer_follow_in_the_order_of_the_graph():
    found = []
    for eager in (False, True):
        keras.utils.set_random_seed(1)
        x = keras.Input((4, 4, 1))
        conv = layers.Conv2D(1, 1, activation="relu", kernel_initializer="ones")
        norm, pool = layers.BatchNormalization(momentum=0.5), layers.MaxPooling2D()
        ways = [pool(norm(conv(start))) for start in (x, layers.Rescaling(10.0)(x))]
        net = Model(x, layers.Flatten()(layers.Concatenate()(ways)))
        net.compile("sgd", "mse", run_eagerly=eager)
        images = np.random.default_rng(0).random((3, 4, 4, 1))
        net.train_on_batch(images, np.zeros((3, 8)))
        found.append(net.get_layer(norm.name).get_weights()[2])
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_every_branch_is_fused():
    x = keras.Input((8, 8, 2))
    ways = [
        layers.MaxPooling2D()(layers.Conv2D(3, 3, activation="relu")(x))
        for _ in range(3)
    ]
    kinds = Model(x, layers.Concatenate()(ways)).plan().program.kinds
    assert kinds == ["gather", *["pooled_convolution"] * 3, "concatenate"]
    flat = layers.Flatten()(x)
    dense = [layers.Dense(3, activation="relu")(flat) for _ in range(2)]
    kinds = Model(x, layers.Add()(dense)).plan().program.kinds
    assert kinds == ["gather", "flatten", *["dense_chain"] * 2, "add"]


def test_a_model_with_a_forward_of_its_own_stands_at_one_place():
    class Doubled(keras.Sequential):
        def forward(self, x, *, training):
            return 2 * super().forward(x, training=training)

    doubled, x = Doubled([keras.Input((3,)), layers.Dense(3)]), keras.Input((3,))
    assert Model(x, doubled(x)).predict(np.ones((1, 3)), verbose=0).shape == (1, 3)
    with pytest.raises(NotImplementedError, match="can't stand in two"):
        Model(x, doubled(doubled(x))).predict(np.ones((1, 3)), verbose=0)


def test_a_chain_s_call_of_one_s_own_is_refused_where_it_is_written():
    with pytest.raises(
        TypeError, match=r"Own: its call would never run.* forward\(self"
    ):
        type("Own", (keras.Sequential,), {"call": lambda self, x: x})


def test_a_rate_that_is_changed_between_fits_takes_effect():
    net = keras.Sequential([keras.Input((50,)), layers.Dropout(0.0), layers.ReLU()])
    net.compile("sgd", "mse")
    x = np.ones((4, 50))
    assert net.train_on_batch(x, x) == 0
    net.layers[0].rate = 1.0
    assert net.train_on_batch(x, x) == 1
    noisy = layers.GaussianNoise(0.0)
    noisy(x, training=True)
    noisy.stddev = 0.5
    assert (noisy(x, training=True) != x).any()


@pytest.mark.parametrize("eager", [False, True])
def test_a_layer_that_returns_another_shape_than_it_says_is_blamed_itself(eager):
    class Half(layers.Layer):
        def forward(self, x, *, training):
            return x[:, :2]

        def backward(self, dy):
            return np.zeros((len(dy), 4), dy.dtype)

    net = keras.Sequential([keras.Input((4,)), Half(name="half"), layers.Dense(3)])
    net.compile("sgd", "mse", run_eagerly=eager)
    x, y = np.ones((2, 4)), np.ones((2, 3))
    message = r"Half 'half': its forward returned shape \(2, 2\), .* says \(N, 4\)"
    for call in (net, net.predict, lambda x: net.fit(x, y, verbose=0), net.layers[0]):
        with pytest.raises(ValueError, match=message):
            call(x)


def test_an_add_loss_of_one_s_own_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match="Own: add_loss is never called here"):
        type("Own", (layers.Layer,), {"add_loss": lambda self, loss: None})


def own_way(base, super_s=True):
    """Return a class with a forward of its own, which runs its layers."""

    class Own(base):
        def forward(self, x, *, training):
            if super_s:
                return super().forward(x, training=training)
            return self.layers[0].forward(x, training=training)

        def backward(self, dy):
            return super().backward(dy) if super_s else self.layers[0].backward(dy)

    return Own


def test_penalties_on_outputs_count_inside_a_model_with_a_forward_of_its_own():
    def inside():
        return layers.Dense(4, activity_regularizer="l2", kernel_initializer="ones")

    x, y = np.ones((2, 4)), np.full((2, 4), 4.0)  # the outputs are 4, too
    own = own_way(keras.Sequential)([keras.Input((4,)), inside()])
    weights = []
    for part in (own, inside()):
        net = keras.Sequential([keras.Input((4,)), part])
        net.compile("sgd", "mse")
        assert net.evaluate(x, y, verbose=0) == pytest.approx(0.01 * 4 * 16)
        net.train_on_batch(x, y)
        weights.append(net.get_weights())
    assert all(map(np.array_equal, *weights)) and weights[0][1].any()
    other = own_way(keras.Sequential, False)([keras.Input((4,)), inside()])
    other.compile("sgd", "mse")
    with pytest.raises(NotImplementedError, match="without the activity_regularizer"):
        other.evaluate(x, y, verbose=0)

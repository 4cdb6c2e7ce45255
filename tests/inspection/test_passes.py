from __future__ import annotations

import itertools

import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, layers, optimizers, utils
from scratchnet.explain import explain, explain_gradient
from scratchnet.inspection import activation_statistics, gradient_saliency, passes


def network() -> Sequential:
    utils.set_random_seed(5)
    model = Sequential(
        [
            Input((6, 6, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(4, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def data(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 6, 6, 1), np.uint8)
    return x, rng.integers(0, 3, count)


def test_forward_is_the_models_own():
    model, (x, _) = network(), data(7)
    steps = passes.forward(model, x)
    assert list(dict.fromkeys(step.layer for step in steps)) == model.layers
    expected = model.predict(x, verbose=0)
    np.testing.assert_array_equal(steps[-1].y, expected)
    for below, above in itertools.pairwise(steps):
        np.testing.assert_array_equal(below.y, above.x)
    outputs = passes.outputs(model, x)
    assert list(outputs) == [layer.name for layer in model.layers]
    by_layer = list(outputs.values())
    assert by_layer[1].kind == "relu"
    np.testing.assert_array_equal(by_layer[-1].y, expected)


def test_gradients_are_those_of_a_training_step():
    model, (x, y) = network(), data(8)
    run = passes.from_loss(model, x, y, training=True)
    assert run.probabilities is not None
    logs = model.train_on_batch(x, y, return_dict=True)
    assert run.losses.mean() == pytest.approx(logs["loss"], rel=1e-6)
    for step in run.steps:
        for name in step.grads:
            grad = step.layer.grads[name]
            size = np.abs(grad).max()
            # The training step may run several layers as one, in another order.
            np.testing.assert_allclose(
                step.grads[name], grad, rtol=1e-4, atol=1e-5 * size
            )


def test_without_training_the_gradient_is_that_of_inference():
    model, (x, y) = network(), data(8)
    layer = model.get_layer(index=2)
    layer.buffers["moving_mean"][...] = 0.3
    run = passes.from_loss(model, x, y)
    np.testing.assert_array_equal(run.steps[-1].y, model.predict(x, verbose=0))
    norm, drop = (
        step for step in run.steps if step.kind in ("batch_normalization", "dropout")
    )
    scale = layer.params["gamma"] / np.sqrt(layer.buffers["moving_variance"] + 0.001)
    np.testing.assert_allclose(norm.dx, norm.dy * scale, rtol=1e-6)
    np.testing.assert_array_equal(drop.dx, drop.dy)
    assert drop.layer.rate == 0.5 and norm.layer.trainable


def look_everywhere(model: Sequential, x: np.ndarray, y: np.ndarray) -> None:
    activation_statistics(model, x)
    gradient_saliency(model, x[0])
    for training in (False, True):
        explain(model, x, "dense", training=training)
        explain_gradient(model, x, y, model.layers[1], training=training)


def test_looking_changes_nothing_in_a_training():
    utils.clear_session()
    results = []
    for looks in (False, True):
        utils.clear_session()
        model, (x, y) = network(), data(16)
        for _ in range(3):
            model.train_on_batch(x, y)
            before = [
                grad.copy() for layer in model.layers for grad in layer.grads.values()
            ]
            if looks:
                look_everywhere(model, x[:4], y[:4])
            after = [grad for layer in model.layers for grad in layer.grads.values()]
            for one, other in zip(before, after, strict=True):
                np.testing.assert_array_equal(one, other)
        results.append(model.get_weights())
    for plain, looked in zip(*results, strict=True):
        assert plain.tobytes() == looked.tobytes()


class Remembering(layers.Dense):
    """A layer that keeps its input in an attribute of its own."""

    def forward(self, x, *, training):
        self.seen = x
        return super().forward(x, training=training)


def test_nothing_of_the_batch_stays_in_the_layers():
    utils.clear_session()
    model, (x, y) = network(), data(4)
    before = [dict(vars(layer)) for layer in model.layers]
    look_everywhere(model, x, y)
    assert_attributes(model, before)

    model.add(Remembering(3, name="own"))
    before = [dict(vars(layer)) for layer in model.layers]
    activation_statistics(model, x)
    passes.forward(model, x, training=True)
    passes.from_loss(model, x, y)
    assert_attributes(model, before)


def assert_attributes(model: Sequential, before: list[dict]) -> None:
    for layer, attributes in zip(model.layers, before, strict=True):
        after = vars(layer)
        assert list(after) == list(attributes)
        assert all(after[name] is value for name, value in attributes.items())


def test_a_fault_on_the_way_puts_everything_back():
    model, (x, y) = network(), data(4)
    layer = model.layers[-1]

    def fail(dz):
        raise RuntimeError("stopped")

    weights = [weight.copy() for weight in model.get_weights()]
    layer.backward = fail
    with pytest.raises(RuntimeError, match="stopped"):
        passes.from_loss(model, x, y, training=True)
    with pytest.raises(RuntimeError, match="stopped"):
        passes.from_loss(model, x, y)
    assert model.get_layer(index=4).rate == 0.5
    assert model.get_layer(index=2).trainable
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_the_score_of_a_softmax_is_its_logit():
    model = Sequential([Input((2,)), layers.Dense(2, activation="softmax")])
    model.set_weights([[[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0]])
    np.testing.assert_array_equal(passes.from_score(model, [[0.5, 0.5]], 1), [[2, 4]])
    linear = Sequential([Input((2,)), layers.Dense(2)])
    linear.set_weights([[[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0]])
    np.testing.assert_array_equal(passes.from_score(linear, [[5, 6]], 0), [[1, 3]])


def residual() -> Model:
    """Return shared(x) + shared(block(x)): the input is read twice, a layer shared."""
    utils.set_random_seed(2)
    start = Input((3,))
    dense = layers.Dense(3, activation="relu", name="dense")
    block = Sequential([dense, layers.Dropout(0.5, name="dropout")], name="block")
    shared = layers.Dense(3, name="shared")
    return Model(start, layers.Add(name="add")([shared(start), shared(block(start))]))


def test_a_graph_runs_with_its_nested_models():
    model, x = residual(), np.random.default_rng(0).normal(size=(4, 3))
    steps = passes.forward(model, x)
    assert sorted(step.path for step in steps) == [
        *("add", "block/dense", "block/dense"),
        *("block/dropout", "shared", "shared"),
    ]
    values = [x.astype("float32"), *(step.y for step in steps)]
    for step in steps:
        read = step.by_input(step.x).values()
        for one, place in zip(read, step.inputs, strict=True):
            np.testing.assert_array_equal(one, values[place])
    np.testing.assert_array_equal(steps[-1].y, model.predict(x, verbose=0))


def test_where_paths_meet_gradients_add_up():
    model, x = residual(), np.random.default_rng(0).normal(size=(1, 3))
    found, step = passes.from_score(model, x, 1), 1e-3
    for i in range(3):
        at = np.eye(3)[i] * step
        slope = (model(x + at)[0, 1] - model(x - at)[0, 1]) / (2 * step)
        assert found[0, i] == pytest.approx(slope, rel=2e-3)
    model.compile(optimizers.SGD(1.0), "mse")
    before = [model.params[path].copy() for path in model.params]
    run = passes.from_loss(model, x, np.ones((1, 3)))
    for old, new in zip(before, model.params.values(), strict=True):
        np.testing.assert_array_equal(old, new)
    calls = [step.grads["kernel"] for step in run.steps if step.path == "shared"]
    assert len(calls) == 2 and not np.array_equal(*calls)


def test_what_does_not_fit_is_refused():
    model, (x, y) = network(), data(3)
    with pytest.raises(ValueError, match="expected one sample, received 3"):
        passes.one_sample(model, x)
    with pytest.raises(ValueError, match="finite x in float32, received nan at index"):
        passes.forward(model, np.full((1, 6, 6, 1), np.nan))
    with pytest.raises(ValueError, match="as many targets as inputs"):
        passes.from_loss(model, x, y[:2])

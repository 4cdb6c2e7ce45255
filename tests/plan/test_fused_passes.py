"""Rules that save passes over arrays, or launches, change no bit."""

import numpy as np
import pytest
from scratchnet.plan.dropout_in_place import DropoutInPlace

import scratchnet as keras
from scratchnet import kernels, layers, losses
from scratchnet import plan as rewrites
from scratchnet.plan.dense_chain import WIDEST, DenseChain
from tests.plan.test_rules import (
    MODELS,
    convolutional,
    gradients,
    model,
    normalised_and_pooled,
)


def deep():
    return model(
        layers.Flatten(),
        layers.Dense(40, "relu"),
        layers.Dense(9, use_bias=False),
        layers.Dense(17, "relu", trainable=False),
        layers.Dense(3, "softmax"),
    )


def interrupted():
    """Chains before and after a layer that is none of theirs."""
    return model(
        layers.Flatten(),
        layers.Dense(8, "relu"),
        layers.Dense(7, "tanh"),
        layers.Dense(6, "relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.4, seed=3),
        layers.Dense(3, "sigmoid"),
    )


def softmax_inside():
    return model(
        layers.Flatten(), layers.Dense(5, "softmax"), layers.Dense(3, "softmax")
    )


EVERY_MODEL = (*MODELS, deep, interrupted, softmax_inside, normalised_and_pooled)


def assert_same_bits(make, loss, rule, others=()):
    """Compare a training step with a rule and without it; return the plan with it."""
    with_rule, without = (
        gradients(make, loss, rules) for rules in ((*others, rule), others)
    )
    for ours, theirs in zip(with_rule[:2], without[:2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert list(with_rule[2].grads) == list(without[2].grads)
    for path, grad in with_rule[2].grads.items():
        np.testing.assert_array_equal(grad, without[2].grads[path], path)
    return with_rule[2]


def count(plan, kind):
    return sum(isinstance(stage, kind) for stage in plan.stages)


@pytest.mark.parametrize("make", EVERY_MODEL)
@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy(), "mse"])
def test_a_chain_of_dense_layers_changes_no_bit(make, loss):
    if loss == "mse":
        loss, others = losses.MeanSquaredError(), ()
    else:
        others = (rewrites.softmax_cross_entropy,)
    plan = assert_same_bits(make, loss, rewrites.dense_chain, others)
    expected = {deep: 1, interrupted: 2, softmax_inside: 2}
    if make in expected and not others:
        assert count(plan, DenseChain) >= expected[make]


def test_chains_are_as_long_as_can_be():
    def lengths(make):
        plan = rewrites.Plan(make().layers, None, rewrites.INFERENCE_RULES)
        chains = [s for s in plan.stages if isinstance(s, DenseChain)]
        return [len(chain.layers) for chain in chains]

    assert lengths(deep) == [4]
    assert lengths(interrupted) == [1, 1]
    assert lengths(softmax_inside) == [1, 1]
    assert lengths(convolutional) == [1]


@pytest.mark.parametrize("make", EVERY_MODEL)
def test_chains_at_inference_change_no_bit(make):
    x = np.random.default_rng(0).normal(size=(9, 6, 6, 2)).astype(np.float32)
    outputs = []
    for rules in ((rewrites.dense_chain,), ()):
        keras.utils.clear_session()
        plan = rewrites.Plan(make().layers, None, rules)
        outputs.append(plan.forward(x, training=False))
    np.testing.assert_array_equal(*outputs)


def test_chains_need_the_direct_rung():
    with kernels.rung("blas"):
        plan = rewrites.Plan(deep().layers, None, (rewrites.dense_chain,))
    assert count(plan, DenseChain) == 0


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(5, "tanh"),
        layers.Dense(WIDEST + 1),
        type("Derived", (layers.Dense,), {})(5),
    ],
)
def test_layers_that_fit_no_chain_are_left_alone(layer):
    made = model(layers.Flatten(), layer)
    plan = rewrites.Plan(made.layers, None, (rewrites.dense_chain,))
    assert plan.stages == made.layers


def test_layers_of_other_dtypes_are_chains_of_their_own():
    made = model(
        layers.Flatten(), layers.Dense(5, "relu"), layers.Dense(4, dtype="float64")
    )
    plan = rewrites.Plan(made.layers, None, (rewrites.dense_chain,))
    assert count(plan, DenseChain) == 2


def test_a_chain_checks_what_a_custom_layer_hands_it():
    class Narrow(layers.Layer):
        """Return less than it says it does."""

        def forward(self, x, *, training):
            return x[:, :5]

    made = keras.Sequential([keras.Input((8,)), Narrow(), layers.Dense(3, "relu")])
    with pytest.raises(ValueError, match=r"expected input \(N, 8\), received \(2, 5\)"):
        made.predict(np.ones((2, 8), np.float32), verbose=0)


def test_a_chain_follows_an_activation_that_is_set_later():
    made, x = deep(), np.ones((2, 6, 6, 2), np.float32)
    np.testing.assert_allclose(made.predict(x, verbose=0).sum(axis=1), 1, rtol=1e-6)
    made.layers[-1].activation = keras.activations.linear
    assert np.all(made.predict(x, verbose=0).sum(axis=1) != 1)


@pytest.mark.parametrize("make", [normalised_and_pooled, interrupted, convolutional])
@pytest.mark.parametrize("pooled", [True, False])
def test_dropout_in_place_changes_no_bit(make, pooled):
    loss = losses.CategoricalCrossentropy()
    others = (rewrites.pooled_convolution,) if pooled else ()
    plan = assert_same_bits(make, loss, rewrites.dropout_in_place, others)
    assert count(plan, DropoutInPlace) == 1


@pytest.mark.parametrize("between", [[], [layers.Flatten()]])
def test_dropout_spares_what_others_read(between):
    seen = []

    class Keeper(layers.Layer):
        """Keep what comes out of it, and the gradient that it returns."""

        def forward(self, x, *, training):
            seen.append(x + 1)
            return seen[-1]

        def backward(self, dy):
            seen.append(dy * 2)
            return seen[-1]

    made = keras.Sequential(
        [
            keras.Input((50,)),
            layers.Dense(40, "relu"),
            Keeper(),
            layers.Dropout(0.5, seed=0),
            *between,
            Keeper(),
            layers.Dense(3, "relu"),
            layers.Dropout(0.5, seed=1),
            layers.Dense(3),
        ]
    )
    plan = rewrites.Plan(
        made.layers, losses.MeanSquaredError(), (rewrites.dropout_in_place,)
    )
    x = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    output = plan.forward(x, training=True)
    forward = [array.copy() for array in seen]
    kernel, bias = made.layers[-3].get_weights()
    expected = np.maximum(seen[1] @ kernel + bias, 0)
    plan.backward(np.ones_like(output))
    assert np.all(seen[0] > 0)  # 1 at least; dropout would have put zeros there
    np.testing.assert_array_equal(seen[0], forward[0])
    np.testing.assert_array_equal(seen[1], forward[1])
    np.testing.assert_allclose(made.layers[-3]._activated, expected, atol=1e-5)
    dropped = made.layers[2].drop_gradient(np.ones((20, 40), np.float32), seen[2] * 0)
    assert np.any((seen[2] != 0) & (dropped == 0))


def pixels(n=70):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (n, 6, 6, 2), dtype=np.uint8)
    return x, np.eye(3, dtype=np.float32)[rng.integers(0, 3, n)]


def scaled(scale=1 / 255, offset=0.0):
    made = model(
        layers.Rescaling(scale, offset),
        layers.Flatten(),
        layers.Dense(5, "relu"),
        layers.Dense(3, "softmax"),
    )
    made.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return made


@pytest.mark.parametrize(("scale", "offset"), [(1 / 255, 0), (-0.1, 0), (0.1, -1)])
def test_pixels_are_scaled_once_wherever_they_are_scaled(scale, offset):
    # Integers are scaled while they are gathered, floats by the layer.
    x, y = pixels()
    results = []
    for images in (x, x.astype(np.float32)):
        keras.utils.set_random_seed(0)
        made = scaled(scale, offset)
        data = {"validation_data": (images, y), "batch_size": 16, "verbose": 0}
        history = made.fit(images, y, epochs=2, **data).history
        results.append(
            [
                *made.get_weights(),
                made.predict(images, verbose=0),
                made.evaluate(images, y, verbose=0),
                *history.values(),
            ]
        )
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_only_integers_of_a_model_with_rules_are_scaled_while_gathered(monkeypatch):
    made, (x, y) = scaled(), pixels()
    found = []
    forward = rewrites.Plan.forward

    def noted(plan, x, *, training, scaled=False):
        found.append(scaled)
        return forward(plan, x, training=training, scaled=scaled)

    monkeypatch.setattr(rewrites.Plan, "forward", noted)
    made.evaluate(x, y, batch_size=70, verbose=0)
    made.evaluate(x.astype(np.float64), y, batch_size=70, verbose=0)
    made.compile("adam", "categorical_crossentropy", run_eagerly=True)
    made.evaluate(x, y, batch_size=70, verbose=0)
    assert found == [True, False, False]

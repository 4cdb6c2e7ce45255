"""Rules that save passes over arrays, or launches, change no bit."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import kernels, layers, losses
from scratchnet import plan as plans
from scratchnet.models import batches
from scratchnet.plan.dense_chain import WIDEST, dense_chain
from scratchnet.plan.in_place import in_place
from scratchnet.plan.logits import softmax_cross_entropy
from scratchnet.plan.pooled_convolution import pooled_convolution
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
    return plan.program.kinds.count(kind)


@pytest.mark.parametrize("make", EVERY_MODEL)
@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy(), "mse"])
def test_a_chain_of_dense_layers_changes_no_bit(make, loss):
    if loss == "mse":
        loss, others = losses.MeanSquaredError(), ()
    else:
        others = (softmax_cross_entropy,)
    plan = assert_same_bits(make, loss, dense_chain, others)
    expected = {deep: 1, interrupted: 2, softmax_inside: 2}
    if make in expected and not others:
        assert count(plan, "dense_chain") >= expected[make]


def test_chains_are_as_long_as_can_be():
    def lengths(make):
        program = plans.compiled(make(), None, plans.INFERENCE_RULES).program
        pairs = zip(program.kinds, program.operations, strict=True)
        return [len(chain.names) for kind, chain in pairs if kind == "dense_chain"]

    assert lengths(deep) == [4]
    assert lengths(interrupted) == [2, 1, 1]
    assert lengths(softmax_inside) == [1, 1]
    assert lengths(convolutional) == [1, 1]


@pytest.mark.parametrize("make", EVERY_MODEL)
def test_chains_at_inference_change_no_bit(make):
    x = np.random.default_rng(0).normal(size=(9, 6, 6, 2)).astype(np.float32)
    outputs = []
    for rules in ((dense_chain,), ()):
        keras.utils.clear_session()
        plan = plans.compiled(make(), None, rules)
        outputs.append(plan.run(x, training=False))
    np.testing.assert_array_equal(*outputs)


def test_chains_need_the_direct_rung():
    with kernels.rung("blas"):
        plan = plans.compiled(deep(), None, (dense_chain,))
    assert count(plan, "dense_chain") == 0


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(WIDEST + 1),
        type("Derived", (layers.Dense,), {"pads": None, "cast": layers.Dense.cast})(5),
    ],
)
def test_layers_that_fit_no_chain_are_left_alone(layer):
    made = model(layers.Flatten(), layer)
    plan = plans.compiled(made, None, (dense_chain,))
    assert plan.program.kinds == plans.compiled(made).program.kinds


def test_layers_of_other_dtypes_are_chains_of_their_own():
    made = model(
        layers.Flatten(), layers.Dense(5, "relu"), layers.Dense(4, dtype="float64")
    )
    plan = plans.compiled(made, None, (dense_chain,))
    assert count(plan, "dense_chain") == 2


def test_what_a_custom_layer_hands_a_chain_is_checked():
    class Narrow(layers.Layer):
        """Return less than it says it does."""

        def forward(self, x, *, training):
            return x[:, :5]

    made = keras.Sequential([keras.Input((8,)), Narrow(), layers.Dense(3, "relu")])
    with pytest.raises(
        ValueError, match=r"forward returned shape \(2, 5\), .*\(N, 8\)"
    ):
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
    others = (pooled_convolution,) if pooled else ()
    plan = assert_same_bits(make, loss, in_place, others)
    program = plan.program
    at = program.kinds.index("dropout")
    made_by = program.kinds[program.inputs[at][0]]
    free = made_by in ("pooled_convolution", "batch_normalization")
    assert program.operations[at].overwrites_input is free


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
    plan = plans.compiled(made, losses.MeanSquaredError(), (in_place,))
    x = np.random.default_rng(0).normal(size=(20, 50)).astype(np.float32)
    output = plan.run(x, training=True)
    forward = [array.copy() for array in seen]
    kernel, bias = made.layers[-3].get_weights()
    expected = np.maximum(seen[1] @ kernel + bias, 0)
    plan.backward(np.ones_like(output))
    assert np.all(seen[0] > 0)  # 1 at least; dropout would have put zeros there
    np.testing.assert_array_equal(seen[0], forward[0])
    np.testing.assert_array_equal(seen[1], forward[1])
    relu = plan.program.operations[plan.program.kinds.index("relu", 4)]
    np.testing.assert_allclose(relu.recall(), expected, atol=1e-5)
    # The gradient that a `Keeper` handed to dropout is as it was.
    kept = plan.program.operations[plan.program.kinds.index("dropout")]
    zeros = kept.backward(np.ones((20, 40), np.float32)) == 0
    assert np.any((seen[2] != 0) & zeros)


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
    take = batches.Samples.take

    def noted(samples, indices, scale=None):
        x, scaled = take(samples, indices, scale)
        found.append(scaled)
        return x, scaled

    monkeypatch.setattr(batches.Samples, "take", noted)
    made.evaluate(x, y, batch_size=70, verbose=0)
    made.evaluate(x.astype(np.float64), y, batch_size=70, verbose=0)
    made.compile("adam", "categorical_crossentropy", run_eagerly=True)
    made.evaluate(x, y, batch_size=70, verbose=0)
    assert found == [True, False, False]

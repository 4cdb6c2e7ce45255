"""One training step of small models beside Keras, as written and as rewritten.

    python -m pytest tests/keras/parity/test_models.py

A step of plain gradient descent with a learning rate of 1 takes every gradient off
its parameter, so that what `train_on_batch` leaves behind shows them all. scratchnet
takes it twice: on the default path, where rewrite rules fuse layers, and with
``run_eagerly=True``, where each layer runs by itself. The bounds are carried through
the whole model, forwards and back.
"""

import itertools
import math
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras

import scratchnet
from scratchnet.kernels.convolution import winograd
from tests.keras.golden.step import Step, assert_within
from tests.keras.parity import draw, loss_rounding, rounding

CLASSES = 4
LOSSES = {  # activation of the last layer, and the loss
    "fused": ("softmax", "CategoricalCrossentropy", {"label_smoothing": 0.1}),
    "fused sparse": ("softmax", "SparseCategoricalCrossentropy", {}),
    "logits": ("linear", "CategoricalCrossentropy", {"from_logits": True}),
    "sigmoid": ("sigmoid", "CategoricalCrossentropy", {}),
    "sigmoid sparse": ("sigmoid", "SparseCategoricalCrossentropy", {}),
    "squared": ("sigmoid", "MeanSquaredError", {}),
}


FILTERS, WINDOWS = (1, 3, 8, 17), ((1, 1), (2, 3), (3, 3))


@st.composite
def blocks(draw_from, filters=FILTERS, windows=WINDOWS):
    """Draw convolution, batch normalisation or none, pooling or none."""
    convolution = {
        "filters": draw_from(st.sampled_from(filters)),
        "kernel_size": draw_from(st.sampled_from(windows)),
        "padding": draw_from(st.sampled_from(["valid", "same"])),
        "activation": draw_from(st.sampled_from(["relu", "relu", "relu", "tanh"])),
        "use_bias": draw_from(st.booleans()),
    }
    found = [("Conv2D", convolution)]
    if draw_from(st.booleans()):
        found.append(("BatchNormalization", {"momentum": 0.75}))
    size = draw_from(st.sampled_from([None, (2, 2), (2, 2), (2, 1), (1, 2)]))
    if size:
        kind = draw_from(st.sampled_from(["MaxPooling2D"] * 3 + ["AveragePooling2D"]))
        found.append((kind, {"pool_size": size}))
    return found


@st.composite
def models(draw_from, counts=(0, 1, 1, 2), **of_blocks):
    """Draw layers, as (name of the class, settings), and the indices of frozen ones."""
    found = []
    for _ in range(draw_from(st.sampled_from(counts))):
        found += draw_from(blocks(**of_blocks))
    found.append(("Flatten", {}))
    if draw_from(st.booleans()):
        found.append(("Dense", {"units": 7, "activation": "relu"}))
        found.append(("BatchNormalization", {"momentum": 0.75}))
    found.append(("Dense", {"units": CLASSES}))
    frozen = draw_from(st.sets(st.integers(0, 2), max_size=1))
    return found, {i for i in frozen if i < len(found) - 1}


def build(module, layers, frozen, shape, dtype):
    stack = [
        getattr(module.layers, kind)(**settings, dtype=dtype, trainable=i not in frozen)
        for i, (kind, settings) in enumerate(layers)
    ]
    model = module.Sequential([module.Input(shape), *stack])
    return model


def step(module, layers, frozen, loss, weights, batch, dtype, run_eagerly):
    """Train on one batch; return the loss and all weights, (layer, name) → array."""
    x, y, sample_weight = batch
    model = build(module, layers, frozen, x.shape[1:], dtype)
    model.set_weights(weights)
    model.compile(module.optimizers.SGD(1.0), loss, run_eagerly=run_eagerly)
    value = model.train_on_batch(x, y, sample_weight=sample_weight)
    return {"loss": np.dtype(dtype).type(value)} | {
        f"weight {i}": weight for i, weight in enumerate(model.get_weights())
    }


def random_weights(model, rng):
    """Draw weights: variances are positive, sums over many inputs stay near 1."""
    weights = []
    for layer in model.layers:
        for name, old in layer.named_weights.items():
            new = rng.standard_normal(old.shape)
            if name == "kernel":
                new /= math.sqrt(old[..., 0].size)
            new = np.abs(new) + 0.5 if "variance" in name else new
            weights.append(new.astype(old.dtype))
    return weights


def analyse(model, layers, frozen, head, weights, batch, dtype):
    """Return name → bound for what `step` returns; None if it can't be decided."""
    x, y, sample_weight = batch
    chain, names, left = [], [], list(weights)
    for i, (layer, (kind, settings)) in enumerate(
        zip(model.layers, layers, strict=True)
    ):
        own = {name: left.pop(0) for name in layer.named_weights}
        names += [(i, name) for name in own]
        shape = (len(x), *layer.input_shape[1:])
        it = Step(kind, settings, np.empty(shape, dtype), None, own, i in frozen)
        chain.append(rounding.stages(it))
    values, error = np.float64(x), np.zeros(x.shape)
    for stage in itertools.chain(*chain):
        values, error = stage.forward(values, error)
    plain = np.ones(len(x)) if sample_weight is None else np.float64(sample_weight)
    losses, loss_error, dy, error = head(y, values, error, plain / len(x))
    total, loss_error = loss_rounding.mean(losses, loss_error, plain, dtype)
    bounds = {"loss": loss_error + rounding.Stage(dtype).rounding(1) * abs(total)}
    errors, gradients = {}, {}
    for i in reversed(range(len(chain))):
        for stage in reversed(chain[i]):
            dy, error = stage.backward(dy, error)
            errors |= {(i, name): bound for name, bound in stage.errors.items()}
            gradients |= {(i, name): value for name, value in stage.values.items()}
    if any(stage.fragile for stage in itertools.chain(*chain)):
        return None
    many = rounding.Stage(dtype).rounding(2)
    for at, ((i, name), weight) in enumerate(zip(names, weights, strict=True)):
        if name.startswith("moving"):
            bounds[f"weight {at}"] = errors.get((i, name), 0.0)
        elif i in frozen:
            bounds[f"weight {at}"] = 0.0
        else:
            size = np.abs(weight) + np.abs(gradients[i, f"d_{name}"])
            bounds[f"weight {at}"] = errors[i, f"d_{name}"] + many * size
    return bounds


def make_head(name, dtype):
    """Return the last activation and the loss as one function of the logits."""
    smoothing = LOSSES[name][2].get("label_smoothing", 0.0)

    def cross_entropy(y, logits, error, scale):
        one_hot = np.eye(CLASSES)[y] if y.ndim == 1 else np.float64(y)
        targets = one_hot * (1 - smoothing) + smoothing / CLASSES
        return loss_rounding.from_logits(targets, logits, error, scale, dtype)

    def squared(y, logits, error, scale):
        sigmoid = rounding.Sigmoid(dtype)
        p, error = sigmoid.forward(logits, error)
        found = loss_rounding.mean_squared_error(np.float64(y), p, error, scale, dtype)
        losses, loss_error, dy, error = found
        return losses, loss_error, *sigmoid.backward(dy, error)

    return squared if name == "squared" else cross_entropy


@contextmanager
def default_dtype(dtype):
    """Set Keras's default dtype, to which it casts batches and sums of losses."""
    before = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(before)


class Comparison:
    """One model and one batch: what Keras returns, and the bounds for scratchnet."""

    def __init__(self, drawn, loss, size, shape, weighted, dtype, rng):
        layers, self.frozen = drawn
        self.activation, self.loss, self.loss_settings = LOSSES[loss]
        self.layers = [*layers[:-1], self.last(layers[-1])]
        self.dtype = dtype
        linear = build(scratchnet, layers, self.frozen, shape, dtype)
        self.weights = random_weights(linear, rng)
        x = rng.standard_normal((size, *shape)).astype(dtype)
        y = rng.integers(0, CLASSES, size)
        if "sparse" not in loss:
            y = np.eye(CLASSES, dtype=dtype)[y]
        self.batch = x, y, rng.uniform(0, 2, size).astype(dtype) if weighted else None
        head = make_head(loss, dtype)
        self.bounds = analyse(
            linear, layers, self.frozen, head, self.weights, self.batch, dtype
        )

    def last(self, layer):
        kind, settings = layer
        return kind, {**settings, "activation": self.activation}

    def ours(self, run_eagerly, weights=None):
        loss = getattr(scratchnet.losses, self.loss)(**self.loss_settings)
        return self.step(scratchnet, loss, run_eagerly, weights)

    def theirs(self):
        loss = getattr(keras.losses, self.loss)(**self.loss_settings, dtype=self.dtype)
        with default_dtype(self.dtype):
            return self.step(keras, loss, True)

    def step(self, module, loss, run_eagerly, weights=None):
        return step(
            module,
            self.layers,
            self.frozen,
            loss,
            weights or self.weights,
            self.batch,
            self.dtype,
            run_eagerly,
        )


@draw.examples(50)
@given(
    models(),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from([1, 3, 6]),
    st.sampled_from([(11, 10, 2), (10, 13, 1)]),
    st.booleans(),
    draw.DTYPE,
    draw.RNG,
)
def test_one_step_with_and_without_the_rewrite_rules(
    drawn, loss, size, shape, weighted, dtype, rng
):
    check(Comparison(drawn, loss, size, shape, weighted, dtype, rng))


@draw.examples(30)
@given(
    models(counts=[1, 1, 2], filters=[8, 17], windows=[(3, 3)]),
    st.sampled_from(sorted(LOSSES)),
    st.sampled_from([1, 3]),
    st.sampled_from([(11, 10, 8), (10, 13, 9)]),
    st.booleans(),
    draw.DTYPE,
    draw.RNG,
)
def test_one_step_by_winograd(drawn, loss, size, shape, weighted, dtype, rng):
    (_, first), *_ = drawn[0]
    assert winograd.suits((3, 3, shape[-1], first["filters"]), (1, 1))
    check(Comparison(drawn, loss, size, shape, weighted, dtype, rng))


def check(comparison):
    assume(comparison.bounds is not None)
    expected = comparison.theirs()
    for run_eagerly in (False, True):
        assert_within(comparison.ours(run_eagerly), expected, comparison.bounds)

"""Optimizers beside Keras: dozens of steps down the same gradients.

    python -m pytest tests/keras/parity/test_optimizers.py

The bounds are those of `tests/keras/parity/rounding.py`, carried along step by step.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

import keras
import tensorflow as tf

from scratchnet import optimizers
from tests.keras.golden.step import assert_within
from tests.keras.parity import draw, rounding

STEPS = 25
SHAPES = {"a/kernel": (3, 4), "a/bias": (4,), "b/kernel": (1,)}


def gradients(rng, dtype, scale):
    """Return parameters and what to change them by; some gradients are 0."""
    start = {path: rng.standard_normal(shape) for path, shape in SHAPES.items()}
    steps = []
    for _ in range(STEPS):
        grads = {p: scale * rng.standard_normal(s) for p, s in SHAPES.items()}
        grads["a/bias"][0] = 0
        steps.append({path: grad.astype(dtype) for path, grad in grads.items()})
    return {path: value.astype(dtype) for path, value in start.items()}, steps


def ours(optimizer, start, steps):
    params = {path: value.copy() for path, value in start.items()}
    for grads in steps:
        optimizer.apply(grads, params)
    return params


def theirs(optimizer, start, steps):
    variables = [keras.Variable(v, dtype=v.dtype.name) for v in start.values()]
    for grads in steps:
        optimizer.apply([tf.constant(grads[path]) for path in start], variables)
    return {p: v.numpy() for p, v in zip(start, variables, strict=True)}


def sgd_bounds(start, steps, rate, momentum, nesterov, dtype):
    many = rounding.Stage(dtype).rounding
    bounds = {}
    for path, value in start.items():
        buffer = np.zeros(value.shape)  # of absolute values
        size, error = np.abs(np.float64(value)), np.zeros(value.shape)
        for t, grads in enumerate(steps, start=1):
            step = rate * np.abs(np.float64(grads[path]))
            buffer = momentum * buffer + step
            taken = momentum * buffer + step if nesterov else buffer
            error = error + many(t) * taken
            size = size + taken
        # As many sums as steps, of numbers no larger than all of them together.
        bounds[path] = error + many(len(steps)) * size
    return bounds


def adam_bounds(start, steps, rate, beta_1, beta_2, epsilon, dtype):
    stage, bounds = rounding.Stage(dtype), {}
    for path, value in start.items():
        m, m_size, v = (np.zeros(value.shape) for _ in range(3))
        size, error = np.abs(np.float64(value)), np.zeros(value.shape)
        for t, grads in enumerate(steps, start=1):
            g = np.float64(grads[path])
            m = beta_1 * m + (1 - beta_1) * g
            # The difference g − m is rounded before it is scaled.
            m_size = beta_1 * m_size + (1 - beta_1) * (np.abs(g) + np.abs(m))
            v = beta_2 * v + (1 - beta_2) * g**2
            one, two = 1 - beta_1**t, 1 - beta_2**t
            alpha = rate * math.sqrt(two) / one
            # β rounded to the dtype is off by eps/2, its t-th power by t·eps/2, and
            # the power function by LIBRARY units; 1 − βᵗ keeps that as it shrinks.
            power = stage.eps * (t + rounding.LIBRARY)
            of_alpha = power * (beta_1**t / one + beta_2**t / two / 2)
            below = np.sqrt(v) + epsilon
            step_size = alpha * m_size / below
            relative = 2 * stage.rounding(t) + of_alpha
            error = error + relative * step_size
            size = size + alpha * np.abs(m) / below
        bounds[path] = error + stage.rounding(len(steps)) * size
    return bounds


def rmsprop_bounds(start, steps, rate, rho, momentum, epsilon, centered, dtype):
    stage, bounds = rounding.Stage(dtype), {}
    for path, value in start.items():
        v, a, a_size, m_size, m_error = (np.zeros(value.shape) for _ in range(5))
        size, error = np.abs(np.float64(value)), np.zeros(value.shape)
        for t, grads in enumerate(steps, start=1):
            g, many = np.float64(grads[path]), stage.rounding(t)
            v = rho * v + (1 - rho) * g**2
            a = rho * a + (1 - rho) * g
            a_size = rho * a_size + (1 - rho) * np.abs(g)
            below, of_below = v + epsilon, many * (v + epsilon)
            if centered:
                below = below - a**2
                of_below = of_below + many * (2 * np.abs(a) * a_size + a**2)
            step = rate * np.abs(g) / np.sqrt(below)
            # As far off as below may be, or without a bound where that may reach 0.
            least = np.maximum(below - of_below, stage.tiny)
            of_step = (
                rate * np.abs(g) / np.sqrt(least) - step + stage.rounding(1) * step
            )
            m_size = momentum * m_size + step
            m_error = momentum * m_error + of_step + stage.rounding(1) * m_size
            size, error = size + m_size, error + m_error
        bounds[path] = error + stage.rounding(len(steps)) * size
    return bounds


RATE = st.sampled_from([1e-3, 0.01, 0.5]).map(draw.as_keras_keeps_it)
MOMENTUM = st.sampled_from([0.0, 0.5, 0.9]).map(draw.as_keras_keeps_it)
SCALE = st.sampled_from([1e-4, 1.0, 100.0])


@draw.examples(8)
@given(RATE, SCALE, MOMENTUM, st.booleans(), draw.DTYPE, draw.RNG)
def test_gradient_descent(rate, scale, momentum, nesterov, dtype, rng):
    start, steps = gradients(rng, dtype, scale)
    made = {"learning_rate": rate, "momentum": momentum, "nesterov": nesterov}
    assert_within(
        ours(optimizers.SGD(**made), start, steps),
        theirs(keras.optimizers.SGD(**made), start, steps),
        sgd_bounds(start, steps, rate, momentum, nesterov, dtype),
    )


@draw.examples(8)
@given(
    RATE,
    SCALE,
    st.sampled_from([(0.9, 0.999), (0.5, 0.9), (0.0, 0.99)]),
    st.sampled_from([1e-7, 1e-3]),
    draw.DTYPE,
    draw.RNG,
)
def test_adam(rate, scale, betas, epsilon, dtype, rng):
    start, steps = gradients(rng, dtype, scale)
    made = {"beta_1": betas[0], "beta_2": betas[1], "epsilon": epsilon}
    assert_within(
        ours(optimizers.Adam(rate, **made), start, steps),
        theirs(keras.optimizers.Adam(rate, **made), start, steps),
        adam_bounds(start, steps, rate, *betas, epsilon, dtype),
    )


@draw.examples(8)
@given(
    RATE,
    SCALE,
    st.sampled_from([0.9, 0.5, 0.0]).map(draw.as_keras_keeps_it),
    MOMENTUM,
    st.sampled_from([1e-7, 1e-3]),
    st.booleans(),
    draw.DTYPE,
    draw.RNG,
)
def test_rmsprop(rate, scale, rho, momentum, epsilon, centered, dtype, rng):
    start, steps = gradients(rng, dtype, scale)
    made = {"rho": rho, "momentum": momentum, "epsilon": epsilon, "centered": centered}
    assert_within(
        ours(optimizers.RMSprop(rate, **made), start, steps),
        theirs(keras.optimizers.RMSprop(rate, **made), start, steps),
        rmsprop_bounds(start, steps, rate, **made, dtype=dtype),
    )


# The others, and what all have in common: with the bounds of a step on absolute values.

single = draw.as_keras_keeps_it
OTHERS = {
    "AdamW": [{"weight_decay": single(0.004)}],
    "Adam": [{}, {"amsgrad": True}],
    "Adagrad": [{}],
    "Adadelta": [{}],
    "Adamax": [{}],
    "Nadam": [{}],
    "Lion": [{}],
    "Ftrl": [
        {},
        {
            "learning_rate_power": -0.75,
            "l1_regularization_strength": single(0.01),
            "l2_regularization_strength": single(0.1),
            "l2_shrinkage_regularization_strength": single(0.1),
            "beta": single(0.1),
        },
    ],
    "SGD": [{}, {"momentum": 0.5, "nesterov": True}],
    "RMSprop": [{}, {"momentum": 0.5, "centered": True}],
}
COMMON = [
    {},
    {"weight_decay": single(0.01)},
    {"clipnorm": single(0.3)},
    {"clipvalue": single(0.2)},
    {"global_clipnorm": single(0.5)},
    {"use_ema": True, "ema_momentum": single(0.9), "ema_overwrite_frequency": 4},
    {"gradient_accumulation_steps": 3, "use_ema": True, "ema_overwrite_frequency": 2},
]
CASES = [(name, own) for name, some in OTHERS.items() for own in some]


@pytest.mark.parametrize(("name", "own"), CASES, ids=lambda case: str(case)[:24])
def test_every_optimizer_with_everything(name, own):
    for number, common in enumerate(COMMON):
        dtype = ("float32", "float64")[number % 2]
        start, steps = gradients(np.random.default_rng(number), dtype, 1.0)
        made = {"learning_rate": single(0.05), **own, **common}
        mine = getattr(optimizers, name)(**made)
        keras_s = getattr(keras.optimizers, name)(**made)
        found, expected = ours(mine, start, steps), theirs(keras_s, start, steps)
        # 1 − β₂ᵗ of the first step keeps three digits fewer than a number has. A step
        # is no longer than 0.05 · 10 (RMSprop's first, over √0.1, and Adam's).
        few = 8e3 * np.finfo(dtype).eps * 0.05
        for path in start:
            np.testing.assert_allclose(
                *(found[path], expected[path]), rtol=few, atol=few, err_msg=str(common)
            )
        own_state = [np.asarray(variable) for variable in mine.variables]
        assert [v.shape for v in own_state] == [v.shape for v in keras_s.variables]
        for i, variable in enumerate(keras_s.variables[2:], start=2):
            np.testing.assert_allclose(
                *(own_state[i], variable.numpy()), rtol=20 * few, atol=20 * few
            )


SCHEDULES = {
    "ExponentialDecay": [(0.1, 7, 0.9), (0.1, 7, 0.9, True)],
    "InverseTimeDecay": [(0.1, 7, 0.5), (0.1, 7, 0.5, True)],
    "PiecewiseConstantDecay": [([3, 10, 11], [0.4, 0.3, 0.2, 0.1])],
    "PolynomialDecay": [(0.1, 20), (0.1, 20, 0.01, 2.0), (0.1, 10, 0.01, 0.5, True)],
    "CosineDecay": [(0.1, 20), (0.1, 20, 0.2), (0.0, 20, 0.1, "warm", 0.5, 9)],
    "CosineDecayRestarts": [(0.1, 5), (0.1, 7, 1.0, 0.5), (0.1, 5, 3.0, 0.9, 0.1)],
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    for made in SCHEDULES[name]:
        mine = getattr(optimizers.schedules, name)(*made)
        keras_s = getattr(keras.optimizers.schedules, name)(*made)
        assert mine.get_config() == keras_s.get_config()
        for step in range(70):
            assert mine(step).dtype == np.float32
            assert float(mine(step)) == pytest.approx(
                float(keras_s(tf.constant(step, tf.int64))), rel=2e-6, abs=1e-8
            )
        described = keras.optimizers.schedules.serialize(keras_s)
        assert optimizers.schedules.serialize(mine) == described
        sgd = optimizers.get(
            keras.optimizers.serialize(keras.optimizers.SGD(learning_rate=keras_s))
        )
        assert sgd.get_config()["learning_rate"] == described
        start, steps = gradients(np.random.default_rng(0), "float32", 1.0)
        found = ours(sgd, start, steps)
        expected = theirs(keras.optimizers.SGD(keras_s), start, steps)
        for path in start:
            np.testing.assert_allclose(
                found[path], expected[path], rtol=1e-5, atol=1e-6
            )
        assert np.isclose(sgd.learning_rate.numpy(), float(mine(STEPS)))

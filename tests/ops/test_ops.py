"""Functions and operators of tensors, against NumPy and finite differences."""

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import backend, ops

A = np.random.default_rng(0).uniform(0.5, 2, (3, 4, 2))
B = np.random.default_rng(1).uniform(0.5, 2, (4, 1))

# What is computed, by ours and by NumPy, of x (N, 4, 2).
CASES = {
    "add": (lambda x: x + B, lambda x: x + B),
    "radd": (lambda x: 2 + x, lambda x: 2 + x),
    "subtract": (lambda x: B - x, lambda x: B - x),
    "multiply": (lambda x: x * B * x, lambda x: x * B * x),
    "divide": (lambda x: x / B + 1 / x, lambda x: x / B + 1 / x),
    "power": (lambda x: x**3 + 2.0**x, lambda x: x**3 + 2.0**x),
    "negative": (lambda x: -x, lambda x: -x),
    "absolute": (lambda x: abs(x - 1.1), lambda x: abs(x - 1.1)),
    "square": (lambda x: ops.sqrt(ops.square(x) + 1), lambda x: np.sqrt(x**2 + 1)),
    "exp": (lambda x: ops.log(ops.exp(x) + 1), lambda x: np.log(np.exp(x) + 1)),
    "clip": (lambda x: ops.clip(x, 0.8, 1.5), lambda x: np.clip(x, 0.8, 1.5)),
    "mean": (
        lambda x: ops.mean(x, axis=1, keepdims=True) * x,
        lambda x: x.mean(1, keepdims=True) * x,
    ),
    "sum": (lambda x: ops.sum(x, axis=(1, 2)), lambda x: x.sum((1, 2))),
    "max": (
        lambda x: ops.max(x, axis=-1) - ops.min(x, axis=-1),
        lambda x: x.max(-1) - x.min(-1),
    ),
    "reshape": (
        lambda x: ops.reshape(x, (-1, 8)),
        lambda x: x.reshape(-1, 8),
    ),
    "transpose": (
        lambda x: ops.transpose(x, (0, 2, 1)),
        lambda x: x.transpose(0, 2, 1),
    ),
    "part": (lambda x: x[:, 1:3, ..., 0], lambda x: x[:, 1:3, ..., 0]),
    "axes": (
        lambda x: ops.squeeze(ops.expand_dims(x, 1), 1),
        lambda x: x,
    ),
    "concatenate": (
        lambda x: ops.concatenate([x, x * 2], axis=1),
        lambda x: np.concatenate([x, x * 2], axis=1),
    ),
    "stack": (
        lambda x: ops.stack([x, x * 2], axis=1),
        lambda x: np.stack([x, x * 2], axis=1),
    ),
    "huber": (
        lambda x: ops.where(
            ops.abs(x - 1) <= 0.3, ops.square(x - 1), 0.6 * ops.abs(x - 1) - 0.09
        ),
        lambda x: np.where(
            np.abs(x - 1) <= 0.3, np.square(x - 1), 0.6 * np.abs(x - 1) - 0.09
        ),
    ),
    "comparisons": (
        lambda x: x * ((x < 1) + 2 * (x >= B)) + ops.where(x > B, x, 0),
        lambda x: x * (1.0 * (x < 1) + 2 * (x >= B)) + np.where(x > B, x, 0),
    ),
    "logic": (
        lambda x: (
            x
            * ops.logical_or(ops.logical_and(x > 0.8, x < 1.2), x > 1.7)
            * ops.logical_not(ops.equal(x, 1))
            * ops.not_equal(x, 2)
        ),
        lambda x: x * (((x > 0.8) & (x < 1.2)) | (x > 1.7)),
    ),
    "steps": (
        lambda x: x * (ops.sign(x - 1) + ops.floor(3 * x) + ops.ceil(x)),
        lambda x: x * (np.sign(x - 1) + np.floor(3 * x) + np.ceil(x)),
    ),
    "var": (
        lambda x: ops.var(x, axis=1) + ops.std(x, axis=(1,)),
        lambda x: x.var(1) + x.std(1),
    ),
    "like": (
        lambda x: x * ops.ones_like(x) + ops.zeros_like(x),
        lambda x: x,
    ),
    "matmul": (lambda x: x @ A[0].T, lambda x: x @ A[0].T),
}


def model_of(case):
    x = keras.Input((4, 2), dtype="float64")
    return keras.Model(x, CASES[case][0](x))


@pytest.mark.parametrize("case", CASES)
def test_on_tensors_and_arrays(case):
    ours, numpys = CASES[case]
    expected = numpys(A)
    model = model_of(case)
    assert model.output_shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(model.predict(A, verbose=0), expected, 1e-12)
    np.testing.assert_allclose(ours(keras.ops.convert_to_tensor(A)), expected, 1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradients(case):
    assert keras.gradcheck(model_of(case), input_shape=A.shape[1:]).passed


@pytest.mark.parametrize("case", CASES)
def test_configurations(case):
    model = model_of(case)
    again = keras.models.model_from_json(model.to_json())
    np.testing.assert_array_equal(again(A), model(A))


def test_on_arrays_alone():
    assert ops.argmax([[1, 3, 2]], axis=-1).numpy() == [1]
    np.testing.assert_array_equal(ops.one_hot([1, 0], 2), [[0, 1], [1, 0]])
    assert ops.reshape(np.arange(4), (2, 2)).dtype == np.arange(4).dtype
    assert ops.mean([1, 2]).numpy() == 1.5
    assert keras.activations.relu(keras.Input((2,))).shape == (None, 2)


def test_what_only_values_have_is_refused():
    x = keras.Input((4, 2))
    with pytest.raises(ValueError, match="expected x1 and x2"):
        ops.where(x > 1)
    with pytest.raises(ValueError, match="expected x1 and x2"):
        ops.where(x > 1, x2=x)
    with pytest.raises(NotImplementedError, match=r"ops\.cast"):
        ops.zeros_like(x, dtype="int32")


def test_shapes_that_do_not_fit_are_named():
    x = keras.Input((4, 2))
    for wrong, message in (
        (lambda: x + np.ones((3, 2)), r"\(N, 4, 2\) and \(3, 2\)"),
        (lambda: ops.reshape(x, (-1, 3)), r"as \(N, 4, 2\), received \(-1, 3\)"),
        (lambda: x @ np.ones((3, 2)), r"\(\.\.\., I\) and \(I, O\)"),
        (lambda: x[:, 5], "out of bounds"),
        (lambda: x[1:], "cuts the batch"),
        (lambda: ops.mean(x, axis=3), "expected an axis of 3"),
        (lambda: ops.concatenate([x, x[:, :, :1]], 1), "along axis 1 alone"),
    ):
        with pytest.raises(ValueError, match=message):
            wrong()


def test_functions_of_arrays():
    x = np.random.default_rng(2).normal(size=(3, 4)).astype(np.float32)
    for name in "round floor ceil sign isnan zeros_like ones_like logical_not".split():
        np.testing.assert_array_equal(getattr(ops, name)(x), getattr(np, name)(x))
    for name in "all any prod std var cumsum flip sort argsort".split():
        np.testing.assert_array_equal(getattr(ops, name)(x, 1), getattr(np, name)(x, 1))
    for name in "greater greater_equal less less_equal not_equal mod".split():
        np.testing.assert_array_equal(
            getattr(ops, name)(x, 0.5), getattr(np, name)(x, np.float32(0.5))
        )
    np.testing.assert_array_equal(ops.where(x > 0, x, 0), np.maximum(x, 0))
    np.testing.assert_array_equal(ops.where([False, True])[0], [1])
    assert ops.logical_and(True, ops.logical_or(False, True))
    values, places = ops.top_k(x, 2)
    np.testing.assert_array_equal(values, np.sort(x)[:, :-3:-1])
    np.testing.assert_array_equal(np.take_along_axis(x, places.numpy(), 1), values)
    np.testing.assert_array_equal(ops.tile(x, (2, 1)), np.tile(x, (2, 1)))
    assert ops.arange(3).dtype == ops.array([1, 2]).dtype == np.int32
    assert ops.linspace(0, 1, 3).dtype == ops.array([1.0]).dtype == np.float32
    with pytest.raises(TypeError, match="no values yet"):
        ops.round(keras.Input((2,)))


WHOLE = {name: np.array([[1, 2], [3, 4]], name) for name in ("uint8", "int32", "int64")}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (ops.sum, ("uint32", "int32", "int64")),
        (ops.prod, ("uint32", "int32", "int64")),
        (ops.mean, ("float32", "float32", "float32")),
        (ops.std, ("float32", "float32", "float32")),
        (ops.exp, ("float32", "float32", "float32")),
        (ops.floor, ("float32", "float32", "float32")),
        (ops.max, ("uint8", "int32", "int64")),
        (ops.cumsum, ("uint8", "int32", "int64")),
        (ops.square, ("uint8", "int32", "int64")),
        (lambda x: ops.add(x, 2), ("uint8", "int32", "int64")),
        (lambda x: ops.multiply(2, x), ("uint8", "int32", "int64")),
        (lambda x: ops.maximum(x, 2.5), ("float32", "float32", "float32")),
        (lambda x: ops.divide(x, 2), ("float32", "float32", "float32")),
        (lambda x: ops.clip(x, 2, 3), ("uint8", "int32", "int64")),
    ],
)
def test_whole_numbers_stay_whole_where_keras_keeps_them(operation, expected):
    """The expected dtypes are Keras 3.15's on TensorFlow."""
    assert tuple(operation(x).dtype.name for x in WHOLE.values()) == expected


def test_large_whole_numbers_are_exact_and_small_ones_do_not_overflow():
    assert ops.sum(np.array([2**40, 1])) == 2**40 + 1
    assert ops.max([2**24 + 1, 3]) == 2**24 + 1
    assert ops.sum(np.full(9, 200, np.uint8)) == 1800
    assert ops.sum(np.array([True, True])) == 2


def test_pythons_numbers_have_the_dtype_of_arrays_beside_them():
    x = np.float32([1.5, 2])
    assert ops.add(x, 0.1).dtype == np.float32
    assert ops.add(x.astype(float), 0.1).dtype == np.float64
    assert ops.multiply([1, 2], [3, 4]).dtype == np.int32
    assert ops.multiply([1.0, 2], 3).dtype == np.float32


def test_concatenate_joins_along_keras_axes():
    x = np.ones((2, 3))
    assert ops.concatenate([x, x]).shape == (4, 3)
    assert backend.concatenate([x, x]).shape == (2, 6)
    assert keras.ops.concatenate([keras.Input((3,))] * 2, axis=1).shape == (None, 6)

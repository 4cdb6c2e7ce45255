"""What chains of dense layers promise beside agreeing with their reference."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet import kernels
from scratchnet.kernels import OPERATIONS
from tests.kernels.cases import DTYPES

RUNGS = OPERATIONS["dense_chain_forward"].rungs


def layers(rng, sizes, dtype):
    weights, biases = [], []
    for inputs, outputs in itertools.pairwise(sizes):
        weights.append(rng.standard_normal((inputs, outputs)).astype(dtype))
        biases.append(rng.standard_normal(outputs).astype(dtype))
    return tuple(weights), tuple(biases)


def run(rung, x, weights, biases, activations):
    outputs = tuple(np.full((len(x), len(b)), np.nan, x.dtype) for b in biases)
    RUNGS[rung](x, weights, biases, activations, outputs)
    return outputs


def apart(x, weights, biases, activations):
    """Run the layers one after the other, on the rungs in use."""
    outputs = []
    for weight, bias, activation in zip(weights, biases, activations, strict=True):
        y = np.full((len(x), len(bias)), np.nan, x.dtype)
        kernels.dense_forward(x, weight, bias, y)
        if activation == "relu":
            kernels.relu_forward(y.reshape(-1), y.reshape(-1))
        elif activation == "softmax":
            kernels.softmax_forward(y, y)
        outputs.append(y)
        x = y
    return outputs


@pytest.mark.parametrize("rung", RUNGS)
def test_by_hand(rung):
    x = np.array([[1.0, 2.0], [-1.0, 0.0]])
    weights = np.array([[1.0, -1], [1, 1]]), np.array([[2.0], [3.0]])
    biases = np.array([0.0, -2]), np.array([1.0])
    first, second = run(rung, x, weights, biases, ("relu", "linear"))
    assert first.tolist() == [[3, 0], [0, 0]]
    assert second.tolist() == [[7], [1]]


@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None, derandomize=True, max_examples=25, database=None)
@given(data=st.data())
def test_the_bits_are_those_of_the_layers_apart(dtype, data):
    size = st.integers(1, 150)
    sizes = data.draw(st.lists(size, min_size=2, max_size=5))
    sizes[0] = data.draw(st.sampled_from([sizes[0], 1023, 1024, 1025, 2100]))
    activation = st.sampled_from(["linear", "relu"])
    inner = [data.draw(activation) for _ in sizes[2:]]
    activations = (*inner, data.draw(st.sampled_from(["linear", "relu", "softmax"])))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    x = rng.standard_normal((data.draw(size), sizes[0])).astype(dtype)
    weights, biases = layers(rng, sizes, dtype)
    together = run("direct", x, weights, biases, activations)
    for got, want in zip(together, apart(x, weights, biases, activations), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(deadline=None, derandomize=True, max_examples=25, database=None)
@given(data=st.data())
def test_the_bits_of_the_gradients_are_those_of_the_layers_apart(dtype, data):
    size = st.integers(1, 150)
    sizes = data.draw(st.lists(size, min_size=2, max_size=5))
    sizes[-1] = data.draw(st.sampled_from([sizes[-1], 256, 300]))
    names = tuple(data.draw(st.sampled_from(["linear", "relu"])) for _ in sizes[1:-1])
    N = data.draw(st.sampled_from([1, 7, 64, 150, 257, 600]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))

    def normal(*shape):
        return rng.standard_normal(shape).astype(dtype)

    x, dz = normal(N, sizes[0]), normal(N, sizes[-1])
    weights, _ = layers(rng, sizes, dtype)
    between = tuple(np.maximum(normal(N, n), 0) for n in sizes[1:-1])
    d_weights = tuple(np.full_like(w, np.nan) for w in weights)
    d_biases = tuple(np.full(n, np.nan, dtype) for n in sizes[1:])
    d_between = tuple(np.full_like(y, np.nan) for y in between)
    d_x = data.draw(st.sampled_from([np.full_like(x, np.nan), None]))
    OPERATIONS["dense_chain_backward"].rungs["direct"](
        x, weights, names, between, dz, d_weights, d_biases, d_between, d_x
    )
    inputs = x, *between
    for layer in reversed(range(len(weights))):
        d_weight, d_bias = np.empty_like(weights[layer]), np.empty_like(d_biases[layer])
        kernels.dense_backward_weight(inputs[layer], dz, d_weight, d_bias)
        np.testing.assert_array_equal(d_weights[layer], d_weight)
        np.testing.assert_array_equal(d_biases[layer], d_bias)
        if layer > 0 or d_x is not None:
            dx = np.empty_like(inputs[layer])
            kernels.dense_backward_input(dz, weights[layer], dx)
            if layer > 0 and names[layer - 1] == "relu":
                y, flat = inputs[layer].reshape(-1), dx.reshape(-1)
                kernels.relu_backward(y, flat, flat)
            np.testing.assert_array_equal((d_x, *d_between)[layer], dx)
            dz = dx


@pytest.mark.parametrize("rung", RUNGS)
def test_without_samples_the_gradients_are_zero(rung):
    weights, biases = layers(np.random.default_rng(0), [3, 4, 2], np.float32)
    d_weights, d_biases = (tuple(map(np.ones_like, a)) for a in (weights, biases))
    x, y, dz = (np.empty((0, n), np.float32) for n in (3, 4, 2))
    OPERATIONS["dense_chain_backward"].rungs[rung](
        x, weights, ("relu",), (y,), dz, d_weights, d_biases, (y.copy(),), x.copy()
    )
    assert not any(gradient.any() for gradient in (*d_weights, *d_biases))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_has_the_same_bits_wherever_in_a_batch_it_is(dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((203, 1100)).astype(dtype)
    chain = (*layers(rng, [1100, 70, 33, 5], dtype), ("relu", "relu", "softmax"))
    whole = run("direct", x, *chain)
    for first, stop in ((0, 1), (101, 102), (1, 203), (7, 40)):
        for got, want in zip(run("direct", x[first:stop], *chain), whole, strict=True):
            np.testing.assert_array_equal(got, want[first:stop])


@pytest.mark.parametrize("rung", RUNGS)
def test_relu_keeps_nan_and_knows_no_negative_zero(rung):
    x = np.array([[np.nan, 1.0], [-0.0, 1.0]])
    weights, biases = (np.array([[1.0], [-0.0]]),), (np.array([-0.0]),)
    (y,) = run(rung, x, weights, biases, ("relu",))
    assert np.isnan(y[0, 0])
    if rung == "direct":
        assert not np.signbit(y[1, 0])


@pytest.mark.parametrize("rung", RUNGS)
def test_without_samples_there_is_nothing_to_do(rung):
    weights, biases = layers(np.random.default_rng(0), [3, 4, 2], np.float32)
    x = np.empty((0, 3), np.float32)
    shapes = [y.shape for y in run(rung, x, weights, biases, ("relu", "softmax"))]
    assert shapes == [(0, 4), (0, 2)]

"""Backward passes against differences of the forward passes, in float64."""

import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS, RUNGS
from tests.kernels.cases import CASES, ELEMENTWISE_LOSSES, ROW_LOSSES
from tests.kernels.run_cases import last

# Central differences with step h are off by h² times a third derivative, here of
# order 1, and by eps/h of rounding. This h makes both about eps^(2/3).
STEP = np.finfo(np.float64).eps ** (1 / 3)
TOLERANCE = 1e3 * STEP**2

GEOMETRY = ((2, 1), (1, 0))  # strides, pads
WINDOWS = ((3, 2), (2, 1), (1, 0))


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture
def normal(rng):
    return rng.standard_normal


def every_rung(operation):
    return list(OPERATIONS[operation].rungs)


def at(rung, name):
    """Return an operation on a rung, or on the nearest below."""
    rungs = OPERATIONS[name].rungs
    below = [r for r in RUNGS[: RUNGS.index(rung) + 1] if r in rungs]
    return rungs[below[-1]]


def assert_gradient(forward, point, dy, gradient):
    """Compare ⟨gradient, v⟩ with the slope of ⟨forward, dy⟩ along a random v."""
    direction = np.random.default_rng(7).standard_normal(point.shape)
    above = np.sum(forward(point + STEP * direction) * dy)
    below = np.sum(forward(point - STEP * direction) * dy)
    slope = (above - below) / (2 * STEP)
    size = np.sum(np.abs(gradient * direction)) + np.sum(np.abs(dy))
    assert abs(slope - np.sum(gradient * direction)) <= TOLERANCE * size


def result_of(function, shape, *arguments_before, after=()):
    y = np.full(shape, np.nan)
    function(*arguments_before, y, *after)
    return y


@pytest.mark.parametrize("rung", every_rung("convolution_forward"))
def test_convolution(rung, normal):
    x, weight, bias = normal((2, 7, 5, 3)), normal((3, 2, 3, 4)), normal(4)
    dy = normal((2, 4, 4, 4))

    def forward(x=x, weight=weight, bias=bias):
        y = np.full(dy.shape, np.nan)
        at(rung, "convolution_forward")(x, weight, bias, y, *GEOMETRY)
        return y

    dx, d_weight, d_bias = np.empty(x.shape), np.empty(weight.shape), np.empty(4)
    at(rung, "convolution_backward_weight")(x, dy, d_weight, d_bias, *GEOMETRY)
    at(rung, "convolution_backward_input")(dy, weight, dx, *GEOMETRY)
    assert_gradient(lambda x: forward(x=x), x, dy, dx)
    assert_gradient(lambda weight: forward(weight=weight), weight, dy, d_weight)
    assert_gradient(lambda bias: forward(bias=bias), bias, dy, d_bias)


@pytest.mark.parametrize("rung", every_rung("dense_forward"))
def test_dense(rung, normal):
    x, weight, bias, dy = normal((5, 7)), normal((7, 3)), normal(3), normal((5, 3))

    def forward(x=x, weight=weight, bias=bias):
        return result_of(at(rung, "dense_forward"), dy.shape, x, weight, bias)

    dx, d_weight, d_bias = np.empty(x.shape), np.empty(weight.shape), np.empty(3)
    at(rung, "dense_backward_weight")(x, dy, d_weight, d_bias)
    at(rung, "dense_backward_input")(dy, weight, dx)
    assert_gradient(lambda x: forward(x=x), x, dy, dx)
    assert_gradient(lambda weight: forward(weight=weight), weight, dy, d_weight)
    assert_gradient(lambda bias: forward(bias=bias), bias, dy, d_bias)


@pytest.mark.parametrize("rung", every_rung("max_pooling_forward"))
def test_max_pooling(rung, rng, normal):
    # Values apart by far more than the step: no pixel overtakes another.
    x = rng.permutation(np.arange(252.0)).reshape(2, 7, 6, 3)
    dy = normal((2, 4, 5, 3))

    def forward(x):
        return result_of(at(rung, "max_pooling_forward"), dy.shape, x, after=WINDOWS)

    dx = np.empty(x.shape)
    at(rung, "max_pooling_backward")(x, forward(x), dy, dx, *WINDOWS)
    assert_gradient(forward, x, dy, dx)


@pytest.mark.parametrize("rung", every_rung("average_pooling_forward"))
def test_average_pooling(rung, normal):
    x, dy = normal((2, 7, 6, 3)), normal((2, 4, 5, 3))
    function = at(rung, "average_pooling_forward")
    dx = np.empty(x.shape)
    at(rung, "average_pooling_backward")(dy, dx, *WINDOWS)
    assert_gradient(
        lambda x: result_of(function, dy.shape, x, after=WINDOWS), x, dy, dx
    )


@pytest.mark.parametrize("name", ["upsampling", "bilinear"])
@pytest.mark.parametrize("rung", every_rung("upsampling_forward"))
def test_upsampling(rung, name, normal):
    x, dy, dx = normal((2, 3, 4, 3)), normal((2, 6, 12, 3)), np.empty((2, 3, 4, 3))
    function = at(rung, f"{name}_forward")
    at(rung, f"{name}_backward")(dy, dx, (2, 3))
    assert_gradient(
        lambda x: result_of(function, dy.shape, x, after=[(2, 3)]), x, dy, dx
    )


@pytest.mark.parametrize("rung", every_rung("batch_normalization_forward"))
@pytest.mark.parametrize("training", [True, False])
def test_batch_normalization(rung, training, normal):
    x, dy, gamma, beta = normal((9, 4)), normal((9, 4)), normal(4), normal(4)
    mean, variance, epsilon = normal(4), np.square(normal(4)), 0.1

    def forward(x=x, gamma=gamma, beta=beta):
        y = np.full(dy.shape, np.nan)
        if training:
            at(rung, "batch_normalization_forward")(
                x, gamma, beta, epsilon, y, mean, variance
            )
        else:
            at(rung, "batch_normalization_inference")(
                x, gamma, beta, mean, variance, epsilon, y
            )
        return y

    name = "batch_normalization_backward" + ("" if training else "_inference")
    dx, d_gamma, d_beta = np.empty(x.shape), np.empty(4), np.empty(4)
    forward()
    at(rung, name)(x, mean, variance, gamma, epsilon, dy, dx, d_gamma, d_beta)
    assert_gradient(lambda x: forward(x=x), x, dy, dx)
    assert_gradient(lambda gamma: forward(gamma=gamma), gamma, dy, d_gamma)
    assert_gradient(lambda beta: forward(beta=beta), beta, dy, d_beta)


@pytest.mark.parametrize("rung", ["reference", "loops"])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "tanh", "softmax"])
def test_activation(name, rung, normal):
    shape = (4, 5) if name == "softmax" else (20,)
    x, dy = normal(shape), normal(shape)
    assert np.abs(x).min() > STEP * 10  # away from the kink

    numbers = (0.3,) if name == "leaky_relu" else ()

    def forward(x):
        y = np.empty(shape)
        at(rung, f"{name}_forward")(x, y, *numbers)
        return y

    dx = np.empty(shape)
    at(rung, f"{name}_backward")(forward(x), dy, dx, *numbers)
    assert_gradient(forward, x, dy, dx)


@pytest.mark.parametrize("rung", ["reference", "loops"])
def test_softmax_cross_entropy(rung, rng, normal):
    logits, scale = normal((4, 5)), normal(4)
    targets = rng.random((4, 5))  # sums other than 1 have a gradient too
    probabilities, d_logits = np.empty((4, 5)), np.empty((4, 5))

    def forward(logits):
        losses = np.full(4, np.nan)
        at(rung, "softmax_cross_entropy_forward")(
            logits, targets, losses, probabilities
        )
        return losses

    forward(logits)
    at(rung, "softmax_cross_entropy_backward")(probabilities, targets, scale, d_logits)
    assert_gradient(forward, logits, scale, d_logits)


@pytest.mark.parametrize("rung", ["reference", "loops"])
@pytest.mark.parametrize("normalise", [True, False])
def test_cross_entropy(rung, normalise, rng, normal):
    p, targets, scale = rng.uniform(0.1, 0.4, (4, 5)), rng.random((4, 5)), normal(4)

    def forward(p):
        losses = np.full(4, np.nan)
        at(rung, "cross_entropy_forward")(p, targets, losses, normalise)
        return losses

    dp = np.empty((4, 5))
    at(rung, "cross_entropy_backward")(p, targets, scale, dp, normalise)
    assert_gradient(forward, p, scale, dp)


@pytest.mark.parametrize("rung", ["reference", "loops"])
@pytest.mark.parametrize(
    "name", ["mean_squared_error", *ELEMENTWISE_LOSSES, *ROW_LOSSES]
)
def test_loss(name, rung):
    # Case by case, as some losses take probabilities, and numbers besides.
    case = CASES[f"{name}_backward"](last, np.random.default_rng(3), np.float64)
    arguments = dict(case.arguments)
    predictions = arguments["predictions"] = arguments["predictions"][:4, :5].copy()
    predictions[(predictions < 0.02) & (predictions >= 0)] += (
        0.1  # away from the bounds
    )
    predictions[predictions == 1] -= 0.1
    arguments["targets"] = arguments["targets"][:4, :5].copy()
    numbers = [v for key, v in arguments.items() if not isinstance(v, np.ndarray)]
    scale, gradient = arguments["scale"][:4].copy(), np.empty((4, 5))

    def forward(p):
        losses = np.full(4, np.nan)
        at(rung, f"{name}_forward")(p, arguments["targets"], losses, *numbers)
        return losses

    at(rung, f"{name}_backward")(
        predictions, arguments["targets"], scale, gradient, *numbers
    )
    assert_gradient(forward, predictions, scale, gradient)

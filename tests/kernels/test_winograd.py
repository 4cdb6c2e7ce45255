"""The rung `winograd` on every kind of shape, and that its bounds notice errors."""

import inspect
import itertools

import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS
from scratchnet.kernels.convolution.winograd import images_at_once, suits
from tests.kernels import winograd
from tests.kernels.cases import CASES, DTYPES, WINOGRAD

OPERATIONS_OF_WINOGRAD = [
    name for name, operation in OPERATIONS.items() if "winograd" in operation.rungs
]


def chooser(**wanted):
    """Return a ``pick`` for convolutions that suit; see `cases.convolution`."""
    values = [WINOGRAD, *(wanted[name] for name in ("H", "W", "pad", "N", "C", "CO"))]
    waiting = iter(values)
    return lambda options: next(waiting, options[-1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", OPERATIONS_OF_WINOGRAD)
def test_every_kind_of_shape(operation, dtype):
    planes, valid_and_same = [(6, 8), (7, 5), (6, 5), (3, 4)], [0, 1]
    for (H, W), pad, N in itertools.product(planes, valid_and_same, [1, 2, 33]):
        pick = chooser(H=H, W=W, pad=pad, N=N, C=8, CO=17)
        case = CASES[operation](pick, np.random.default_rng(3), dtype)
        case.check(OPERATIONS[operation].rungs["winograd"])


def test_batches_of_these_tests_have_several_groups_and_chunks():
    # 33 images of 2x3 tiles, and of 3x3.
    assert images_at_once(33, 6, 1) < 33
    assert images_at_once(33, 9, 33 * 9 // 64) > 1


def test_half_of_the_cases_suit():
    suitable = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        case = CASES["convolution_forward"](
            lambda options, rng=rng: options[rng.integers(len(options))],
            rng,
            np.float32,
        )
        suitable += suits(case.arguments["weight"].shape, case.arguments["strides"])
    assert 70 <= suitable


# Winograd in NumPy, right and wrong, with the signatures of the operations.


def rung_of(operation, matrices, channels=slice(None)):
    def forward(x, weight, bias, y, strides, pads):
        weight = weight[:, :, channels]
        y[...] = winograd.forward(x[..., channels], weight, y.shape, pads, matrices)
        y += bias

    def weight_gradient(x, dy, d_weight, d_bias, strides, pads):
        d_weight[...] = 0
        own = winograd.weight_gradient(x[..., channels], dy, pads, matrices)
        d_weight[:, :, channels] = own
        d_bias[...] = dy.sum(axis=(0, 1, 2))

    def input_gradient(dy, weight, dx, strides, pads):
        dy, weight = dy[..., channels], weight[..., channels]
        dx[...] = winograd.input_gradient(dy, weight, dx.shape, pads, matrices)

    function = {
        "convolution_forward": forward,
        "convolution_backward_weight": weight_gradient,
        "convolution_backward_input": input_gradient,
    }[operation]
    function.__name__ = f"{operation}_winograd"
    return function


def signs():
    """Return the transforms with one sign changed, one after the other."""
    for number, matrix in enumerate(winograd.MATRICES):
        for row, column in zip(*np.nonzero(matrix), strict=True):
            wrong = list(winograd.MATRICES)
            wrong[number] = matrix.copy()
            wrong[number][row, column] *= -1
            yield winograd.Matrices(*wrong)


CONVOLUTIONS = [
    name
    for name in OPERATIONS_OF_WINOGRAD
    if name
    in (
        "convolution_forward",
        "convolution_backward_weight",
        "convolution_backward_input",
    )
]


def a_case(operation, N=20):
    pick = chooser(H=6, W=5, pad=1, N=N, C=17, CO=35)
    return CASES[operation](pick, np.random.default_rng(4), np.float32)


@pytest.mark.parametrize("operation", CONVOLUTIONS)
def test_the_bound_admits_winograd_and_notices_every_sign(operation):
    case = a_case(operation)
    case.check(rung_of(operation, winograd.MATRICES))
    for matrices in signs():
        with pytest.raises(AssertionError, match="allowed"):
            case.check(rung_of(operation, matrices))


@pytest.mark.parametrize("operation", CONVOLUTIONS)
def test_the_bound_notices_a_channel_that_is_left_out(operation):
    with pytest.raises(AssertionError, match="allowed"):
        a_case(operation).check(
            rung_of(operation, winograd.MATRICES, channels=slice(1, None))
        )


@pytest.mark.parametrize("operation", CONVOLUTIONS)
def test_the_bound_notices_half_precision(operation):
    def rounded(*arguments):
        exact = rung_of(operation, winograd.MATRICES)
        half = [
            v.astype(np.float16).astype(v.dtype)
            if isinstance(v, np.ndarray) and np.isfinite(v).all()
            else v
            for v in arguments
        ]
        exact(*half)

    rounded.__name__ = f"{operation}_winograd"
    rounded.__signature__ = inspect.signature(rung_of(operation, winograd.MATRICES))
    # Of one image: roundings to half precision cancel out in the sum over many.
    with pytest.raises(AssertionError, match="allowed"):
        a_case(operation, N=1).check(rounded)


def test_an_infinite_pixel_reaches_the_whole_tile():
    # What the docstring says of this rung: elsewhere the nine outputs that meet the
    # pixel are infinite; here, some that don't meet it are no numbers.
    x = np.ones((1, 8, 8, 8), np.float32)
    x[0, 3, 3, 0] = np.inf
    weight, bias = np.ones((3, 3, 8, 8), np.float32), np.zeros(8, np.float32)
    finite = {}
    for rung in ("direct", "winograd"):
        y = np.empty((1, 6, 6, 8), np.float32)
        OPERATIONS["convolution_forward"].rungs[rung](
            x, weight, bias, y, (1, 1), (0, 0)
        )
        finite[rung] = np.isfinite(y[0, :, :, 0])
    assert (~finite["direct"]).sum() == 9
    assert not finite["winograd"][~finite["direct"]].any()
    assert (~finite["winograd"]).sum() <= 16  # the four tiles that the pixel is in

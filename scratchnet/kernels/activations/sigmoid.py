"""The logistic function and the hyperbolic tangent.

With e = e^(−|x|), which is at most 1 and so can't overflow, the first is 1/(1 + e) for
x ≥ 0 and e/(1 + e) below. With e = e^(−2|x|) − 1, which is exact also where x is small,
the second is −e/(2 + e) for x ≥ 0, and its negative below.
"""

from numba.extending import overload

from scratchnet.kernels.activations.elementwise import elementwise, like, where
from scratchnet.kernels.machine.compile import OPTIONS
from scratchnet.kernels.machine.exponential import exp, exp_minus_one


def sigmoid_of(x):
    """Return 1 / (1 + e^−x), for other formulas, too."""
    e = exp(-abs(x))
    return where(x >= 0, like(1, x), e) / (like(1, x) + e)


@overload(sigmoid_of, jit_options=OPTIONS)
def _overload_sigmoid_of(x):
    return sigmoid_of


def sigmoid_slope_of(x):
    """Return s · (1 − s), s = sigmoid(x), without a difference that cancels."""
    e = exp(-abs(x))
    share = like(1, x) / (like(1, x) + e)
    return e * share * share


@overload(sigmoid_slope_of, jit_options=OPTIONS)
def _overload_sigmoid_slope_of(x):
    return sigmoid_slope_of


def tanh_of(x):
    """Return tanh x, for other formulas, too."""
    e = exp_minus_one(-abs(x + x))
    above = -e / (e + like(2, x))
    return where(x >= 0, above, -above)


@overload(tanh_of, jit_options=OPTIONS)
def _overload_tanh_of(x):
    return tanh_of


def sigmoid(x):
    """Y = 1 / (1 + e^−x)."""
    return sigmoid_of(x)


def sigmoid_slope(y):
    """Slope = y · (1 − y)."""
    return y * (1 - y)


def tanh(x):
    """Y = tanh x."""
    return tanh_of(x)


def tanh_slope(y):
    """Slope = (1 − y) · (1 + y)."""
    return (1 - y) * (1 + y)


sigmoid_forward, sigmoid_backward = elementwise(sigmoid, sigmoid_slope)
tanh_forward, tanh_backward = elementwise(tanh, tanh_slope)

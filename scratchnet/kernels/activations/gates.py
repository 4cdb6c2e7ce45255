"""Gates, x times a share of it, and other functions whose slope needs x.

References: Hendrycks & Gimpel (2016), "Gaussian error linear units (GELUs)";
Ramachandran, Zoph & Le (2017), "Searching for activation functions", for `silu`; Misra
(2019), "Mish: a self regularized non-monotonic activation function".
"""

import math

import numpy as np
from numba.extending import overload

from scratchnet.kernels.activations.elementwise import elementwise, like, where
from scratchnet.kernels.activations.sigmoid import (
    sigmoid_of,
    sigmoid_slope_of,
    tanh_of,
)
from scratchnet.kernels.machine.compile import OPTIONS
from scratchnet.kernels.machine.exponential import exp


def error_complement(x):
    """Return 1 − erf x, exact also where it is small."""
    return np.vectorize(math.erfc, otypes=[np.asarray(x).dtype])(x)


@overload(error_complement, jit_options=OPTIONS)
def _overload_error_complement(x):
    return lambda x: math.erfc(x)  # a call: one number at a time


def silu(x):
    """Y = x · sigmoid(x)."""
    return x * sigmoid_of(x)


def silu_slope(x):
    """Slope = s + x · s · (1 − s), s = sigmoid(x)."""
    return sigmoid_of(x) + x * sigmoid_slope_of(x)


def gelu(x):
    """Y = x · Φ(x), Φ(x) = (1 + erf(x / √2)) / 2."""
    return x * (like(0.5, x) * error_complement(like(-math.sqrt(0.5), x) * x))


def gelu_slope(x):
    """Slope = Φ(x) + x · φ(x), φ(x) = e^(−x² / 2) / √(2π)."""
    below = like(0.5, x) * error_complement(like(-math.sqrt(0.5), x) * x)
    density = like(1 / math.sqrt(2 * math.pi), x) * exp(like(-0.5, x) * x * x)
    return below + x * density


def approximate_gelu(x):
    """Y = x · s, s = (1 + tanh u) / 2 = sigmoid(2u), u = √(2/π) · (x + 0.044715 x³)."""
    return x * sigmoid_of(
        like(2 * math.sqrt(2 / math.pi), x) * (x + like(0.044715, x) * x * x * x)
    )


def approximate_gelu_slope(x):
    """Slope = s + x · s · (1 − s) · 2u′, u′ = √(2/π) · (1 + 3 · 0.044715 x²)."""
    twice = like(2 * math.sqrt(2 / math.pi), x)
    u = twice * (x + like(0.044715, x) * x * x * x)
    steepness = twice * (like(1, x) + like(3 * 0.044715, x) * x * x)
    return sigmoid_of(u) + x * sigmoid_slope_of(u) * steepness


def mish_gate(x):
    """Return tanh(log(1 + e^x)), as a fraction of powers of e^−|x|."""
    e = exp(-abs(x))
    one, twice = like(1, x), e + e
    above = (one + twice) / (one + twice + e * twice)
    below = e * (e + like(2, x)) / (e * (e + like(2, x)) + like(2, x))
    return where(x >= 0, above, below)


@overload(mish_gate, jit_options=OPTIONS)
def _overload_mish_gate(x):
    return mish_gate


def mish(x):
    """Y = x · t, t = tanh(log(1 + e^x))."""
    return x * mish_gate(x)


def mish_slope(x):
    """Slope = t + x · (1 − t²) · sigmoid(x), t = tanh(log(1 + e^x))."""
    t = mish_gate(x)
    return t + x * (like(1, x) - t) * (like(1, x) + t) * sigmoid_of(x)


def tanh_shrink(x):
    """Y = x − tanh x."""
    return x - tanh_of(x)


def tanh_shrink_slope(x):
    """Slope = tanh² x."""
    t = tanh_of(x)
    return t * t


def softsign(x):
    """Y = x / (1 + |x|)."""
    return x / (like(1, x) + abs(x))


def softsign_slope(x):
    """Slope = 1 / (1 + |x|)²."""
    shorter = like(1, x) / (like(1, x) + abs(x))
    return shorter * shorter


def squareplus(x, b):
    """Y = (x + √(x² + b)) / 2."""
    return (x + np.sqrt(x * x + b)) * like(0.5, x)


def squareplus_slope(x, b):
    """Slope = (1 + x / √(x² + b)) / 2."""
    return (like(1, x) + x / np.sqrt(x * x + b)) * like(0.5, x)


elementwise(silu, silu_slope)
elementwise(gelu, gelu_slope)
elementwise(approximate_gelu, approximate_gelu_slope)
elementwise(mish, mish_slope)
elementwise(tanh_shrink, tanh_shrink_slope)
elementwise(softsign, softsign_slope)
elementwise(squareplus, squareplus_slope)

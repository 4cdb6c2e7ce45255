"""Exponentials that the compiler can turn into vector instructions.

The C library's `exp` is a call, and a loop with a call in it takes one number at a
time. These are plain arithmetic without branches. With k = round(x / log 2) and the
rest r = x − k·log 2, |r| ≤ log(2)/2:

    eˣ = 2ᵏ · eʳ            eʳ − 1 = ∑ rⁿ/n!, n = 1, 2, 3 …
    eˣ − 1 = 2ᵏ · (eʳ − 1) + (2ᵏ − 1)

- The series ends where its next term is below a tenth of the last bit: after r⁷ in
  float32 (5e-9), after r¹³ in float64 (4e-18).
- Adding 1.5·2²³ (1.5·2⁵² in float64) rounds to a whole number, and leaves it in the
  low bits of the sum.
- log 2 is taken off in two parts. The first has so few bits that k times it is exact.
- 2ᵏ is written as bits: the exponent's field is k plus a bias. Half of k at a time,
  for 2ᵏ may be too large or too small for a number where the product is not.

Results are within 1.1 units in the last place, those of `exp_minus_one` within 2; NaN
stays NaN.

Reference: Muller et al. (2018), "Handbook of floating-point arithmetic", chapter 10,
on range reduction and series.
"""

import math
from fractions import Fraction

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from scratchnet.kernels.machine.compile import OPTIONS

LOG_2 = Fraction("0.693147180559945309417232121458176568")


@intrinsic
def _bits_of(typing_context, number):
    whole = types.Integer.from_bitwidth(number.bitwidth)

    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(number.bitwidth))

    return whole(number), codegen


@intrinsic
def _from_bits(typing_context, whole):
    number = types.Float(f"float{whole.bitwidth}")

    def codegen(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(number))

    return number(whole), codegen


def _split(x):
    """Return r, 2ᵃ and 2ᵇ, where x = (a + b)·log 2 + r."""


@overload(_split, jit_options=OPTIONS)
def _overload_split(x):
    number = {32: np.float32, 64: np.float64}[x.bitwidth]
    whole = {32: np.int32, 64: np.int64}[x.bitwidth]
    limits = np.finfo(number)
    fraction_bits, bias = whole(limits.nmant), whole(limits.maxexp - 1)
    # Beyond these, the result is 0 or infinite; k must not become any larger.
    low = number(math.log(2) * (limits.minexp - limits.nmant - 2))
    high = number(math.log(2) * (limits.maxexp + 1))
    rounder = number(1.5 * 2**limits.nmant)
    rounder_bits = whole(rounder.view(whole))
    per_log_2 = number(float(1 / LOG_2))
    # k has at most as many bits as the exponent, and one more for subnormal results.
    scale = 2 ** (limits.nmant - limits.nexp - 1)
    first = number(float(Fraction(round(LOG_2 * scale), scale)))
    rest = number(float(LOG_2 - Fraction(float(first))))

    def split(x):
        x = low if x < low else x
        x = high if x > high else x
        rounded = x * per_log_2 + rounder
        k = whole(_bits_of(rounded) - rounder_bits)
        turns = rounded - rounder
        r = (x - turns * first) - turns * rest
        a = whole(k >> whole(1))
        b = whole(k - a)
        return (
            r,
            _from_bits(whole(whole(a + bias) << fraction_bits)),
            _from_bits(whole(whole(b + bias) << fraction_bits)),
        )

    return split


def _series(r):
    """Return eʳ − 1."""


@overload(_series, jit_options=OPTIONS)
def _overload_series(r):
    number = {32: np.float32, 64: np.float64}[r.bitwidth]
    c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13 = (
        number(1 / math.factorial(n)) for n in range(2, 14)
    )

    def seven(r):
        tail = c4 + r * (c5 + r * (c6 + r * c7))
        return r + r * r * (c2 + r * (c3 + r * tail))

    def thirteen(r):
        tail = c9 + r * (c10 + r * (c11 + r * (c12 + r * c13)))
        middle = c4 + r * (c5 + r * (c6 + r * (c7 + r * (c8 + r * tail))))
        return r + r * r * (c2 + r * (c3 + r * middle))

    return seven if number is np.float32 else thirteen


def exp(x):
    """Return eˣ of a float32 or float64 number."""
    return np.exp(x)  # in Python; compiled code takes `_overload_exp`


@overload(exp, jit_options=OPTIONS)
def _overload_exp(x):
    def exp(x):
        r, a, b = _split(x)
        return (a + a * _series(r)) * b

    return exp


def exp_minus_one(x):
    """Return eˣ − 1, exact also where x is small."""
    return np.expm1(x)


@overload(exp_minus_one, jit_options=OPTIONS)
def _overload_exp_minus_one(x):
    number = {32: np.float32, 64: np.float64}[x.bitwidth]
    one = number(1)

    def exp_minus_one(x):
        r, a, b = _split(x)
        return ((a - one / b) + a * _series(r)) * b

    return exp_minus_one

"""Dropout: every element is dropped with probability ``rate``, and the others grow.

    y[i] = x[i] / (1 − rate)  if u(i) ≥ rate,  else 0

so that the expectation of y is x. The backward pass is the same function applied to
dy, since y is linear in x: the mask need not be stored, for u is a pure function of
(seed, step, i), here the SplitMix64 generator entered at its k-th output:

    z = start + (k + 1)·0x9E3779B97F4A7C15
    z = (z ⊕ z≫30)·0xBF58476D1CE4E5B9,  z = (z ⊕ z≫27)·0x94D049BB133111EB,  z ⊕ z≫31

all modulo 2⁶⁴; ``start`` is made of seed and step by the same mixing. An output serves
two elements: of 2048 in a row, the first half take the top 24 bits of the lower halves
of 1024 outputs, the others those of the upper halves. u is such a number divided by
2²⁴.

References: Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks
from overfitting", section 10 for the scaling; Steele, Lea & Flood (2014), "Fast
splittable pseudorandom number generators", section 4, with Stafford's constants.
"""

import math

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, parallel

# Elements handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 14

# Elements that take the lower, and then the upper, halves of as many outputs.
HALF = 1024

INCREMENT = np.uint64(0x9E3779B97F4A7C15)
FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
SECOND_FACTOR = np.uint64(0x94D049BB133111EB)


def dropout_reference(x, y, rate, seed, step):
    """Drop elements of x.

    What limits this rung: one thread, and a temporary per operator.

    Shapes: x, y (size,).

    Args:
        x: any values.
        y: written; may be x.
        rate: fraction dropped, [0, 1].
        seed: [0, 2³²).
        step: [0, 2³²); another step, another mask.
    """
    start, threshold, scale = _constants(rate, seed, step)
    blocks = -(-x.size // (2 * HALF))
    counter = np.arange(1, blocks * HALF + 1, dtype=np.uint64)
    z = np.uint64(start) + counter * INCREMENT
    z = (z ^ (z >> np.uint64(30))) * FIRST_FACTOR
    z = (z ^ (z >> np.uint64(27))) * SECOND_FACTOR
    z = (z ^ (z >> np.uint64(31))).reshape(blocks, 1, HALF)
    lower, upper = z & np.uint64(0xFFFFFFFF), z >> np.uint64(32)
    uniform = np.concatenate([lower, upper], axis=1).reshape(-1) >> np.uint64(8)
    kept = uniform[: x.size] >= np.uint64(threshold)
    y[...] = np.where(kept, x * x.dtype.type(scale), 0)


def dropout_loops(x, y, rate, seed, step):
    """Drop elements of x.

    Against `reference`: one pass, and chunks spread over threads. What limits this
    rung: a product of 64-bit integers per element.

    Shapes and arguments as in `dropout_reference`.
    """
    start, threshold, scale = _constants(rate, seed, step)
    with np.errstate(over="ignore"):  # uncompiled, the products warn that they wrap
        _dropout(x, y, np.uint64(start), np.uint32(threshold), x.dtype.type(scale))


@compiled
def _dropout_chunk(x, y, before, threshold, scale):
    lower, upper = np.empty(HALF, np.uint32), np.empty(HALF, np.uint32)
    for first in range(0, x.size, 2 * HALF):
        start = before + np.uint64(first // 2) * INCREMENT
        for k in range(HALF):
            z = start + np.uint64(k + 1) * INCREMENT
            z = (z ^ (z >> np.uint64(30))) * FIRST_FACTOR
            z = (z ^ (z >> np.uint64(27))) * SECOND_FACTOR
            z = z ^ (z >> np.uint64(31))
            lower[k] = z
            upper[k] = z >> np.uint64(32)
        middle, last = first + HALF, first + 2 * HALF
        _drop(x[first:middle], y[first:middle], lower, threshold, scale)
        _drop(x[middle:last], y[middle:last], upper, threshold, scale)


@compiled
def _drop(x, y, numbers, threshold, scale):
    # The compiler makes vector instructions of loops over arrays that do not overlap,
    # which it tests for; x being y fails that test.
    if x.ctypes.data == y.ctypes.data:
        _drop_in_place(y, numbers, threshold, scale)
    else:
        _drop_into(x, y, numbers, threshold, scale)


@compiled
def _drop_into(x, y, numbers, threshold, scale):
    for i in range(x.size):
        value = x[i] * scale
        y[i] = value if numbers[i] >> np.uint32(8) >= threshold else 0


@compiled
def _drop_in_place(y, numbers, threshold, scale):
    for i in range(y.size):
        value = y[i] * scale
        y[i] = value if numbers[i] >> np.uint32(8) >= threshold else 0


@parallel
def _dropout(x, y, start, threshold, scale):
    if x.size <= CHUNK:
        _dropout_chunk(x, y, start, threshold, scale)
    else:
        for chunk in prange((x.size + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            last = first + CHUNK
            before = start + np.uint64(first // 2) * INCREMENT
            _dropout_chunk(x[first:last], y[first:last], before, threshold, scale)


def _constants(rate, seed, step):
    """Return the generator's start, and rate as a 24-bit threshold and as a scale."""
    threshold = math.ceil(rate * 2**24)
    return start_of(seed, step), threshold, 0.0 if rate == 1 else 1 / (1 - rate)


def start_of(seed, step):
    """Return the state from which the generator begins for a seed and a step."""
    return _mix(_mix(int(seed)) ^ int(step))


def _mix(z):
    """Return SplitMix64's output for a state, in Python's integers."""
    z = (z + int(INCREMENT)) % 2**64
    z = (z ^ z >> 30) * int(FIRST_FACTOR) % 2**64
    z = (z ^ z >> 27) * int(SECOND_FACTOR) % 2**64
    return z ^ z >> 31


dropout = ladder(dropout_reference, dropout_loops)

"""Standard normal numbers: a pure function of (seed, step, element).

The Box–Muller transform makes two of two uniform numbers,

    y[2k] = r·cos θ,  y[2k + 1] = r·sin θ      r = √(−2 log u),  θ = 2π·v

where u = (lower + 1)/2³² and v = upper/2³² are the halves of the k-th output of the
generator of `dropout`. Both are worked out in float64, so that float32 noise is
the float64 noise, rounded. No number is beyond √(64 log 2) = 6.66.

Reference: Box & Muller (1958), "A note on the generation of random normal deviates".
"""

import math

import numpy as np
from numba import prange

from scratchnet.kernels.dropout import (
    FIRST_FACTOR,
    INCREMENT,
    SECOND_FACTOR,
    start_of,
)
from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, parallel

# Pairs handed to a thread at once; fewer are not worth waking one for.
CHUNK = 1 << 11


def standard_normal_reference(y, seed, step):
    """Fill y with normal numbers of mean 0 and variance 1.

    What limits this rung: one thread, and a temporary per operator.

    Shapes: y (size,).

    Args:
        y: written.
        seed: [0, 2³²).
        step: [0, 2³²); another step, other numbers.
    """
    pairs = -(-y.size // 2)
    counter = np.arange(1, pairs + 1, dtype=np.uint64)
    z = np.uint64(start_of(seed, step)) + counter * INCREMENT
    z = (z ^ (z >> np.uint64(30))) * FIRST_FACTOR
    z = (z ^ (z >> np.uint64(27))) * SECOND_FACTOR
    z = z ^ (z >> np.uint64(31))
    lower, upper = z & np.uint64(0xFFFFFFFF), z >> np.uint64(32)
    radius = np.sqrt(-2 * np.log((lower + 1.0) / 2**32))
    angle = 2 * math.pi * (upper / 2**32)
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    y[...] = both.reshape(-1)[: y.size]


def standard_normal_loops(y, seed, step):
    """Fill y with normal numbers of mean 0 and variance 1.

    Against `reference`: one pass, and chunks spread over threads. What limits this
    rung: a logarithm, a cosine and a sine for two elements.

    Shapes and arguments as in `standard_normal_reference`.
    """
    with np.errstate(over="ignore"):  # uncompiled, the products warn that they wrap
        _fill(y, np.uint64(start_of(seed, step)))


@compiled
def _pairs(y, first, last, start):
    for k in range(first, last):
        z = start + np.uint64(k + 1) * INCREMENT
        z = (z ^ (z >> np.uint64(30))) * FIRST_FACTOR
        z = (z ^ (z >> np.uint64(27))) * SECOND_FACTOR
        z = z ^ (z >> np.uint64(31))
        lower, upper = z & np.uint64(0xFFFFFFFF), z >> np.uint64(32)
        radius = math.sqrt(-2 * math.log((np.float64(lower) + 1.0) / 2**32))
        angle = 2 * math.pi * (np.float64(upper) / 2**32)
        y[2 * k] = radius * math.cos(angle)
        if 2 * k + 1 < y.size:
            y[2 * k + 1] = radius * math.sin(angle)


@parallel
def _fill(y, start):
    pairs = (y.size + 1) // 2
    if pairs <= CHUNK:
        _pairs(y, 0, pairs, start)
    else:
        for chunk in prange((pairs + CHUNK - 1) // CHUNK):
            first = np.intp(chunk) * CHUNK
            _pairs(y, first, min(pairs, first + CHUNK), start)


standard_normal = ladder(standard_normal_reference, standard_normal_loops)

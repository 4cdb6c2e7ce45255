"""Dense layers in a row, rung 3: blocks of rows, in the register tile.

A task is a block of rows, which goes through all layers. Its bias is where the tile's
sums begin, its ReLU happens before they leave the registers. A sum is taken a part at
a time, so that the part of the weights that all rows of the block need stays in the
second-level cache. The order of every sum is that of `dense_forward_direct`, and so
are the bits.

What limits this rung: reading the weights, once for every block.
"""

import functools
import math

import numpy as np

from scratchnet.kernels.activations.softmax import softmax_rows
from scratchnet.kernels.dense.direct import SMALL
from scratchnet.kernels.machine.addresses import addresses, array_at
from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.processor import VECTOR_BYTES
from scratchnet.kernels.machine.products import ROW_STEP, product
from scratchnet.kernels.machine.tile import (
    ADD,
    BIAS,
    Left,
    Result,
    Right,
    Sums,
)
from scratchnet.kernels.machine.workers import launch, take, workers

# The most rows that a block has.
BLOCK = 64

# How much of a sum is taken at a time: what is read of 128 units' weights fills half of
# a second-level cache, 1 MiB or more beside AVX-512, down to 256 KiB beside AVX2.
DEPTH = 1024 if VECTOR_BYTES == 64 else 256

LINEAR, RELU, SOFTMAX = 0, 1, 2

CODES = {"linear": LINEAR, "relu": RELU, "softmax": SOFTMAX}


def dense_chain_forward_direct(x, weights, biases, activations, outputs):
    """Compute outputs[l] = activation(outputs[l − 1] · weights[l] + biases[l]).

    Shapes and arguments as in `dense_chain_forward_reference`.
    """
    rows = len(x)
    if rows == 0:
        return
    arrays = [x]
    for weight, bias, y in zip(weights, biases, outputs, strict=True):
        arrays += weight, bias, y
    shapes = tuple([weight.shape for weight in weights])
    codes = activation_codes(tuple(activations))
    count = 1 if rows * total_size(shapes) < SMALL else workers()
    # The first bias is there to say of which dtype all are.
    tables = biases[0], addresses(arrays), flat(shapes), codes
    launch(_blocks, count, tables, (rows, block_size(rows, count)), ())


# Tables that depend on shapes and names alone are kept: small models spend a fifth of
# their time in Python.


@functools.lru_cache(maxsize=256)
def flat(shapes):
    """Return the weights' shapes one after the other, (2 · layers,) int64."""
    return np.array(shapes, np.int64).reshape(-1)


@functools.lru_cache(maxsize=256)
def activation_codes(activations):
    """Return the number of each activation, (len(activations),) int64."""
    return np.array([CODES[name] for name in activations], np.int64)


@functools.lru_cache(maxsize=256)
def total_size(shapes):
    """Return how many numbers arrays of these shapes have."""
    return sum(map(math.prod, shapes))


def block_size(rows, workers):
    """Return the rows of a block: whole tiles, and as many blocks for every worker."""
    blocks = -(-rows // (BLOCK * workers)) * workers
    return -(-rows // (blocks * ROW_STEP)) * ROW_STEP


@compiled
def _blocks(worker, waiting, tables, sizes, nothing):
    """Take blocks of rows through all layers until none is left.

    ``tables`` has an array of the dtype; the addresses of x, and of each layer's
    weight, bias and output; the weights' shapes, flat; each layer's activation.
    """
    like, places, shapes, activations = tables
    rows, block = sizes
    row_tables = np.empty(block, np.int64), np.empty(block, np.int64)
    blocks = (rows + block - 1) // block
    task = take(waiting, worker, blocks)
    while task < blocks:
        first = task * block
        part = first, min(block, rows - first)
        for layer in range(len(activations)):
            inputs, outputs = shapes[2 * layer], shapes[2 * layer + 1]
            activation = activations[layer]
            x = array_at(places[3 * layer], rows * inputs, like)
            weight = array_at(places[3 * layer + 1], inputs * outputs, like)
            bias = array_at(places[3 * layer + 2], outputs, like)
            y = array_at(places[3 * layer + 3], rows * outputs, like)
            relu = activation == RELU
            _layer(x, weight, bias, y, part, (inputs, outputs), relu, row_tables)
            if activation == SOFTMAX:
                _softmax(y, part, outputs)
        task = take(waiting, worker, blocks)


@compiled_once
def _layer(x, weight, bias, y, part, shape, relu, row_tables):
    (first, count), (inputs, outputs) = part, shape
    x_rows, y_rows = row_tables
    for m in range(count):
        x_rows[m], y_rows[m] = m * inputs, m * outputs
    for k in range(0, inputs, DEPTH):
        depth = min(DEPTH, inputs - k)
        begin = ADD if k > 0 else BIAS
        clip = relu if k + depth == inputs else False
        product(
            Left(x, first * inputs + k, x_rows, (0, 1)),
            Right(weight, k * outputs, (0, outputs)),
            Result(y, first * outputs, y_rows, (count, outputs)),
            Sums((1, depth), begin, bias, 0, clip),
        )


@compiled_once
def _softmax(y, part, outputs):
    first, count = part
    rows = y[first * outputs : (first + count) * outputs].reshape(count, outputs)
    softmax_rows(rows, rows, np.empty(count, y.dtype), np.empty(count))

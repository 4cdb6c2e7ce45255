"""The gradients of dense layers in a row, rung 3: first by rows, then by weights.

The gradient's way down from layer to layer needs no other row, as the way up does not:
a task is a block of rows, from the last layer to the first. The weights' gradients are
sums over all rows, so threads meet before them; then a task is some rows of one
weight's gradient, whichever layer's it is. The order of every sum is that of the
`direct` rungs of single layers, and so are the bits.

What limits this rung: that weights are transposed again for each block of rows.
"""

import functools

import numpy as np

from scratchnet.kernels.activations.relu import relu_gradient
from scratchnet.kernels.dense.direct import (
    DEPTH,
    PANEL,
    SMALL,
    STRIP,
    Matrices,
    Sizes,
    Strides,
    compute_block,
    is_copied,
    row_offsets,
)
from scratchnet.kernels.dense_chain.forward import (
    RELU,
    activation_codes,
    block_size,
    flat,
    total_size,
)
from scratchnet.kernels.machine.addresses import addresses, array_at
from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.products import product
from scratchnet.kernels.machine.simd import transpose
from scratchnet.kernels.machine.tile import ADD, ZERO, Left, Result, Right, Sums
from scratchnet.kernels.machine.workers import launch, take, workers


def dense_chain_backward_direct(
    x, weights, activations_between, between, dz, d_weights, d_biases, d_between, dx
):
    """Compute all gradients of a chain.

    Shapes and arguments as in `dense_chain_backward_reference`.
    """
    rows = len(x)
    if rows == 0:
        for gradient in (*d_weights, *d_biases):
            gradient[...] = 0
        return
    like = d_biases[0]  # says of which dtype all are
    shapes = tuple([weight.shape for weight in weights])
    relu = activation_codes(tuple(activations_between))
    # From the last layer down to that with the number `lowest`, gradients of inputs.
    lowest, d_inputs = (1, d_between) if dx is None else (0, (dx, *d_between))
    size = total_size(shapes[lowest:])
    if size > 0:
        count = 1 if rows * size < SMALL else workers()
        places = addresses([*weights, *between, *d_inputs, dz])
        tables = like, places, flat(shapes), relu
        launch(_blocks_of_rows, count, tables, (rows, block_size(rows, count)), ())
    count = 1 if rows * total_size(shapes) < SMALL else workers()
    places = addresses([x, *between, *d_between, dz, *d_weights, *d_biases])
    panels = _panels(shapes)
    tables = like, places, flat(shapes), panels
    launch(_blocks_of_weights, count, tables, (rows, panels[-1]), ())


# Rows of a weight's gradient that are computed at once: enough for whole tiles of
# either height, and so few that workers have equal shares of a small layer.
HEIGHT = PANEL // 2


@functools.lru_cache(maxsize=256)
def _panels(shapes):
    """Return how many tasks of `HEIGHT` rows the layers up to each one are."""
    return np.cumsum([-(-inputs // HEIGHT) for inputs, _ in shapes], dtype=np.int64)


@compiled
def _blocks_of_rows(worker, waiting, tables, sizes, nothing):
    """Take the gradient of blocks of rows down to the lowest layer's input.

    ``tables`` has an array of the dtype; the addresses of each layer's weight, of each
    y between layers, and of the gradients: of the first layer's input if it is wanted,
    then of each layer's dz; the weights' shapes, flat; and the activations between.
    """
    like, places, shapes, relu = tables
    rows, block = sizes
    layers = len(shapes) // 2
    gradients = places[2 * layers - 1 :]
    lowest = layers - len(gradients) + 1
    left, target_rows = np.empty(block, np.int64), np.empty(block, np.int64)
    right = np.empty(STRIP * DEPTH, like.dtype)
    blocks = (rows + block - 1) // block
    task = take(waiting, worker, blocks)
    while task < blocks:
        first = task * block
        part = first, min(block, rows - first)
        for layer in range(layers - 1, lowest - 1, -1):
            inputs, outputs = shapes[2 * layer], shapes[2 * layer + 1]
            weight = array_at(places[layer], inputs * outputs, like)
            dz = array_at(gradients[layer - lowest + 1], rows * outputs, like)
            dy = array_at(gradients[layer - lowest], rows * inputs, like)
            for m in range(part[1]):
                left[m], target_rows[m] = m * outputs, m * inputs
            tables_of_rows = left, target_rows
            _input_gradient(
                dz, weight, dy, part, (inputs, outputs), tables_of_rows, right
            )
            if layer > 0 and relu[layer - 1] == RELU:
                y = array_at(places[layers + layer - 1], rows * inputs, like)
                own = slice(first * inputs, (first + part[1]) * inputs)
                relu_gradient(y[own], dy[own], dy[own])
        task = take(waiting, worker, blocks)


@compiled_once
def _input_gradient(dz, weight, dx, part, shape, row_tables, right):
    """Compute a block of dx = dz · weightᵀ, strip by strip of the weight's rows."""
    (first, count), (inputs, outputs) = part, shape
    dz_rows, dx_rows = row_tables
    for strip in range(0, inputs, STRIP):
        width = min(STRIP, inputs - strip)
        for k in range(0, outputs, DEPTH):
            depth = min(DEPTH, outputs - k)
            begin = ADD if k > 0 else ZERO
            at = strip * outputs + k
            transpose(weight, at, outputs, width, depth, right, 0, STRIP)
            product(
                Left(dz, first * outputs + k, dz_rows, (0, 1)),
                Right(right, 0, (0, STRIP)),
                Result(dx, first * inputs + strip, dx_rows, (count, width)),
                Sums((1, depth), begin, right, 0, False),
            )


@compiled
def _blocks_of_weights(worker, waiting, tables, sizes, nothing):
    """Compute some rows of the weights' gradients, and with the first one the bias's.

    ``tables`` has an array of the dtype; the addresses of each layer's input, dz,
    d_weight and d_bias, in this order; and the weights' shapes, flat. ``panels[i]``
    counts tasks of the layers up to the i-th.
    """
    like, places, shapes, panels = tables
    rows, tasks = sizes
    layers = len(shapes) // 2
    left = np.empty(PANEL * DEPTH, like.dtype)
    right, none = np.empty(STRIP * DEPTH, like.dtype), np.empty(0, like.dtype)
    own_rows, first = row_offsets(1), np.int64(0)
    task = take(waiting, worker, tasks)
    while task < tasks:
        layer = 0
        while task >= panels[layer]:
            layer += 1
        inputs, outputs = shapes[2 * layer], shapes[2 * layer + 1]
        matrices = Matrices(
            array_at(places[layer], rows * inputs, like),
            array_at(places[layers + layer], rows * outputs, like),
            array_at(places[2 * layers + layer], inputs * outputs, like),
            none,
            array_at(places[3 * layers + layer], outputs, like),
        )
        strides = Strides(1, inputs, outputs, 1)
        shape = Sizes(inputs, outputs, rows, HEIGHT, outputs)
        row = (task - (panels[layer - 1] if layer > 0 else 0)) * HEIGHT
        block = row, min(inputs, row + HEIGHT), first, outputs
        copies = left, right if is_copied(matrices.B, strides) else none
        row_tables = own_rows, own_rows, row_offsets(outputs)
        compute_block(matrices, strides, shape, block, copies, row_tables)
        task = take(waiting, worker, tasks)

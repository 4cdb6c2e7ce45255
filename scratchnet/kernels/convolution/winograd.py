"""Convolution, rung 4: 3x3 windows with fewer multiplications than they have.

Against `direct`: 16 products per 2x2 output pixels and channel instead of 36, in all
three passes; see `transforms` for the algebra. A few images at a time are transformed,
multiplied and transformed back by one thread, in memory that stays in its cache. Other
windows than 3x3 with strides of 1, and few channels, are left to `direct`.

What limits this rung: the transforms, which take their time without counting as
arithmetic; the cache, where a single image's tiles don't fit (beyond some 32x32 pixels
of 64 channels); and rounding, for tiles of 4x4 outputs would need fewer products still,
but factors of up to 8 in their transforms. Infinite inputs, and those so large that a
sum of four overflows, become NaN or infinite in neighbouring outputs too: pixels of a
tile are added and subtracted before they meet a kernel.

Images do not meet before the sums over them, which are taken in a fixed order: any
number of threads gives the same bits, and a sample's result depends neither on the
batch nor on its place in it.

Reference: Lavin & Gray (2016), "Fast algorithms for convolutional neural networks".
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from scratchnet.foundation import workspace
from scratchnet.kernels.convolution import direct
from scratchnet.kernels.convolution.direct import CHUNKS, add_chunks, offsets
from scratchnet.kernels.convolution.epilogues import (
    Epilogue,
    Gradient,
    finish_image,
    given,
    gradient_of,
    no_epilogue,
    output_of,
    with_scratch,
)
from scratchnet.kernels.convolution.transforms import (
    ENTRIES,
    Geometry,
    transform_gradient,
    transform_input,
    transform_input_gradient,
    transform_kernel,
    transform_kernel_gradient,
    transform_output,
)
from scratchnet.kernels.machine.compile import compiled, compiled_once, parallel
from scratchnet.kernels.machine.products import add_rows, clear, product
from scratchnet.kernels.machine.simd import transpose
from scratchnet.kernels.machine.tile import ADD, ZERO
from scratchnet.kernels.machine.workers import launch, take, workers

# With fewer channels the transforms cost more than the products that they save.
FEWEST_CHANNELS = 8

# Tiles that are multiplied at once: enough to fill register tiles, few enough to
# stay in the second-level cache.
TILES_AT_ONCE = 64


class Forward(NamedTuple):
    """What images are convolved with, and where to.

    Attributes:
        x: images, flat.
        U: transformed kernels, flat.
        bias: (CO,).
        z: written, flat; or empty, where the epilogue keeps something else.
        V: (workers, ...), for the transformed images of a group.
        M: (workers, ...), for their products with U.
        v_rows: where each tile begins in an entry of V.
        m_rows: where each tile begins in an entry of M.
    """

    x: np.ndarray
    U: np.ndarray
    bias: np.ndarray
    z: np.ndarray
    V: np.ndarray
    M: np.ndarray
    v_rows: np.ndarray
    m_rows: np.ndarray


class Backward(NamedTuple):
    """What gradients are made of, and where to.

    Attributes:
        x: images, flat; read if there is a ``d_weights``.
        U: transformed kernels, their channels exchanged, flat; read if there is a dx.
        d_weights: (chunks, weights), written; a row for each chunk of images, or none.
        d_biases: (chunks, CO), written; the same.
        dx: written, flat; or empty.
        V: (workers, ...), for the transformed images of a group, or their gradient.
        M: (workers, ...), for the transformed gradients of their outputs.
        d_U: (workers, ...), for the gradient of the transformed kernels.
        v_rows: where each tile begins in an entry of V.
        m_rows: where each tile begins in an entry of M.
        v_columns: where each channel of a tile is in V.
        u_rows: where each channel begins in an entry of d_U.
        chunks: parts of the batch, which are gone through one after the other.
    """

    x: np.ndarray
    U: np.ndarray
    d_weights: np.ndarray
    d_biases: np.ndarray
    dx: np.ndarray
    V: np.ndarray
    M: np.ndarray
    d_U: np.ndarray
    v_rows: np.ndarray
    m_rows: np.ndarray
    v_columns: np.ndarray
    u_rows: np.ndarray
    chunks: int


def suits(weight_shape, strides):
    """Return whether this rung has an algorithm of its own for a convolution."""
    KH, KW, C, CO = weight_shape
    return (KH, KW) == (3, 3) and strides == (1, 1) and min(C, CO) >= FEWEST_CHANNELS


def convolution_forward_winograd(x, weight, bias, y, strides, pads):
    """Compute y = Aᵀ [U ⊙ V] A + bias, tile by tile.

    Shapes and arguments as in `convolution_forward_reference`.
    """
    forward(x, weight, bias, y, y.shape, strides, pads, no_epilogue(x.dtype))


def convolution_backward_weight_winograd(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight = Gᵀ [∑ Vᵀ · A dy Aᵀ] G, summed over tiles.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    unread = d_weight  # only its shape counts
    backward(x, unread, given(dy), dy.shape, d_weight, d_bias, None, strides, pads)


def convolution_backward_input_winograd(dy, weight, dx, strides, pads):
    """Compute dx = B [A dy Aᵀ · Uᵀ] Bᵀ, added up where tiles overlap.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    unread = dx  # without d_weight, only its shape counts
    backward(unread, weight, given(dy), dy.shape, None, None, dx, strides, pads)


def forward(x, weight, bias, z, z_shape, strides, pads, epilogue):
    """Compute z of a shape, and what follows it, a few images at a time."""
    if not suits(weight.shape, strides):
        direct.forward(x, weight, bias, z, z_shape, strides, pads, epilogue)
        return
    count = workers()
    g = _geometry(x.shape, z_shape, pads, count)
    P = g.group * g.tiles
    U = _scratch("U", 1, g.C * g.CO, x.dtype)[0]
    _transform_kernels(weight.reshape(-1), g.C, g.CO, U)
    job = Forward(
        *(x.reshape(-1), U, bias, z.reshape(-1)),
        _scratch("V", count, P * g.C, x.dtype),
        _scratch("M", count, P * g.CO, x.dtype),
        *(offsets(P, g.C), offsets(P, g.CO)),
    )
    size = g.group * g.OH * g.OW * g.CO
    epilogue = with_scratch(epilogue, count, size, x.dtype)
    launch(_forward_groups, count, job, epilogue, g)


def backward(x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads):
    """Compute d_weight and d_bias unless they are None, and dx unless it is."""
    if len(x) == 0 or not suits(weight.shape, strides):
        direct.backward(
            x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads
        )
        return
    learns, spreads = d_weight is not None, dx is not None
    count, chunks = workers(), len(x)
    if learns:
        chunks = max(1, min(chunks, CHUNKS, chunks * _tiles(z_shape) // TILES_AT_ONCE))
    g = _geometry(x.shape, z_shape, pads, chunks)
    P, K, dtype = g.group * g.tiles, g.C * g.CO, x.dtype
    U = _scratch("Uᵀ", 1, K if spreads else 0, dtype)[0]
    if spreads:
        plain = _scratch("U", 1, K, dtype)[0]
        _transform_kernels(weight.reshape(-1), g.C, g.CO, plain)
        _exchange_channels(plain, g.C, g.CO, U)
    rows = chunks if learns else 0
    job = Backward(
        *(x.reshape(-1), U),
        workspace.empty("convolution", "d_weights", (rows, weight.size), dtype),
        workspace.empty("convolution", "d_biases", (rows, g.CO), dtype),
        dx.reshape(-1) if spreads else np.empty(0, dtype),
        _scratch("V", count, P * g.C, dtype),
        _scratch("M", count, P * g.CO, dtype),
        _scratch("d_U", count, K if learns else 0, dtype),
        *(offsets(P, g.C), offsets(P, g.CO), offsets(g.C, 1), offsets(g.C, g.CO)),
        chunks,
    )
    gradient = with_scratch(gradient, count, g.OH * g.OW * g.CO, dtype)
    launch(_backward_chunks, count, job, gradient, g)
    if learns:
        add_chunks(job.d_weights, job.d_biases, d_weight.reshape(-1), d_bias)


def _geometry(x_shape, z_shape, pads, shares):
    tiles = _tiles(z_shape)
    group = images_at_once(x_shape[0], tiles, shares)
    return Geometry(*x_shape, *z_shape[1:], *pads, tiles, group)


def images_at_once(images, tiles, shares):
    """Return how many images make a group, so that every share has one."""
    return max(1, min(-(-TILES_AT_ONCE // tiles), images // shares))


def _tiles(z_shape):
    """Return how many tiles of 2x2 pixels cover an image."""
    _, OH, OW, _ = z_shape
    return ((OH + 1) // 2) * ((OW + 1) // 2)


def _scratch(name, rows, size, dtype):
    return workspace.empty("convolution", name, (rows, ENTRIES * size), dtype)


@parallel
def _transform_kernels(weight, C, CO, U):
    for c in prange(C):
        transform_kernel(weight, c, C, CO, U)


@parallel
def _exchange_channels(U, C, CO, exchanged):
    """Transpose every entry."""
    for e in prange(ENTRIES):
        at = e * C * CO
        transpose(U, at, CO, C, CO, exchanged, at, C)


@compiled
def _forward_groups(worker, waiting, job, epilogue, g):
    """Convolve groups of images until none is left."""
    job, epilogue, g = Forward(*job), Epilogue(*epilogue), Geometry(*g)
    V, M = job.V[worker], job.M[worker]
    plane, size = (g.OH, g.OW, g.CO), g.OH * g.OW * g.CO
    groups = (g.N + g.group - 1) // g.group
    group = take(waiting, worker, groups)
    while group < groups:
        first = group * g.group
        last = min(g.N, first + g.group)
        P = (last - first) * g.tiles
        for n in range(first, last):
            transform_input(job.x, n * g.H * g.W * g.C, g, V, (n - first) * g.tiles, P)
        for e in range(ENTRIES):
            product(
                *(V, e * P * g.C, job.v_rows, (0, 1)),
                *(job.U, e * g.C * g.CO, (0, g.CO), (1, g.C)),
                *(M, e * P * g.CO, job.m_rows, (P, g.CO), ZERO, job.bias, 0, False),
            )
        for n in range(first, last):
            p = (n - first) * g.tiles
            out, at = output_of(epilogue, job.z, n, size, worker, n - first)
            transform_output(M, p, P, g, job.bias, out, at, epilogue.relu)
            finish_image(epilogue, out, at, n, plane)
        group = take(waiting, worker, groups)


@compiled
def _backward_chunks(worker, waiting, job, gradient, g):
    """Go back through chunks of images until none is left."""
    job, gradient, g = Backward(*job), Gradient(*gradient), Geometry(*g)
    learns = len(job.d_weights) > 0
    chunk = take(waiting, worker, job.chunks)
    while chunk < job.chunks:
        start, stop = chunk * g.N // job.chunks, (chunk + 1) * g.N // job.chunks
        if learns:
            clear(job.d_biases[chunk], 0, g.CO)
        for first in range(start, stop, g.group):
            last = min(stop, first + g.group)
            begin = ZERO if first == start else ADD
            _backward_group(worker, job, gradient, chunk, first, last, begin, g)
        if learns:
            d_U = job.d_U[worker]
            for c in range(g.C):
                transform_kernel_gradient(d_U, c, g.C, g.CO, job.d_weights[chunk], 0)
        chunk = take(waiting, worker, job.chunks)


@compiled_once
def _backward_group(worker, job, gradient, chunk, first, last, begin, g):
    """Go back through a few images; their d_U begins a sum, or is added to it."""
    learns, spreads = len(job.d_weights) > 0, len(job.dx) > 0
    V, M, d_U = job.V[worker], job.M[worker], job.d_U[worker]
    plane, image = (g.OH, g.OW, g.CO), g.H * g.W * g.C
    P = (last - first) * g.tiles
    for n in range(first, last):
        p = (n - first) * g.tiles
        dz, at = gradient_of(gradient, n, plane, worker)
        transform_gradient(dz, at, g, M, p, P)
        if learns:
            row, pixel = g.OW * g.CO, g.CO
            add_rows(dz, at, (row, pixel), (g.OH, g.OW), job.d_biases[chunk])
            transform_input(job.x, n * image, g, V, p, P)
    if learns:
        for e in range(ENTRIES):  # d_U (+)= Vᵀ · d_M
            product(
                *(V, e * P * g.C, job.v_columns, (0, g.C)),
                *(M, e * P * g.CO, (0, g.CO), (1, P)),
                *(d_U, e * g.C * g.CO, job.u_rows, (g.C, g.CO), begin, M, 0, False),
            )
    if spreads:
        for e in range(ENTRIES):  # d_V = d_M · Uᵀ
            product(
                *(M, e * P * g.CO, job.m_rows, (0, 1)),
                *(job.U, e * g.C * g.CO, (0, g.C), (1, g.CO)),
                *(V, e * P * g.C, job.v_rows, (P, g.C), ZERO, M, 0, False),
            )
        for n in range(first, last):
            p = (n - first) * g.tiles
            transform_input_gradient(V, p, P, g, job.dx, n * image)

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

from scratchnet.kernels.convolution import direct
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
from scratchnet.kernels.convolution.jobs import (
    CHUNKS,
    Geometry,
    add_chunks,
    geometry,
    offsets,
    scratch,
)
from scratchnet.kernels.convolution.transforms import (
    ENTRIES,
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
from scratchnet.kernels.machine.tile import ADD, ZERO, Left, Result, Right, Sums
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
        tiles: of 2x2 pixels that cover an image's output.
        group: images that are transformed at once.
    """

    x: np.ndarray
    U: np.ndarray
    bias: np.ndarray
    z: np.ndarray
    V: np.ndarray
    M: np.ndarray
    v_rows: np.ndarray
    m_rows: np.ndarray
    tiles: int
    group: int


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
        tiles: of 2x2 pixels that cover an image's output.
        group: images that are transformed at once.
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
    tiles: int
    group: int
    chunks: int


def suits(weight_shape, strides):
    """Return whether this rung has an algorithm of its own for a convolution."""
    KH, KW, C, CO = weight_shape
    return (KH, KW) == (3, 3) and strides == (1, 1) and min(C, CO) >= FEWEST_CHANNELS


def convolution_forward_winograd(x, weight, bias, y, strides, pads):
    """Compute y = Aᵀ [U ⊙ V] A + bias, tile by tile.

    Shapes and arguments as in `convolution_forward_reference`.
    """
    g = geometry(x.shape, weight.shape, y.shape, strides, pads)
    forward(g, x, weight, bias, y, no_epilogue(x.dtype))


def convolution_backward_weight_winograd(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight = Gᵀ [∑ Vᵀ · A dy Aᵀ] G, summed over tiles.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    g = geometry(x.shape, d_weight.shape, dy.shape, strides, pads)
    backward(g, x, None, given(dy), d_weight, d_bias, None)


def convolution_backward_input_winograd(dy, weight, dx, strides, pads):
    """Compute dx = B [A dy Aᵀ · Uᵀ] Bᵀ, added up where tiles overlap.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    g = geometry(dx.shape, weight.shape, dy.shape, strides, pads)
    backward(g, None, weight, given(dy), None, None, dx)


def forward(g, x, weight, bias, z, epilogue):
    """Compute z, and what follows it, a few images at a time."""
    if not _suits(g):
        direct.forward(g, x, weight, bias, z, epilogue)
        return
    count, tiles, dtype = workers(), _tiles(g), x.dtype
    group = images_at_once(g.N, tiles, count)
    P = group * tiles
    job = Forward(
        x.reshape(-1),
        _transformed(g, weight),
        bias,
        z.reshape(-1),
        _entries("V", count, P * g.C, dtype),
        _entries("M", count, P * g.CO, dtype),
        offsets(P, g.C),
        offsets(P, g.CO),
        tiles,
        group,
    )
    epilogue = with_scratch(epilogue, count, group * g.OH * g.OW * g.CO, dtype)
    launch(_forward_groups, count, job, epilogue, g)


def backward(g, x, weight, gradient, d_weight, d_bias, dx):
    """Compute d_weight and d_bias from x, and dx from weight, or one of the two.

    What is neither wanted nor read is None.
    """
    if g.N == 0 or not _suits(g):
        direct.backward(g, x, weight, gradient, d_weight, d_bias, dx)
        return
    learns, spreads = d_weight is not None, dx is not None
    count, tiles, dtype, K = workers(), _tiles(g), gradient.dy.dtype, g.C * g.CO
    chunks, nothing = g.N, np.empty(0, dtype)
    if learns:
        chunks = max(1, min(chunks, CHUNKS, chunks * tiles // TILES_AT_ONCE))
    group = images_at_once(g.N, tiles, chunks)
    P, rows = group * tiles, chunks if learns else 0
    U = nothing
    if spreads:
        U = _entries("Uᵀ", 1, K, dtype)[0]
        _exchange_channels(_transformed(g, weight), g.C, g.CO, U)
    job = Backward(
        x.reshape(-1) if learns else nothing,
        U,
        scratch("d_weights", (rows, g.KH * g.KW * K), dtype),
        scratch("d_biases", (rows, g.CO), dtype),
        dx.reshape(-1) if spreads else nothing,
        _entries("V", count, P * g.C, dtype),
        _entries("M", count, P * g.CO, dtype),
        _entries("d_U", count, K if learns else 0, dtype),
        offsets(P, g.C),
        offsets(P, g.CO),
        offsets(g.C, 1),
        offsets(g.C, g.CO),
        tiles,
        group,
        chunks,
    )
    gradient = with_scratch(gradient, count, g.OH * g.OW * g.CO, dtype)
    launch(_backward_chunks, count, job, gradient, g)
    if learns:
        add_chunks(job.d_weights, job.d_biases, d_weight.reshape(-1), d_bias)


def _suits(g):
    return suits((g.KH, g.KW, g.C, g.CO), (g.SH, g.SW))


def images_at_once(images, tiles, shares):
    """Return how many images make a group, so that every share has one."""
    return max(1, min(-(-TILES_AT_ONCE // tiles), images // shares))


def _tiles(g):
    """Return how many tiles of 2x2 pixels cover an image."""
    return ((g.OH + 1) // 2) * ((g.OW + 1) // 2)


def _entries(name, rows, size, dtype):
    return scratch(name, (rows, ENTRIES * size), dtype)


def _transformed(g, weight):
    """Return U."""
    U = _entries("U", 1, g.C * g.CO, weight.dtype)[0]
    _transform_kernels(weight.reshape(-1), g.C, g.CO, U)
    return U


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
    job, epilogue, g = Forward(*job), Epilogue(*epilogue), Geometry(*g)
    V, M = job.V[worker], job.M[worker]
    plane, size = (g.OH, g.OW, g.CO), g.OH * g.OW * g.CO
    groups = (g.N + job.group - 1) // job.group
    group = take(waiting, worker, groups)
    while group < groups:
        first = group * job.group
        last = min(g.N, first + job.group)
        P = (last - first) * job.tiles
        for n in range(first, last):
            transform_input(
                job.x, n * g.H * g.W * g.C, g, V, (n - first) * job.tiles, P
            )
        for e in range(ENTRIES):
            product(
                Left(V, e * P * g.C, job.v_rows, (0, 1)),
                Right(job.U, e * g.C * g.CO, (0, g.CO)),
                Result(M, e * P * g.CO, job.m_rows, (P, g.CO)),
                Sums((1, g.C), ZERO, job.bias, 0, False),
            )
        for n in range(first, last):
            p = (n - first) * job.tiles
            out, at = output_of(epilogue, job.z, n, size, worker, n - first)
            transform_output(M, p, P, g, job.bias, out, at, epilogue.relu)
            finish_image(epilogue, out, at, n, plane)
        group = take(waiting, worker, groups)


@compiled
def _backward_chunks(worker, waiting, job, gradient, g):
    job, gradient, g = Backward(*job), Gradient(*gradient), Geometry(*g)
    learns = len(job.d_weights) > 0
    chunk = take(waiting, worker, job.chunks)
    while chunk < job.chunks:
        start, stop = chunk * g.N // job.chunks, (chunk + 1) * g.N // job.chunks
        if learns:
            clear(job.d_biases[chunk], 0, g.CO)
        for first in range(start, stop, job.group):
            last = min(stop, first + job.group)
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
    P = (last - first) * job.tiles
    for n in range(first, last):
        p = (n - first) * job.tiles
        dz, at = gradient_of(gradient, n, plane, worker)
        transform_gradient(dz, at, g, M, p, P)
        if learns:
            rows = Right(dz, at, (g.OW * g.CO, g.CO))
            add_rows(rows, (g.OH, g.OW), job.d_biases[chunk])
            transform_input(job.x, n * image, g, V, p, P)
    if learns:
        for e in range(ENTRIES):  # d_U (+)= Vᵀ · d_M
            product(
                Left(V, e * P * g.C, job.v_columns, (0, g.C)),
                Right(M, e * P * g.CO, (0, g.CO)),
                Result(d_U, e * g.C * g.CO, job.u_rows, (g.C, g.CO)),
                Sums((1, P), begin, M, 0, False),
            )
    if spreads:
        for e in range(ENTRIES):  # d_V = d_M · Uᵀ
            product(
                Left(M, e * P * g.CO, job.m_rows, (0, 1)),
                Right(job.U, e * g.C * g.CO, (0, g.C)),
                Result(V, e * P * g.C, job.v_rows, (P, g.C)),
                Sums((1, g.CO), ZERO, M, 0, False),
            )
        for n in range(first, last):
            p = (n - first) * job.tiles
            transform_input_gradient(V, p, P, g, job.dx, n * image)

"""Convolution, rung 4: 3x3 windows with fewer multiplications than they have.

Against `direct`: 16 products per 2x2 output pixels and channel instead of 36, in all
three passes; see `transforms` for the algebra. A few images at a time are transformed,
multiplied and transformed back by one thread, in memory that stays in its cache. Other
windows than 3x3 with strides of 1, and few channels, are left to `direct`.

What limits this rung: the transforms, which take their time without counting as
arithmetic; and rounding, for tiles of 4x4 outputs would need fewer products still, but
factors of up to 8 in their transforms.

Images do not meet before the sums over them, which are taken in a fixed order: any
number of threads gives the same bits, and a sample's result depends neither on the
batch nor on its place in it.

Reference: Lavin & Gray (2016), "Fast algorithms for convolutional neural networks".
"""

import numpy as np
from numba import prange

from scratchnet import workspace
from scratchnet.kernels.compile import compiled, parallel
from scratchnet.kernels.convolution import direct
from scratchnet.kernels.convolution.direct import (
    BLOCK,
    CHUNKS,
    add_chunks,
    offsets,
)
from scratchnet.kernels.convolution.epilogues import (
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
from scratchnet.kernels.products import add_rows, clear, product
from scratchnet.kernels.simd import transpose
from scratchnet.kernels.tile import ADD, ZERO
from scratchnet.kernels.workers import address_of, call, take, workers

# With fewer channels the transforms cost more than the products that they save.
FEWEST_CHANNELS = 8

# Tiles that are multiplied at once: enough to fill register tiles, few enough to
# stay in the second-level cache.
TILES_AT_ONCE = 64


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
    N, H, W, C = x.shape
    _, OH, OW, CO = z_shape
    g = Geometry(H, W, C, OH, OW, CO, *pads)
    tiles, count = g.tiles, workers()
    group = images_at_once(N, tiles, count)
    P = group * tiles
    epilogue = with_scratch(epilogue, count, group * OH * OW * CO, x.dtype)
    arguments = (
        *(x.reshape(-1), weight.reshape(-1), bias, z.reshape(-1), epilogue, g),
        _scratch("U", 1, C * CO, x.dtype)[0],
        _scratch("V", count, P * C, x.dtype),
        _scratch("M", count, P * CO, x.dtype),
        *(offsets(P, C), offsets(P, CO), (N, group, tiles, count)),
    )
    _forward(address_of(_forward_groups, *arguments), *arguments)


def backward(x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads):
    """Compute d_weight and d_bias unless they are None, and dx unless it is."""
    if len(x) == 0 or not suits(weight.shape, strides):
        direct.backward(
            x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads
        )
        return
    N, H, W, C = x.shape
    _, OH, OW, CO = z_shape
    g = Geometry(H, W, C, OH, OW, CO, *pads)
    tiles, count = g.tiles, workers()
    chunks = N
    if d_weight is not None:
        chunks = max(1, min(N, CHUNKS, N * tiles // TILES_AT_ONCE))
    group = images_at_once(N, tiles, chunks)
    P, dtype = group * tiles, x.dtype
    nothing = np.empty(0, dtype)
    gradient = with_scratch(gradient, count, OH * OW * CO, dtype)
    learns, spreads = d_weight is not None, dx is not None
    owner = "convolution"
    partial = workspace.empty(
        owner, "d_weights", (chunks if learns else 0, 9 * C * CO), dtype
    )
    sums = workspace.empty(owner, "d_biases", (len(partial), CO), dtype)
    arguments = (
        *(x.reshape(-1), gradient, partial, sums),
        weight.reshape(-1) if spreads else nothing,
        dx.reshape(-1) if spreads else nothing,
        _scratch("U", 1, C * CO if spreads else 0, dtype)[0],
        _scratch("Uᵀ", 1, C * CO if spreads else 0, dtype)[0],
        _scratch("V", count, P * C, dtype),
        _scratch("M", count, P * CO, dtype),
        _scratch("d_U", count, C * CO if learns else 0, dtype),
        *(offsets(P, C), offsets(P, CO), offsets(C, 1), offsets(C, CO)),
        d_weight.reshape(-1) if learns else nothing,
        d_bias if learns else nothing,
        *(g, (N, chunks, group, tiles, count)),
    )
    _backward(address_of(_backward_chunks, *arguments), *arguments)


def images_at_once(images, tiles, shares):
    """Return how many images make a group, so that every share has one."""
    return max(1, min(-(-TILES_AT_ONCE // tiles), images // shares))


def _scratch(name, rows, size, dtype):
    return workspace.empty("convolution", name, (rows, ENTRIES * size), dtype)


@parallel
def _forward(
    address,
    x,
    weight,
    bias,
    z,
    epilogue,
    g,
    U,
    V_of_workers,
    M_of_workers,
    v_rows,
    m_rows,
    sizes,
):
    for c in prange(g.C):
        transform_kernel(weight, c, g.C, g.CO, U)
    waiting = np.zeros(1, np.int64)
    for worker in prange(sizes[3]):
        own = (
            *(np.int64(worker), waiting),
            x,
            weight,
            bias,
            z,
            epilogue,
            g,
            U,
            V_of_workers,
            M_of_workers,
            v_rows,
            m_rows,
            sizes,
        )
        call(address, _forward_groups, own)


@compiled
def _forward_groups(
    worker,
    waiting,
    x,
    weight,
    bias,
    z,
    epilogue,
    g,
    U,
    V_of_workers,
    M_of_workers,
    v_rows,
    m_rows,
    sizes,
):
    """Convolve groups of images until none is left."""
    N, group, T, _ = sizes
    V, M = V_of_workers[worker], M_of_workers[worker]
    plane, size = (g.OH, g.OW, g.CO), g.OH * g.OW * g.CO
    first = take(waiting) * group
    while first < N:
        last = min(N, first + group)
        P = (last - first) * T
        for n in range(first, last):
            transform_input(x, n * g.H * g.W * g.C, g, V, (n - first) * T, P)
        for e in range(ENTRIES):
            product(
                *(V, e * P * g.C, v_rows, (0, 1)),
                *(U, e * g.C * g.CO, (0, g.CO), (1, g.C)),
                *(M, e * P * g.CO, m_rows, (P, g.CO), ZERO, bias, 0, False),
            )
        for n in range(first, last):
            out, at = output_of(epilogue, z, n, size, worker, n - first)
            transform_output(M, (n - first) * T, P, g, bias, out, at, epilogue.relu)
            finish_image(epilogue, out, at, n, plane)
        first = take(waiting) * group


@parallel
def _backward(
    address,
    x,
    gradient,
    partial,
    sums,
    weight,
    dx,
    U,
    U_transposed,
    V_of_workers,
    M_of_workers,
    d_U_of_workers,
    v_rows,
    m_rows,
    channels,
    u_rows,
    d_weight,
    d_bias,
    g,
    sizes,
):
    if len(dx) > 0:
        for c in prange(g.C):
            transform_kernel(weight, c, g.C, g.CO, U)
        for e in prange(ENTRIES):
            at = e * g.C * g.CO
            transpose(U, at, g.CO, g.C, g.CO, U_transposed, at, g.C)
    waiting = np.zeros(1, np.int64)
    for worker in prange(sizes[4]):
        own = (
            *(np.int64(worker), waiting),
            x,
            gradient,
            partial,
            sums,
            weight,
            dx,
            U,
            U_transposed,
            V_of_workers,
            M_of_workers,
            d_U_of_workers,
            v_rows,
            m_rows,
            channels,
            u_rows,
            d_weight,
            d_bias,
            g,
            sizes,
        )
        call(address, _backward_chunks, own)
    if len(d_weight) > 0:
        for block in prange((len(d_weight) + BLOCK - 1) // BLOCK):
            add_chunks(partial, np.intp(block) * BLOCK, d_weight)
        add_chunks(sums, 0, d_bias)


@compiled
def _backward_chunks(
    worker,
    waiting,
    x,
    gradient,
    partial,
    sums,
    weight,
    dx,
    U,
    U_transposed,
    V_of_workers,
    M_of_workers,
    d_U_of_workers,
    v_rows,
    m_rows,
    channels,
    u_rows,
    d_weight,
    d_bias,
    g,
    sizes,
):
    """Go back through chunks of images, a group at a time, until none is left."""
    N, chunks, group, T, _ = sizes
    learns, spreads = len(d_weight) > 0, len(dx) > 0
    V, M, d_U = V_of_workers[worker], M_of_workers[worker], d_U_of_workers[worker]
    plane, image = (g.OH, g.OW, g.CO), g.H * g.W * g.C
    chunk = take(waiting)
    while chunk < chunks:
        start, stop = chunk * N // chunks, (chunk + 1) * N // chunks
        if learns:
            clear(sums[chunk], 0, g.CO)
        for first in range(start, stop, group):
            last = min(stop, first + group)
            P = (last - first) * T
            for n in range(first, last):
                dz, at = gradient_of(gradient, n, plane, worker, 0)
                transform_gradient(dz, at, g, M, (n - first) * T, P)
                if learns:
                    add_rows(dz, at, (g.OW * g.CO, g.CO), (g.OH, g.OW), sums[chunk])
                    transform_input(x, n * image, g, V, (n - first) * T, P)
            if learns:
                begin = ZERO if first == start else ADD
                _multiply_weights(V, M, d_U, channels, u_rows, P, g, begin)
            if spreads:
                _multiply_inputs(M, U_transposed, V, m_rows, v_rows, P, g)
                for n in range(first, last):
                    p = (n - first) * T
                    transform_input_gradient(V, p, P, g, dx, n * image)
        if learns:
            for c in range(g.C):
                transform_kernel_gradient(d_U, c, g.C, g.CO, partial[chunk], 0)
        chunk = take(waiting)


@compiled
def _multiply_weights(V, M, d_U, channels, u_rows, P, g, begin):
    """d_U (+)= Vᵀ · d_M, entry by entry."""
    for e in range(ENTRIES):
        product(
            *(V, e * P * g.C, channels, (0, g.C)),
            *(M, e * P * g.CO, (0, g.CO), (1, P)),
            *(d_U, e * g.C * g.CO, u_rows, (g.C, g.CO), begin, M, 0, False),
        )


@compiled
def _multiply_inputs(M, U_transposed, d_V, m_rows, v_rows, P, g):
    """d_V = d_M · Uᵀ, entry by entry."""
    for e in range(ENTRIES):
        product(
            *(M, e * P * g.CO, m_rows, (0, 1)),
            *(U_transposed, e * g.C * g.CO, (0, g.C), (1, g.CO)),
            *(d_V, e * P * g.C, v_rows, (P, g.C), ZERO, M, 0, False),
        )

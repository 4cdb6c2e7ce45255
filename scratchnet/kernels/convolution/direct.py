"""Convolution, rung 3: register tiles on the images themselves, nothing unfolded.

Against `im2col`: the columns, 9 times the size of the image for a 3x3 kernel, are
neither written nor read. The tile of `scratchnet.kernels.tile` finds the rows of the
unfolded matrix where they lie in the image, by a table of offsets; bias and ReLU are
applied before its sums leave the registers.

    forward          pixels × output channels, summed over the window
    weight gradient  elements of the window × output channels, summed over pixels
    input gradient   pixels × channels, for one tap of the kernel after the other: for
                     one tap, the pixels that dz's pixels came from are all different

What limits this rung: the multiplications themselves. Winograd's algorithm has
fewer.

The order of every sum depends on shapes alone: any number of threads gives the same
bits, and a sample's result depends neither on the batch nor on its place in it.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba import prange

from scratchnet import workspace
from scratchnet.kernels.compile import compiled, parallel
from scratchnet.kernels.convolution.epilogues import (
    finish_image,
    given,
    gradient_of,
    no_epilogue,
    output_of,
    with_scratch,
)
from scratchnet.kernels.products import add_rows, clear, product
from scratchnet.kernels.tile import ADD, BIAS
from scratchnet.kernels.workers import address_of, call, take, workers

# Images are cut into at most this many chunks with a d_weight of their own.
CHUNKS = 8

# Elements of d_weight that a thread adds up at once.
BLOCK = 1 << 12


class Geometry(NamedTuple):
    """Sizes of a convolution, per image; the image has its padding around it."""

    H: int
    W: int
    C: int
    KH: int
    KW: int
    SH: int
    SW: int
    OH: int
    OW: int
    CO: int


def convolution_forward_direct(x, weight, bias, y, strides, pads):
    """Compute y: for each image, pixels × output channels, summed over the window.

    Shapes and arguments as in `convolution_forward_reference`.
    """
    forward(x, weight, bias, y, y.shape, strides, pads, no_epilogue(x.dtype))


def convolution_backward_weight_direct(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight: elements of the window × output channels, summed over pixels.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    unread = d_weight  # only its shape counts
    backward(x, unread, given(dy), dy.shape, d_weight, d_bias, None, strides, pads)


def convolution_backward_input_direct(dy, weight, dx, strides, pads):
    """Add dy · weightᵀ to dx, one tap of the kernel after the other.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    unread = dx  # without d_weight, only its shape counts
    backward(unread, weight, given(dy), dy.shape, None, None, dx, strides, pads)


def forward(x, weight, bias, z, z_shape, strides, pads, epilogue):
    """Compute z of a shape, and what follows it, image by image."""
    x = _padded(x, weight.shape, z_shape, strides, pads)
    g = _geometry(x.shape, weight.shape, z_shape, strides)
    count = workers()
    epilogue = with_scratch(epilogue, count, g.OH * g.OW * g.CO, x.dtype)
    arguments = (
        *(x.reshape(-1), weight.reshape(-1), bias, z.reshape(-1), epilogue),
        pixel_offsets(g.OH, g.OW, g.SH * g.W * g.C, g.SW * g.C),
        *(offsets(g.OH * g.OW, g.CO), g, len(x), count),
    )
    _forward(address_of(_forward_images, *arguments), *arguments)


def backward(x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads):
    """Compute d_weight and d_bias unless they are None, and dx unless it is.

    Every chunk of images sums into arrays of its own; then the chunks are added in
    order.
    """
    if len(x) == 0:
        clear_gradients(d_weight, d_bias)
        return
    learns, spreads = d_weight is not None, dx is not None
    N, dtype = len(x), x.dtype
    nothing = np.empty(0, dtype)
    padded_dx, transposed = nothing, nothing
    if spreads:
        shape = _padded_shape(dx.shape, weight.shape, z_shape, strides, pads)
        padded_dx = dx if shape == dx.shape else _scratch("padded dx", shape, dtype)
        KH, KW, C, CO = weight.shape
        transposed = _scratch("taps", (KH, KW, CO, C), dtype)
        np.copyto(transposed, weight.transpose(0, 1, 3, 2))
    x = _padded(x, weight.shape, z_shape, strides, pads) if learns else padded_dx
    g = _geometry(x.shape, weight.shape, z_shape, strides)
    chunks = min(N, CHUNKS) if learns else N
    rows = chunks if learns else 0
    partial = _scratch("d_weights", (rows, weight.size), dtype)
    sums = _scratch("d_biases", (rows, g.CO), dtype)
    count = workers()
    gradient = with_scratch(gradient, count, g.OH * g.OW * g.CO, dtype)
    arguments = (
        *(x.reshape(-1), gradient, partial, sums),
        *(transposed.reshape(-1), padded_dx.reshape(-1)),
        d_weight.reshape(-1) if learns else nothing,
        d_bias if learns else nothing,
        pixel_offsets(g.OH, g.OW, g.SH * g.W * g.C, g.SW * g.C),
        offsets(g.OH * g.OW, g.CO),
        pixel_offsets(g.KH, g.KW * g.C, g.W * g.C, 1),
        offsets(g.KH * g.KW * g.C, g.CO),
        *(g, N, chunks, count),
    )
    _backward(address_of(_backward_chunks, *arguments), *arguments)
    if spreads and padded_dx is not dx:
        top, left = pads
        image = padded_dx[:, top : top + dx.shape[1], left : left + dx.shape[2]]
        np.copyto(dx, image)


def clear_gradients(d_weight, d_bias):
    """Write the gradients of a batch without images: the sums over nothing."""
    if d_weight is not None:
        d_weight[...] = 0
        d_bias[...] = 0


@parallel
def _forward(address, x, weight, bias, z, epilogue, x_rows, z_rows, g, images, workers):
    waiting = np.zeros(1, np.int64)
    for worker in prange(workers):
        own = (
            *(np.int64(worker), waiting),
            x,
            weight,
            bias,
            z,
            epilogue,
            x_rows,
            z_rows,
            g,
            images,
            workers,
        )
        call(address, _forward_images, own)


@compiled
def _forward_images(
    worker,
    waiting,
    x,
    weight,
    bias,
    z,
    epilogue,
    x_rows,
    z_rows,
    g,
    images,
    workers,
):
    """Convolve images until none is left."""
    plane, size = (g.OH, g.OW, g.CO), g.OH * g.OW * g.CO
    n = take(waiting)
    while n < images:
        out, at = output_of(epilogue, z, n, size, worker, 0)
        product(
            *(x, n * g.H * g.W * g.C, x_rows, (g.W * g.C, 1)),
            *(weight, 0, (g.KW * g.C * g.CO, g.CO), (g.KH, g.KW * g.C)),
            *(out, at, z_rows, (g.OH * g.OW, g.CO), BIAS, bias, 0, epilogue.relu),
        )
        finish_image(epilogue, out, at, n, plane)
        n = take(waiting)


@parallel
def _backward(
    address,
    x,
    gradient,
    partial,
    sums,
    transposed,
    dx,
    d_weight,
    d_bias,
    x_rows,
    z_rows,
    window,
    weight_rows,
    g,
    images,
    chunks,
    workers,
):
    waiting = np.zeros(1, np.int64)
    for worker in prange(workers):
        own = (
            *(np.int64(worker), waiting),
            x,
            gradient,
            partial,
            sums,
            transposed,
            dx,
            d_weight,
            d_bias,
            x_rows,
            z_rows,
            window,
            weight_rows,
            g,
            images,
            chunks,
            workers,
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
    transposed,
    dx,
    d_weight,
    d_bias,
    x_rows,
    z_rows,
    window,
    weight_rows,
    g,
    images,
    chunks,
    workers,
):
    """Go back through chunks of images until none is left."""
    learns, spreads = len(d_weight) > 0, len(dx) > 0
    image, plane = g.H * g.W * g.C, (g.OH, g.OW, g.CO)
    row, pixel = g.OW * g.CO, g.CO
    chunk = take(waiting)
    while chunk < chunks:
        if learns:
            clear(partial[chunk], 0, len(d_weight))
            clear(sums[chunk], 0, g.CO)
        for n in range(chunk * images // chunks, (chunk + 1) * images // chunks):
            dz, at = gradient_of(gradient, n, plane, worker, 0)
            if learns:
                add_rows(dz, at, (row, pixel), (g.OH, g.OW), sums[chunk])
                product(
                    *(x, n * image, window, (g.SH * g.W * g.C, g.SW * g.C)),
                    *(dz, at, (row, pixel), (g.OH, g.OW)),
                    *(partial[chunk], 0, weight_rows, (len(window), g.CO)),
                    *(ADD, d_bias, 0, False),
                )
            if spreads:
                spread_image(dz, at, z_rows, transposed, dx, n * image, x_rows, g)
        chunk = take(waiting)


@compiled
def spread_image(dz, at, z_rows, transposed, dx, to, x_rows, g):
    """Write dx of one image: dz · weightᵀ, tap by tap, where its pixels came from."""
    clear(dx, to, g.H * g.W * g.C)
    for kh in range(g.KH):
        for kw in range(g.KW):
            product(
                *(dz, at, z_rows, (0, 1)),
                *(transposed, (kh * g.KW + kw) * g.CO * g.C, (0, g.C), (1, g.CO)),
                *(dx, to + (kh * g.W + kw) * g.C, x_rows, (len(z_rows), g.C)),
                *(ADD, transposed, 0, False),
            )


@compiled
def add_chunks(partial, first, total):
    """Write the sum over the chunks, in order, to one block of ``total``."""
    last = min(len(total), first + BLOCK)
    for chunk in range(len(partial)):
        own = partial[chunk]
        for i in range(first, last):
            total[i] = own[i] if chunk == 0 else total[i] + own[i]


# Padding: a copy of the images with zeros around them, where any are needed.


def _padded_shape(shape, weight_shape, z_shape, strides, pads):
    """Return the shape of the images with the padding that the windows reach into."""
    N, H, W, C = shape
    KH, KW = weight_shape[:2]
    _, OH, OW, _ = z_shape
    bottom = (OH - 1) * strides[0] + KH
    right = (OW - 1) * strides[1] + KW
    return (N, max(pads[0] + H, bottom), max(pads[1] + W, right), C)


def _padded(x, weight_shape, z_shape, strides, pads):
    shape = _padded_shape(x.shape, weight_shape, z_shape, strides, pads)
    if shape == x.shape:
        return x
    padded = _scratch("padded x", shape, x.dtype)
    padded[...] = 0
    top, left = pads
    padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    return padded


def _scratch(name, shape, dtype):
    return workspace.empty("convolution", name, shape, dtype)


def _geometry(x_shape, weight_shape, z_shape, strides):
    KH, KW, C, CO = weight_shape
    return Geometry(*x_shape[1:3], C, KH, KW, *strides, *z_shape[1:3], CO)


# Tables of offsets. They depend on shapes alone and are kept.


@functools.lru_cache(maxsize=256)
def pixel_offsets(rows, columns, row_stride, column_stride):
    """Return the offset of each pixel of a plane, row by row."""
    table = (
        np.arange(rows)[:, np.newaxis] * row_stride + np.arange(columns) * column_stride
    )
    return np.ascontiguousarray(table.reshape(-1), np.int64)


def offsets(count, stride):
    """Return the offsets of rows that lie one after the other."""
    return pixel_offsets(1, count, 0, stride)

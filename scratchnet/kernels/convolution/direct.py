"""Convolution, rung 3: register tiles on the images themselves, nothing unfolded.

Against `im2col`: the columns, 9 times the size of the image for a 3x3 kernel, are
neither written nor read. The tile of `scratchnet.kernels.machine.tile` finds the rows
of the unfolded matrix where they lie in the image, by a table of offsets; bias and
ReLU are applied before its sums leave the registers.

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

from scratchnet.foundation import workspace
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
from scratchnet.kernels.machine.compile import compiled, compiled_once, parallel
from scratchnet.kernels.machine.products import add_rows, clear, product
from scratchnet.kernels.machine.tile import ADD, BIAS
from scratchnet.kernels.machine.workers import launch, take, workers

# Images are cut into at most this many chunks with a d_weight of their own.
CHUNKS = 8

# Elements of d_weight that a thread adds up at once.
BLOCK = 1 << 12


class Geometry(NamedTuple):
    """Sizes of a convolution; the images have their padding around them."""

    N: int
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


class Forward(NamedTuple):
    """What images are convolved with, and where to.

    Attributes:
        x: images, flat.
        weight: kernels, flat.
        bias: (CO,).
        z: written, flat; or empty, where the epilogue keeps something else.
        x_rows: where in an image each window begins.
        z_rows: where in an output each pixel begins.
    """

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    z: np.ndarray
    x_rows: np.ndarray
    z_rows: np.ndarray


class Backward(NamedTuple):
    """What gradients are made of, and where to.

    Attributes:
        x: images, flat; read if there is a ``d_weights``.
        transposed: kernels with their channels exchanged, flat.
        d_weights: (chunks, weights), written; a row for each chunk of images, or none.
        d_biases: (chunks, CO), written; the same.
        dx: written, flat; or empty.
        x_rows: where in an image each window begins.
        z_rows: where in an output each pixel begins.
        window: where in an image each element of the first window is.
        weight_rows: where in the kernels it is.
    """

    x: np.ndarray
    transposed: np.ndarray
    d_weights: np.ndarray
    d_biases: np.ndarray
    dx: np.ndarray
    x_rows: np.ndarray
    z_rows: np.ndarray
    window: np.ndarray
    weight_rows: np.ndarray


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
    g = _geometry(x.shape, weight.shape, z_shape, strides, pads)
    count = workers()
    job = Forward(
        *(_padded(x, g, pads).reshape(-1), weight.reshape(-1), bias, z.reshape(-1)),
        *(_windows(g), offsets(g.OH * g.OW, g.CO)),
    )
    epilogue = with_scratch(epilogue, count, g.OH * g.OW * g.CO, x.dtype)
    launch(_forward_images, count, job, epilogue, g)


def backward(x, weight, gradient, z_shape, d_weight, d_bias, dx, strides, pads):
    """Compute d_weight and d_bias unless they are None, and dx unless it is.

    Every chunk of images sums into arrays of its own; then the chunks are added in
    order.
    """
    if len(x) == 0:
        clear_gradients(d_weight, d_bias)
        return
    g = _geometry(x.shape, weight.shape, z_shape, strides, pads)
    count, chunks = workers(), 0
    padded_dx = transposed = np.empty(0, x.dtype)
    if d_weight is not None:
        x, chunks = _padded(x, g, pads), min(g.N, CHUNKS)
    if dx is not None:
        shape = g.N, g.H, g.W, g.C
        padded_dx = dx if shape == dx.shape else _scratch("padded dx", shape, x.dtype)
        transposed = _scratch("taps", (g.KH, g.KW, g.CO, g.C), x.dtype)
        np.copyto(transposed, weight.transpose(0, 1, 3, 2))
    job = Backward(
        *(x.reshape(-1), transposed.reshape(-1)),
        _scratch("d_weights", (chunks, weight.size), x.dtype),
        _scratch("d_biases", (chunks, g.CO), x.dtype),
        *(padded_dx.reshape(-1), _windows(g), offsets(g.OH * g.OW, g.CO)),
        pixel_offsets(g.KH, g.KW * g.C, g.W * g.C, 1),
        offsets(g.KH * g.KW * g.C, g.CO),
    )
    gradient = with_scratch(gradient, count, g.OH * g.OW * g.CO, x.dtype)
    launch(_backward_chunks, count, job, gradient, g)
    if d_weight is not None:
        add_chunks(job.d_weights, job.d_biases, d_weight.reshape(-1), d_bias)
    if dx is not None and padded_dx is not dx:
        np.copyto(dx, _inside(padded_dx, dx.shape, pads))


def clear_gradients(d_weight, d_bias):
    """Write the gradients of a batch without images: the sums over nothing."""
    if d_weight is not None:
        d_weight[...] = 0
        d_bias[...] = 0


@compiled
def _forward_images(worker, waiting, job, epilogue, g):
    """Convolve images until none is left."""
    job, epilogue, g = Forward(*job), Epilogue(*epilogue), Geometry(*g)
    plane, size = (g.OH, g.OW, g.CO), g.OH * g.OW * g.CO
    n = take(waiting, worker, g.N)
    while n < g.N:
        out, at = output_of(epilogue, job.z, n, size, worker, 0)
        product(
            *(job.x, n * g.H * g.W * g.C, job.x_rows, (g.W * g.C, 1)),
            *(job.weight, 0, (g.KW * g.C * g.CO, g.CO), (g.KH, g.KW * g.C)),
            *(out, at, job.z_rows, (g.OH * g.OW, g.CO)),
            *(BIAS, job.bias, 0, epilogue.relu),
        )
        finish_image(epilogue, out, at, n, plane)
        n = take(waiting, worker, g.N)


@compiled
def _backward_chunks(worker, waiting, job, gradient, g):
    """Go back through chunks of images until none is left."""
    job, gradient, g = Backward(*job), Gradient(*gradient), Geometry(*g)
    learns, spreads = len(job.d_weights) > 0, len(job.dx) > 0
    chunks = len(job.d_weights) if learns else g.N
    image, plane = g.H * g.W * g.C, (g.OH, g.OW, g.CO)
    chunk = take(waiting, worker, chunks)
    while chunk < chunks:
        if learns:
            clear(job.d_weights[chunk], 0, job.d_weights.shape[1])
            clear(job.d_biases[chunk], 0, g.CO)
        for n in range(chunk * g.N // chunks, (chunk + 1) * g.N // chunks):
            dz, at = gradient_of(gradient, n, plane, worker)
            if learns:
                _learn_image(job, dz, at, n * image, chunk, g)
            if spreads:
                _spread_image(job, dz, at, n * image, g)
        chunk = take(waiting, worker, chunks)


@compiled_once
def _learn_image(job, dz, at, image, chunk, g):
    """Add one image's d_weight, windowᵀ · dz, and d_bias to those of its chunk."""
    row, pixel = g.OW * g.CO, g.CO
    add_rows(dz, at, (row, pixel), (g.OH, g.OW), job.d_biases[chunk])
    product(
        *(job.x, image, job.window, (g.SH * g.W * g.C, g.SW * g.C)),
        *(dz, at, (row, pixel), (g.OH, g.OW)),
        *(job.d_weights[chunk], 0, job.weight_rows, (len(job.window), g.CO)),
        *(ADD, job.d_biases[chunk], 0, False),
    )


@compiled_once
def _spread_image(job, dz, at, image, g):
    """Write dx of one image: dz · weightᵀ, tap by tap, where its pixels came from."""
    clear(job.dx, image, g.H * g.W * g.C)
    for kh in range(g.KH):
        for kw in range(g.KW):
            product(
                *(dz, at, job.z_rows, (0, 1)),
                *(job.transposed, (kh * g.KW + kw) * g.CO * g.C, (0, g.C), (1, g.CO)),
                *(job.dx, image + (kh * g.W + kw) * g.C, job.x_rows),
                *((len(job.z_rows), g.C), ADD, job.transposed, 0, False),
            )


@parallel
def add_chunks(d_weights, d_biases, d_weight, d_bias):
    """Write the sums over the chunks, in order."""
    for block in prange((len(d_weight) + BLOCK - 1) // BLOCK):
        first = np.intp(block) * BLOCK
        _add_block(d_weights, first, min(len(d_weight), first + BLOCK), d_weight)
    _add_block(d_biases, 0, len(d_bias), d_bias)


@compiled
def _add_block(partial, first, last, total):
    for chunk in range(len(partial)):
        own = partial[chunk]
        for i in range(first, last):
            total[i] = own[i] if chunk == 0 else total[i] + own[i]


# Padding: a copy of the images with zeros around them, where any are needed.


def _geometry(x_shape, weight_shape, z_shape, strides, pads):
    """Return sizes, those of the images with the padding that windows reach into."""
    N, H, W, C = x_shape
    KH, KW, _, CO = weight_shape
    OH, OW = z_shape[1:3]
    bottom, right = (OH - 1) * strides[0] + KH, (OW - 1) * strides[1] + KW
    H, W = max(pads[0] + H, bottom), max(pads[1] + W, right)
    return Geometry(N, H, W, C, KH, KW, *strides, OH, OW, CO)


def _padded(x, g, pads):
    shape = len(x), g.H, g.W, g.C
    if shape == x.shape:
        return x
    padded = _scratch("padded x", shape, x.dtype)
    padded[...] = 0
    np.copyto(_inside(padded, x.shape, pads), x)
    return padded


def _inside(padded, shape, pads):
    """Return a view of the images without their padding."""
    top, left = pads
    return padded[:, top : top + shape[1], left : left + shape[2]]


def _scratch(name, shape, dtype):
    return workspace.empty("convolution", name, shape, dtype)


# Tables of offsets. They depend on shapes alone and are kept.


@functools.lru_cache(maxsize=256)
def pixel_offsets(rows, columns, row_stride, column_stride):
    """Return the offset of each pixel of a plane, row by row."""
    table = (
        np.arange(rows)[:, np.newaxis] * row_stride + np.arange(columns) * column_stride
    )
    return np.ascontiguousarray(table.reshape(-1), np.int64)


def _windows(g):
    """Return where in an image each window begins."""
    return pixel_offsets(g.OH, g.OW, g.SH * g.W * g.C, g.SW * g.C)


def offsets(count, stride):
    """Return the offsets of rows that lie one after the other."""
    return pixel_offsets(1, count, 0, stride)

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

from typing import NamedTuple

import numpy as np

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
    pixel_offsets,
    scratch,
)
from scratchnet.kernels.machine.compile import compiled, compiled_once
from scratchnet.kernels.machine.products import add_rows, clear, product
from scratchnet.kernels.machine.tile import ADD, BIAS, Left, Result, Right, Sums
from scratchnet.kernels.machine.workers import launch, take, workers


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
    g = geometry(x.shape, weight.shape, y.shape, strides, pads)
    forward(g, x, weight, bias, y, no_epilogue(x.dtype))


def convolution_backward_weight_direct(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight: elements of the window × output channels, summed over pixels.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    g = geometry(x.shape, d_weight.shape, dy.shape, strides, pads)
    backward(g, x, None, given(dy), d_weight, d_bias, None)


def convolution_backward_input_direct(dy, weight, dx, strides, pads):
    """Add dy · weightᵀ to dx, one tap of the kernel after the other.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    g = geometry(dx.shape, weight.shape, dy.shape, strides, pads)
    backward(g, None, weight, given(dy), None, None, dx)


def forward(g, x, weight, bias, z, epilogue):
    """Compute z, and what follows it, image by image."""
    count, padded = workers(), _with_padding(g)
    job = Forward(
        _padded(x, g, padded).reshape(-1),
        weight.reshape(-1),
        bias,
        z.reshape(-1),
        _windows(padded),
        offsets(g.OH * g.OW, g.CO),
    )
    epilogue = with_scratch(epilogue, count, g.OH * g.OW * g.CO, x.dtype)
    launch(_forward_images, count, job, epilogue, padded)


def backward(g, x, weight, gradient, d_weight, d_bias, dx):
    """Compute d_weight and d_bias from x, and dx from weight, or one of the two.

    What is neither wanted nor read is None. Every chunk of images sums into arrays of
    its own; then the chunks are added in order.
    """
    if g.N == 0:
        if d_weight is not None:  # the sums over nothing
            d_weight[...] = 0
            d_bias[...] = 0
        return
    padded, dtype = _with_padding(g), gradient.dy.dtype
    count, chunks = workers(), 0
    padded_x = padded_dx = transposed = np.empty(0, dtype)
    if d_weight is not None:
        padded_x, chunks = _padded(x, g, padded), min(g.N, CHUNKS)
    if dx is not None:
        shape = g.N, padded.H, padded.W, g.C
        padded_dx = dx if shape == dx.shape else scratch("padded dx", shape, dtype)
        transposed = scratch("taps", (g.KH, g.KW, g.CO, g.C), dtype)
        np.copyto(transposed, weight.transpose(0, 1, 3, 2))
    job = Backward(
        padded_x.reshape(-1),
        transposed.reshape(-1),
        scratch("d_weights", (chunks, g.KH * g.KW * g.C * g.CO), dtype),
        scratch("d_biases", (chunks, g.CO), dtype),
        padded_dx.reshape(-1),
        _windows(padded),
        offsets(g.OH * g.OW, g.CO),
        pixel_offsets(g.KH, g.KW * g.C, padded.W * g.C, 1),
        offsets(g.KH * g.KW * g.C, g.CO),
    )
    gradient = with_scratch(gradient, count, g.OH * g.OW * g.CO, dtype)
    launch(_backward_chunks, count, job, gradient, padded)
    if d_weight is not None:
        add_chunks(job.d_weights, job.d_biases, d_weight.reshape(-1), d_bias)
    if dx is not None and padded_dx is not dx:
        np.copyto(dx, _inside(padded_dx, g))


@compiled
def _forward_images(worker, waiting, job, epilogue, g):
    job, epilogue, g = Forward(*job), Epilogue(*epilogue), Geometry(*g)
    plane, size = (g.OH, g.OW, g.CO), g.OH * g.OW * g.CO
    n = take(waiting, worker, g.N)
    while n < g.N:
        out, at = output_of(epilogue, job.z, n, size, worker, 0)
        product(
            Left(job.x, n * g.H * g.W * g.C, job.x_rows, (g.W * g.C, 1)),
            Right(job.weight, 0, (g.KW * g.C * g.CO, g.CO)),
            Result(out, at, job.z_rows, (g.OH * g.OW, g.CO)),
            Sums((g.KH, g.KW * g.C), BIAS, job.bias, 0, epilogue.relu),
        )
        finish_image(epilogue, out, at, n, plane)
        n = take(waiting, worker, g.N)


@compiled
def _backward_chunks(worker, waiting, job, gradient, g):
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
    pixels, d_bias = (g.OH, g.OW), job.d_biases[chunk]
    dz_image = Right(dz, at, (g.OW * g.CO, g.CO))
    add_rows(dz_image, pixels, d_bias)
    product(
        Left(job.x, image, job.window, (g.SH * g.W * g.C, g.SW * g.C)),
        dz_image,
        Result(job.d_weights[chunk], 0, job.weight_rows, (len(job.window), g.CO)),
        Sums(pixels, ADD, d_bias, 0, False),
    )


@compiled_once
def _spread_image(job, dz, at, image, g):
    """Write dx of one image: dz · weightᵀ, tap by tap, where its pixels came from."""
    clear(job.dx, image, g.H * g.W * g.C)
    for kh in range(g.KH):
        for kw in range(g.KW):
            first, tap = image + (kh * g.W + kw) * g.C, (kh * g.KW + kw) * g.CO * g.C
            product(
                Left(dz, at, job.z_rows, (0, 1)),
                Right(job.transposed, tap, (0, g.C)),
                Result(job.dx, first, job.x_rows, (len(job.z_rows), g.C)),
                Sums((1, g.CO), ADD, job.transposed, 0, False),
            )


# Padding: a copy of the images with zeros around them, where any are needed.


def _with_padding(g):
    """Return sizes with as much padding around the images as windows reach into."""
    H = max(g.top + g.H, (g.OH - 1) * g.SH + g.KH)
    W = max(g.left + g.W, (g.OW - 1) * g.SW + g.KW)
    return g if (H, W) == (g.H, g.W) else g._replace(H=H, W=W)


def _padded(x, g, padded):
    shape = g.N, padded.H, padded.W, g.C
    if shape == x.shape:
        return x
    copy = scratch("padded x", shape, x.dtype)
    copy[...] = 0
    np.copyto(_inside(copy, g), x)
    return copy


def _inside(padded, g):
    """Return a view of the images without their padding."""
    return padded[:, g.top : g.top + g.H, g.left : g.left + g.W]


def _windows(g):
    """Return where in an image each window begins."""
    return pixel_offsets(g.OH, g.OW, g.SH * g.W * g.C, g.SW * g.C)

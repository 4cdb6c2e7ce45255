"""Convolution, rung 3: register tiles on the images themselves, nothing unfolded.

Against `im2col`: the columns, 9 times the size of the image for a 3x3 kernel, are
neither written nor read. The tile of `scratchnet.kernels.tile` finds the rows of the
unfolded matrix where they lie in the image, by a table of offsets; bias and ReLU are
applied before its sums leave the registers.

What limits this rung: the multiplications themselves. Winograd's algorithm has
fewer.

The order of every sum depends on shapes alone: any number of threads gives the same
bits, and a sample's result depends neither on the batch nor on its place in it.
"""

import functools

import numpy as np

from scratchnet import workspace
from scratchnet.kernels.products import run_products
from scratchnet.kernels.tile import ADD, BIAS, ZERO

# Images are cut into at most this many chunks with a d_weight of their own.
CHUNKS = 8

_NOTHING = {kind: np.zeros((0,), kind) for kind in ("float32", "float64")}


def convolution_forward_direct(x, weight, bias, y, strides, pads):
    """Compute y: for each image, pixels × output channels, summed over the window.

    Shapes and arguments as in `convolution_forward_reference`.
    """
    x = _padded(x, weight.shape, y.shape, strides, pads)
    N, H, W, C = x.shape
    KH, KW, _, CO = weight.shape
    _, OH, OW, _ = y.shape
    tasks, steps = _one_step_per_image(N, H * W * C, OH * OW * CO, OH * OW, CO)
    run_products(
        *(x.reshape(-1), weight.reshape(-1), y.reshape(-1), bias, tasks, steps),
        _pixels(OH, OW, strides[0] * W * C, strides[1] * C),
        _pixels(OH, OW, OW * CO, CO),
        (W * C, 1),
        (KW * C * CO, CO),
        (KH, KW * C),
        *(BIAS, 0, 0, _no_sums(N, x.dtype)),
    )


def convolution_backward_weight_direct(x, dy, d_weight, d_bias, strides, pads):
    """Compute d_weight: elements of the window × output channels, summed over pixels.

    Every chunk of images sums into arrays of its own; then the chunks are added in
    order.

    Shapes and arguments as in `convolution_backward_weight_reference`.
    """
    x = _padded(x, d_weight.shape, dy.shape, strides, pads)
    N, H, W, C = x.shape
    KH, KW, _, CO = d_weight.shape
    _, OH, OW, _ = dy.shape
    chunks = min(N, CHUNKS)
    owner = "convolution"
    partial = workspace.empty(owner, "d_weights", (chunks, KH * KW * C, CO), x.dtype)
    sums = workspace.empty(owner, "d_biases", (chunks, CO), x.dtype)
    tasks, steps = _steps_by_chunk(
        *(N, chunks, H * W * C, OH * OW * CO, KH * KW * C, CO)
    )
    run_products(
        *(x.reshape(-1), dy.reshape(-1), partial.reshape(-1), d_bias, tasks, steps),
        _window(KH, KW * C, W * C),
        _pixels(1, KH * KW * C, 0, CO),
        (strides[0] * W * C, strides[1] * C),
        (OW * CO, CO),
        (OH, OW),
        *(ZERO, 0, 0, sums),
    )
    np.sum(partial, axis=0, out=d_weight.reshape(KH * KW * C, CO))
    np.sum(sums, axis=0, out=d_bias)


def convolution_backward_input_direct(dy, weight, dx, strides, pads):
    """Add dy · weightᵀ to dx, one tap of the kernel after the other.

    For one tap, the pixels that dy's pixels came from are all different: the product
    is added to where they lie.

    Shapes and arguments as in `convolution_backward_input_reference`.
    """
    N, OH, OW, CO = dy.shape
    KH, KW, C, _ = weight.shape
    transposed = workspace.empty("convolution", "taps", (KH, KW, CO, C), dy.dtype)
    np.copyto(transposed, weight.transpose(0, 1, 3, 2))
    shape = _padded_shape(dx.shape, weight.shape, dy.shape, strides, pads)
    padded = dx
    if shape != dx.shape:
        padded = workspace.empty("convolution", "padded dx", shape, dx.dtype)
    _, H, W, _ = shape
    tasks, steps = _steps_by_tap(
        *(N, KH, KW, W, OH * OW * CO, H * W * C, OH * OW, CO, C)
    )
    run_products(
        *(dy.reshape(-1), transposed.reshape(-1), padded.reshape(-1)),
        *(_NOTHING[dy.dtype.name], tasks, steps),
        _pixels(OH, OW, OW * CO, CO),
        _pixels(OH, OW, strides[0] * W * C, strides[1] * C),
        (0, 1),
        (0, C),
        (1, CO),
        *(ADD, 0, H * W * C, _no_sums(N, dy.dtype)),
    )
    if padded is not dx:
        top, left = pads
        image = padded[:, top : top + dx.shape[1], left : left + dx.shape[2]]
        np.copyto(dx, image)


# Padding: a copy of the images with zeros around them, where any are needed.


def _padded_shape(shape, weight_shape, y_shape, strides, pads):
    """Return the shape of the images with the padding that the windows reach into."""
    N, H, W, C = shape
    KH, KW = weight_shape[:2]
    _, OH, OW, _ = y_shape
    bottom = (OH - 1) * strides[0] + KH
    right = (OW - 1) * strides[1] + KW
    return (N, max(pads[0] + H, bottom), max(pads[1] + W, right), C)


def _padded(x, weight_shape, y_shape, strides, pads):
    shape = _padded_shape(x.shape, weight_shape, y_shape, strides, pads)
    if shape == x.shape:
        return x
    padded = workspace.empty("convolution", "padded x", shape, x.dtype)
    padded[...] = 0
    top, left = pads
    padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    return padded


# Tables of offsets. They depend on shapes alone and are kept.


@functools.lru_cache(maxsize=256)
def _pixels(rows, columns, row_stride, column_stride):
    """Return the offset of each pixel of a plane, row by row."""
    offsets = (
        np.arange(rows)[:, np.newaxis] * row_stride + np.arange(columns) * column_stride
    )
    return np.ascontiguousarray(offsets.reshape(-1), np.int64)


def _window(rows, columns, row_stride):
    """Return the offset of each element of a window."""
    return _pixels(rows, columns, row_stride, 1)


@functools.lru_cache(maxsize=256)
def _one_step_per_image(images, a_size, c_size, rows, columns):
    n = np.arange(images)
    steps = [n * a_size, 0 * n, n * c_size, 0 * n + rows, 0 * n + columns]
    return np.arange(images + 1, dtype=np.int64), _table(steps)


@functools.lru_cache(maxsize=256)
def _steps_by_chunk(images, chunks, a_size, b_size, rows, columns):
    tasks = np.arange(chunks + 1) * images // chunks
    n = np.arange(images)
    chunk = np.searchsorted(tasks, n, side="right") - 1
    c = chunk * rows * columns
    steps = [n * a_size, n * b_size, c, 0 * n + rows, 0 * n + columns]
    return tasks.astype(np.int64), _table(steps)


@functools.lru_cache(maxsize=256)
def _steps_by_tap(images, KH, KW, W, a_size, c_size, rows, CO, C):
    n, kh, kw = (
        index.reshape(-1) for index in np.indices((images, KH, KW), dtype=np.int64)
    )
    b = (kh * KW + kw) * CO * C
    c = n * c_size + (kh * W + kw) * C
    steps = [n * a_size, b, c, 0 * n + rows, 0 * n + C]
    return np.arange(images + 1, dtype=np.int64) * KH * KW, _table(steps)


def _table(columns):
    return np.ascontiguousarray(np.stack(columns, axis=1), np.int64)


@functools.lru_cache(maxsize=256)
def _no_sums(tasks, dtype):
    return np.empty((tasks, 0), dtype)

"""What is done to an image's convolution while it is still in the cache.

A convolution's output is the largest array of a network. What follows it reads it
once and, as pooling does, keeps a part: done image by image, right after (and, on the
way back, right before) the convolution, it costs no way to memory.

All work on one image, at an offset in a flat array; ``plane`` is (rows, columns,
channels) of what the convolution wrote, ``pool`` (rows, columns) of a window. Windows
lie side by side.
"""

from typing import NamedTuple

import numpy as np

from scratchnet.kernels.convolution.jobs import scratch
from scratchnet.kernels.machine.compile import compiled, compiled_once, inlined
from scratchnet.kernels.machine.simd import (
    fill,
    larger,
    load,
    multiply_add,
    store,
    where_equal,
    where_larger,
    where_positive,
)
from scratchnet.kernels.machine.tile import vector_lanes


@inlined
def pool_image(z, at, plane, pool, y, chosen, to):
    """Write y = max(z, 0) over each window, and which of its pixels was the first.

    Pixels of a window are counted from 0, row by row; where none is above 0, −1.
    """
    H, W, C = plane
    KH, KW = pool
    for oh in range(H // KH):
        for ow in range(W // KW):
            corner = at + (oh * KH * W + ow * KW) * C
            for c in range(0, C, vector_lanes(z)):
                count = C - c
                largest, first = fill(z, 0.0), fill(z, -1.0)
                for kh in range(KH):
                    for kw in range(KW):
                        pixel = load(z, corner + (kh * W + kw) * C + c, count)
                        own = fill(z, kh * KW + kw)
                        first = where_larger(pixel, largest, own, first)
                        largest = larger(largest, pixel)
                store(y, to + c, count, largest)
                if len(chosen) > 0:
                    # NaN is equal to nothing, itself included.
                    first = where_equal(largest, largest, first, fill(z, -1.0))
                    store(chosen, to + c, count, first)
            to += C


@inlined
def pool_normalised_image(z, at, plane, pool, channels, y, selected, to):
    """Write y, each window's largest (z − mean)·scale + beta, and the z it is made of.

    Args:
        z: what ReLU wrote.
        at: where the image begins in it.
        plane: of z.
        pool: of a window.
        channels: (3 · C,); mean, scale and beta.
        y: written.
        selected: written, unless it is empty.
        to: where the image begins in ``y`` and ``selected``.
    """
    H, W, C = plane
    KH, KW = pool
    for oh in range(H // KH):
        for ow in range(W // KW):
            corner = at + (oh * KH * W + ow * KW) * C
            for c in range(0, C, vector_lanes(z)):
                count = C - c
                mean, scale = load(channels, c, count), load(channels, C + c, count)
                beta = load(channels, 2 * C + c, count)
                largest, pixel = fill(z, -np.inf), fill(z, 0.0)
                for kh in range(KH):
                    for kw in range(KW):
                        own = load(z, corner + (kh * W + kw) * C + c, count)
                        value = multiply_add(own - mean, scale, beta)
                        pixel = where_larger(value, largest, own, pixel)
                        largest = larger(largest, value)
                store(y, to + c, count, largest)
                if len(selected) > 0:
                    store(selected, to + c, count, pixel)
            to += C


@inlined
def unpool_image(dy, chosen, source, plane, pool, dz, at):
    """Write dz: dy where it was chosen, 0 elsewhere.

    The plane is that of whole windows: no pixel is left over.
    """
    H, W, C = plane
    KH, KW = pool
    for oh in range(H // KH):
        for ow in range(W // KW):
            corner = at + (oh * KH * W + ow * KW) * C
            for c in range(0, C, vector_lanes(dz)):
                count = C - c
                gradient = load(dy, source + c, count)
                first = load(chosen, source + c, count)
                nothing = fill(dz, 0.0)
                for kh in range(KH):
                    for kw in range(KW):
                        own = fill(dz, kh * KW + kw)
                        g = where_equal(first, own, gradient, nothing)
                        store(dz, corner + (kh * W + kw) * C + c, count, g)
            source += C


@compiled_once
def measure_image(z, at, plane, mean, deviations):
    """Write each channel's mean, and the sum of its squared deviations.

    Rows are summed first, then their sums, which rounds less than one long sum.
    """
    H, W, C = plane
    row = W * C
    for c in range(0, C, vector_lanes(z)):
        count = C - c
        total = fill(z, 0.0)
        for h in range(H):
            part = fill(z, 0.0)
            for w in range(W):
                part = part + load(z, at + h * row + w * C + c, count)
            total = total + part
        own = total * fill(z, 1 / (H * W))
        total = fill(z, 0.0)
        for h in range(H):
            part = fill(z, 0.0)
            for w in range(W):
                deviation = load(z, at + h * row + w * C + c, count) - own
                part = multiply_add(deviation, deviation, part)
            total = total + part
        store(mean, c, count, own)
        store(deviations, c, count, total)


@inlined
def normalised_gradient(z, at, plane, pool, selected, dy, source, channels, dz, to):
    """Write dz, back through max pooling, batch normalisation and ReLU.

        dz = scale·(g − offset − (z − mean)·slope) where z > 0, else 0

    where g is dy at the first pixel of a window that equals the one selected, and 0
    elsewhere.

    Args:
        z: what ReLU wrote.
        at: where the image begins in it.
        plane: of z.
        pool: of a window.
        selected: the pixel of z that each window's maximum came from.
        dy: gradient of the loss with respect to the maxima.
        source: where the image begins in ``selected`` and ``dy``.
        channels: (4 · C,); mean, scale, offset and slope.
        dz: written.
        to: where the image begins in it.
    """
    H, W, C = plane
    KH, KW = pool
    OH, OW = H // KH, W // KW
    for c in range(0, C, vector_lanes(z)):
        count = C - c
        mean, scale = load(channels, c, count), load(channels, C + c, count)
        offset, slope = (
            load(channels, 2 * C + c, count),
            load(channels, 3 * C + c, count),
        )
        nothing = fill(z, 0.0)
        for oh in range(OH):
            for ow in range(OW):
                window = source + (oh * OW + ow) * C + c
                wanted, waiting = load(selected, window, count), load(dy, window, count)
                corner = (oh * KH * W + ow * KW) * C + c
                for kh in range(KH):
                    for kw in range(KW):
                        pixel = corner + (kh * W + kw) * C
                        value = load(z, at + pixel, count)
                        g = where_equal(value, wanted, waiting, nothing)
                        waiting = where_equal(value, wanted, nothing, waiting)
                        d = scale * (g - offset - (value - mean) * slope)
                        store(dz, to + pixel, count, where_positive(value, d))
        for h in range(H):  # rows and columns that no window reaches
            for w in range(OW * KW if h < OH * KH else 0, W):
                pixel = (h * W + w) * C + c
                value = load(z, at + pixel, count)
                d = scale * (nothing - offset - (value - mean) * slope)
                store(dz, to + pixel, count, where_positive(value, d))


class Epilogue(NamedTuple):
    """What is done to the output z of a convolution, image by image.

    Attributes:
        relu: whether negative outputs become 0 (pooling does that by itself).
        pool_rows: rows of a pooling window, or 0: z is what is wanted.
        pool_columns: its columns.
        channels: (3 · CO,) of `pool_normalised_image`, or empty: no normalisation.
        y: the maxima, flat, or empty.
        chosen: where they were, flat, or empty.
        scratch: (workers, size), for the images that are pooled and not kept.
        means: (N, CO), each image's, or (0, CO).
        deviations: (N, CO), each image's sums of squared deviations, or (0, CO).
    """

    relu: bool
    pool_rows: int
    pool_columns: int
    channels: np.ndarray
    y: np.ndarray
    chosen: np.ndarray
    scratch: np.ndarray
    means: np.ndarray
    deviations: np.ndarray


def no_epilogue(dtype):
    """Return the epilogue of a convolution that keeps its output."""
    nothing, no_rows = np.empty(0, dtype), np.empty((0, 0), dtype)
    return Epilogue(False, 0, 0, nothing, nothing, nothing, no_rows, no_rows, no_rows)


@compiled
def output_of(epilogue, z, n, size, worker, place):
    """Return the array to write image n to, and where in it."""
    if epilogue.pool_rows > 0:
        return epilogue.scratch[worker], place * size
    return z, n * size


@inlined
def _pool(epilogue, z, at, n, plane, pool):
    windows = (plane[0] // pool[0]) * (plane[1] // pool[1])
    to = n * windows * plane[2]
    y, chosen, channels = epilogue.y, epilogue.chosen, epilogue.channels
    if len(channels) > 0:
        pool_normalised_image(z, at, plane, pool, channels, y, chosen, to)
    else:
        pool_image(z, at, plane, pool, y, chosen, to)


@compiled_once
def finish_image(epilogue, z, at, n, plane):
    """Do what follows the convolution of image n."""
    pool = epilogue.pool_rows, epilogue.pool_columns
    if pool == (2, 2):  # the most frequent windows, with their loops unrolled
        _pool(epilogue, z, at, n, plane, (2, 2))
    elif pool[0] > 0:
        _pool(epilogue, z, at, n, plane, pool)
    if len(epilogue.means) > 0:
        measure_image(z, at, plane, epilogue.means[n], epilogue.deviations[n])


GIVEN, CHOSEN, NORMALISED = 0, 1, 2


class Gradient(NamedTuple):
    """How the gradient dz of a convolution's output is found, image by image.

    Attributes:
        kind: GIVEN, dy is dz; CHOSEN, dz = dy where ``chosen`` says; or NORMALISED,
            see `normalised_gradient`.
        dy: gradient of the loss with respect to what was kept, flat.
        chosen: where that came from, or the pixels themselves, flat.
        pool_rows: rows of a window.
        pool_columns: its columns.
        z: what ReLU wrote, flat, where NORMALISED.
        channels: (4 · CO,), where NORMALISED.
        scratch: (workers, size), for the images' dz.
    """

    kind: int
    dy: np.ndarray
    chosen: np.ndarray
    pool_rows: int
    pool_columns: int
    z: np.ndarray
    channels: np.ndarray
    scratch: np.ndarray


def given(dz):
    """Return a `Gradient` that is dz itself."""
    nothing, no_rows = np.empty(0, dz.dtype), np.empty((0, 0), dz.dtype)
    return Gradient(GIVEN, dz.reshape(-1), nothing, 1, 1, nothing, nothing, no_rows)


@inlined
def _unpool(gradient, n, plane, pool, dz):
    size = plane[0] * plane[1] * plane[2]
    source = n * (plane[0] // pool[0]) * (plane[1] // pool[1]) * plane[2]
    dy, chosen, channels = gradient.dy, gradient.chosen, gradient.channels
    if gradient.kind == CHOSEN:
        unpool_image(dy, chosen, source, plane, pool, dz, 0)
    else:
        z, at = gradient.z, n * size
        normalised_gradient(z, at, plane, pool, chosen, dy, source, channels, dz, 0)


@compiled_once
def gradient_of(gradient, n, plane, worker):
    """Return the array where dz of image n is, and where in it."""
    size = plane[0] * plane[1] * plane[2]
    if gradient.kind == GIVEN:
        return gradient.dy, n * size
    dz, pool = gradient.scratch[worker], (gradient.pool_rows, gradient.pool_columns)
    if pool == (2, 2):  # unrolled, as in `finish_image`
        _unpool(gradient, n, plane, (2, 2), dz)
    else:
        _unpool(gradient, n, plane, pool, dz)
    return dz, 0


def with_scratch(own, workers, size, dtype):
    """Return an `Epilogue` or a `Gradient` with memory for what it does not keep."""
    if own.pool_rows == 0 or (isinstance(own, Gradient) and own.kind == GIVEN):
        size = 0
    return own._replace(scratch=scratch("image", (workers, size), dtype))

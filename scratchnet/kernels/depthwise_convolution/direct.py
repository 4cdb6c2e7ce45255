"""Depthwise convolution, rung 1: channels side by side in SIMD registers.

Against `reference`: nothing is padded or copied, rows are spread over threads, and a
sum stays in its register until all of the window is in it.

    forward          four windows at a time, which share each weight that is loaded
    input gradient   a convolution of dy with the kernel turned round, where windows lie
                     side by side; with strides, each pixel collects from its windows
    weight gradient  for each position of the kernel a sum along a row, in four parts

A channel that makes M of them (a depth multiplier) is repeated M times first.

What limits this rung: memory, for there are few products for each number that is read.

The order of every sum depends on shapes alone: any number of threads gives the same
bits, and a sample's result depends neither on the batch nor on its place in it.
"""

from typing import NamedTuple

import numpy as np
from numba import prange

from scratchnet.kernels.convolution.jobs import CHUNKS, add_chunks, scratch
from scratchnet.kernels.machine.compile import compiled, parallel
from scratchnet.kernels.machine.products import clear
from scratchnet.kernels.machine.simd import fill, load, multiply_add, store
from scratchnet.kernels.machine.tile import vector_lanes


class Sizes(NamedTuple):
    """Sizes of a depthwise convolution, and how its windows lie."""

    H: int
    W: int
    C: int
    KH: int
    KW: int
    OH: int
    OW: int
    SH: int
    SW: int
    top: int
    left: int
    DH: int
    DW: int


def depthwise_convolution_forward_direct(x, weight, bias, y, strides, pads, dilation):
    """Compute y, four windows at a time.

    Shapes and arguments as in `depthwise_convolution_forward_reference`.
    """
    x = _repeated(x, weight.shape[3])
    sizes = _sizes(x, weight, y, strides, pads, dilation)
    _forward(
        *(x.reshape(-1), weight.reshape(-1), bias, y.reshape(-1)),
        *(len(x) * sizes.OH, tuple(sizes)),
    )


def depthwise_convolution_backward_weight_direct(
    x, dy, d_weight, d_bias, strides, pads, dilation
):
    """Compute d_weight and d_bias: chunks of images sum into arrays of their own.

    Shapes and arguments as in `depthwise_convolution_backward_weight_reference`.
    """
    if len(x) == 0:  # the sums over nothing
        d_weight[...] = 0
        d_bias[...] = 0
        return
    x = _repeated(x, d_weight.shape[3])
    sizes = _sizes(x, d_weight, dy, strides, pads, dilation)
    chunks = min(len(x), CHUNKS)
    d_weights = scratch("depthwise d_weights", (chunks, d_weight.size), x.dtype)
    d_biases = scratch("depthwise d_biases", (chunks, d_bias.size), x.dtype)
    _backward_weight(
        *(x.reshape(-1), dy.reshape(-1), d_weights, d_biases, len(x), tuple(sizes))
    )
    add_chunks(d_weights, d_biases, d_weight.reshape(-1), d_bias)


def depthwise_convolution_backward_input_direct(
    dy, weight, dx, strides, pads, dilation
):
    """Compute dx: what each pixel collects from the windows that it lay in.

    Shapes and arguments as in `depthwise_convolution_backward_input_reference`.
    """
    KH, KW, C, M = weight.shape
    wide = dx if M == 1 else scratch("depthwise dx", (*dx.shape[:3], C * M), dx.dtype)
    if strides == (1, 1):
        turned = scratch("depthwise turned", weight.shape, dx.dtype)
        np.copyto(turned, weight[::-1, ::-1])
        before = (KH - 1) * dilation[0] - pads[0], (KW - 1) * dilation[1] - pads[1]
        sizes = _sizes(dy, turned, wide, strides, before, dilation)
        no_bias = scratch("depthwise no bias", (C * M,), dx.dtype)
        no_bias[...] = 0
        _forward(
            *(dy.reshape(-1), turned.reshape(-1), no_bias, wide.reshape(-1)),
            *(len(dx) * sizes.OH, tuple(sizes)),
        )
    else:
        sizes = _sizes(wide, weight, dy, strides, pads, dilation)
        _backward_input(
            *(dy.reshape(-1), weight.reshape(-1), wide.reshape(-1)),
            *(len(dx) * sizes.H, tuple(sizes)),
        )
    if M > 1:
        np.sum(wide.reshape(*dx.shape, M), axis=4, out=dx)


def _repeated(x, times):
    """Return images with every channel so many times."""
    if times == 1:
        return x
    wide = scratch("depthwise x", (*x.shape, times), x.dtype)
    np.copyto(wide, x[..., np.newaxis])
    return wide.reshape(*x.shape[:3], x.shape[3] * times)


def _sizes(x, weight, y, strides, pads, dilation):
    _, H, W, C = x.shape
    window, plane = weight.shape[:2], y.shape[1:3]
    return Sizes(H, W, C, *window, *plane, *strides, *pads, *dilation)


@parallel
def _forward(x, weight, bias, y, rows, sizes):
    for row in prange(rows):
        _forward_row(x, weight, bias, y, np.int64(row), Sizes(*sizes))


@compiled
def _forward_row(x, weight, bias, y, row, g):
    lanes = vector_lanes(x)
    n, oh = row // g.OH, row % g.OH
    image, top = n * g.H * g.W * g.C, oh * g.SH - g.top
    reach = 3 * g.SW + (g.KW - 1) * g.DW  # from the first to the last of four windows
    ow = 0
    while ow < g.OW:
        left, to = ow * g.SW - g.left, (row * g.OW + ow) * g.C
        four = ow + 4 <= g.OW and left >= 0 and left + reach < g.W
        for c in range(0, g.C, lanes):
            if four:
                _four_windows(x, image, weight, bias, y, to, c, top, left, g)
            else:
                _one_window(x, image, weight, bias, y, to, c, top, left, g)
        ow += 4 if four else 1


@compiled
def _four_windows(x, image, weight, bias, y, to, c, top, left, g):
    """Compute four windows in a row, whose columns all lie inside the image."""
    rest, step = g.C - c, g.SW * g.C
    first = second = third = fourth = load(bias, c, rest)
    for kh in range(g.KH):
        h = top + kh * g.DH
        if h < 0 or h >= g.H:
            continue
        at, tap = image + (h * g.W + left) * g.C + c, kh * g.KW * g.C + c
        for kw in range(g.KW):
            own = load(weight, tap + kw * g.C, rest)
            pixel = at + kw * g.DW * g.C
            first = multiply_add(load(x, pixel, rest), own, first)
            second = multiply_add(load(x, pixel + step, rest), own, second)
            third = multiply_add(load(x, pixel + 2 * step, rest), own, third)
            fourth = multiply_add(load(x, pixel + 3 * step, rest), own, fourth)
    store(y, to + c, rest, first)
    store(y, to + g.C + c, rest, second)
    store(y, to + 2 * g.C + c, rest, third)
    store(y, to + 3 * g.C + c, rest, fourth)


@compiled
def _one_window(x, image, weight, bias, y, to, c, top, left, g):
    rest = g.C - c
    total = load(bias, c, rest)
    for kh in range(g.KH):
        h = top + kh * g.DH
        if h < 0 or h >= g.H:
            continue
        for kw in range(g.KW):
            w = left + kw * g.DW
            if w < 0 or w >= g.W:
                continue
            own = load(weight, (kh * g.KW + kw) * g.C + c, rest)
            pixel = load(x, image + (h * g.W + w) * g.C + c, rest)
            total = multiply_add(pixel, own, total)
    store(y, to + c, rest, total)


@parallel
def _backward_input(dy, weight, dx, rows, sizes):
    for row in prange(rows):
        _backward_row(dy, weight, dx, np.int64(row), Sizes(*sizes))


@compiled
def _backward_row(dy, weight, dx, row, g):
    """Compute a row of dx: each pixel collects from the windows that it lay in."""
    lanes = vector_lanes(dy)
    n, h = row // g.H, row % g.H
    clear(dx, row * g.W * g.C, g.W * g.C)
    for kh in range(g.KH):
        oh, off = divmod(h + g.top - kh * g.DH, g.SH)
        if off != 0 or oh < 0 or oh >= g.OH:
            continue
        for w in range(g.W):
            to = (row * g.W + w) * g.C
            for kw in range(g.KW):
                ow, off = divmod(w + g.left - kw * g.DW, g.SW)
                if off != 0 or ow < 0 or ow >= g.OW:
                    continue
                at = ((n * g.OH + oh) * g.OW + ow) * g.C
                tap = (kh * g.KW + kw) * g.C
                for c in range(0, g.C, lanes):
                    rest = g.C - c
                    own = load(weight, tap + c, rest)
                    total = load(dx, to + c, rest)
                    total = multiply_add(load(dy, at + c, rest), own, total)
                    store(dx, to + c, rest, total)


@parallel
def _backward_weight(x, dy, d_weights, d_biases, count, sizes):
    chunks = len(d_weights)
    for chunk in prange(chunks):
        first = np.int64(chunk) * count // chunks
        last = (np.int64(chunk) + 1) * count // chunks
        d_weight, d_bias = d_weights[chunk], d_biases[chunk]
        clear(d_weight, 0, len(d_weight))
        clear(d_bias, 0, len(d_bias))
        for n in range(first, last):
            _learn_image(x, dy, d_weight, d_bias, n, Sizes(*sizes))


@compiled
def _learn_image(x, dy, d_weight, d_bias, n, g):
    lanes = vector_lanes(x)
    for oh in range(g.OH):
        row = (n * g.OH + oh) * g.OW * g.C
        for c in range(0, g.C, lanes):
            rest = g.C - c
            total = load(d_bias, c, rest)
            for ow in range(g.OW):
                total = total + load(dy, row + ow * g.C + c, rest)
            store(d_bias, c, rest, total)
        for kh in range(g.KH):
            h = oh * g.SH + kh * g.DH - g.top
            if h < 0 or h >= g.H:
                continue
            for c in range(0, g.C, lanes):
                for kw in range(g.KW):
                    w = kw * g.DW - g.left  # met by the first window
                    first = max(0, (-w + g.SW - 1) // g.SW)
                    last = min(g.OW, (g.W - 1 - w) // g.SW + 1)
                    at = ((n * g.H + h) * g.W + w + first * g.SW) * g.C + c
                    tap, own = (kh * g.KW + kw) * g.C + c, row + first * g.C + c
                    _learn_row(
                        *(x, at, g.SW * g.C, dy, own, g.C, last - first),
                        *(d_weight, tap, g.C - c),
                    )


@compiled
def _learn_row(x, at, step, dy, own, gap, count, d_weight, tap, rest):
    """Add ∑ x · dy along a row, for the channels of a register."""
    zero = fill(x, 0)
    first = second = third = fourth = zero
    i = 0
    while i + 4 <= count:
        a, b = at + i * step, own + i * gap
        first = multiply_add(load(x, a, rest), load(dy, b, rest), first)
        a, b = a + step, b + gap
        second = multiply_add(load(x, a, rest), load(dy, b, rest), second)
        a, b = a + step, b + gap
        third = multiply_add(load(x, a, rest), load(dy, b, rest), third)
        a, b = a + step, b + gap
        fourth = multiply_add(load(x, a, rest), load(dy, b, rest), fourth)
        i += 4
    while i < count:
        pixel = load(x, at + i * step, rest)
        first = multiply_add(pixel, load(dy, own + i * gap, rest), first)
        i += 1
    total = load(d_weight, tap, rest) + ((first + second) + (third + fourth))
    store(d_weight, tap, rest, total)

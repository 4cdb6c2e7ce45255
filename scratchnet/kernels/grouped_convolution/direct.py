"""Convolution with dilation and groups, rung 1: as plain convolutions, by `direct`.

Against `reference`: register tiles on several threads. A group is a convolution of its
own channels, which are copied out. And a dilated convolution is DH · DW plain ones: a
window with gaps of DH rows meets rows that all have the same remainder by DH, so that
these can be taken apart (phases), convolved as images of their own, and their outputs
put together again.

What limits this rung: the copies, which count where there are many small groups.

The order of every sum is that of `convolution/direct.py`.

Reference: TensorFlow's `space_to_batch`.
"""

import itertools

import numpy as np

from scratchnet.kernels.convolution.direct import (
    convolution_backward_input_direct,
    convolution_backward_weight_direct,
    convolution_forward_direct,
)
from scratchnet.kernels.convolution.jobs import scratch


def grouped_convolution_forward_direct(
    x, weight, bias, y, strides, pads, dilation, groups
):
    """Compute y: each group of channels, and each phase, is a plain convolution.

    Shapes and arguments as in `grouped_convolution_forward_reference`.
    """
    for own_x, own_w, own_b, own_y in _groups(groups, x, weight, bias, y):
        part_x, part_w = _copied("x", own_x), _copied("weight", own_w)
        part_b, part_y = _copied("bias", own_b), _like("y", own_y)
        if dilation == (1, 1):
            convolution_forward_direct(part_x, part_w, part_b, part_y, strides, pads)
        else:
            phases_x, phases_y = _phases(part_x, part_y, weight.shape, dilation)
            _take_apart(part_x, phases_x, pads)
            convolution_forward_direct(
                *(_batch(phases_x), part_w, part_b, _batch(phases_y), (1, 1), (0, 0))
            )
            _put_together(phases_y, part_y, (0, 0))
        _keep(part_y, own_y)


def grouped_convolution_backward_weight_direct(
    x, dy, d_weight, d_bias, strides, pads, dilation, groups
):
    """Compute d_weight and d_bias: phases of one group add up as images do.

    Shapes and arguments as in `grouped_convolution_backward_weight_reference`.
    """
    for own_x, own_dw, own_db, own_dy in _groups(groups, x, d_weight, d_bias, dy):
        part_x, part_dy = _copied("x", own_x), _copied("y", own_dy)
        part_dw, part_db = _like("weight", own_dw), _like("bias", own_db)
        if dilation == (1, 1):
            convolution_backward_weight_direct(
                part_x, part_dy, part_dw, part_db, strides, pads
            )
        else:
            phases_x, phases_dy = _phases(part_x, part_dy, d_weight.shape, dilation)
            _take_apart(part_x, phases_x, pads)
            _take_apart(part_dy, phases_dy, (0, 0))
            convolution_backward_weight_direct(
                *(_batch(phases_x), _batch(phases_dy), part_dw, part_db),
                *((1, 1), (0, 0)),
            )
        _keep(part_dw, own_dw)
        _keep(part_db, own_db)


def grouped_convolution_backward_input_direct(
    dy, weight, dx, strides, pads, dilation, groups
):
    """Compute dx: each group of channels, and each phase, by itself.

    Shapes and arguments as in `grouped_convolution_backward_input_reference`.
    """
    no_bias = np.empty(weight.shape[3], dy.dtype)
    for own_dx, own_w, _, own_dy in _groups(groups, dx, weight, no_bias, dy):
        part_dx, part_dy = _like("x", own_dx), _copied("y", own_dy)
        part_w = _copied("weight", own_w)
        if dilation == (1, 1):
            convolution_backward_input_direct(part_dy, part_w, part_dx, strides, pads)
        else:
            phases_dx, phases_dy = _phases(part_dx, part_dy, weight.shape, dilation)
            _take_apart(part_dy, phases_dy, (0, 0))
            convolution_backward_input_direct(
                _batch(phases_dy), part_w, _batch(phases_dx), (1, 1), (0, 0)
            )
            _put_together(phases_dx, part_dx, pads)
        _keep(part_dx, own_dx)


def _groups(groups, x, weight, bias, y):
    """Yield the parts of each array that belong to one group."""
    C, CO = x.shape[3] // groups, len(bias) // groups
    for g in range(groups):
        inputs, outputs = slice(g * C, (g + 1) * C), slice(g * CO, (g + 1) * CO)
        yield x[..., inputs], weight[..., outputs], bias[outputs], y[..., outputs]


def _like(name, part):
    """Return what a part of an array is computed in: itself, or an array of its own."""
    if part.flags.c_contiguous:
        return part
    return scratch(f"{name} of a group", part.shape, part.dtype)


def _copied(name, part):
    copy = _like(name, part)
    if copy is not part:
        np.copyto(copy, part)
    return copy


def _keep(computed, part):
    if computed is not part:
        np.copyto(part, computed)


def _phases(x, y, weight_shape, dilation):
    """Return arrays (DH, DW, N, rows, columns, channels) for phases of x, and of y."""
    plane = [-(-y.shape[i + 1] // dilation[i]) for i in (0, 1)]
    wide = [plane[i] + weight_shape[i] - 1 for i in (0, 1)]
    shapes = [(*dilation, len(x), *wide, x.shape[3])]
    shapes.append((*dilation, len(x), *plane, y.shape[3]))
    return [
        scratch(f"phases of {name}", shape, x.dtype)
        for name, shape in zip("xy", shapes, strict=True)
    ]


def _batch(phases):
    """Return phases as a batch of images."""
    return phases.reshape(-1, *phases.shape[3:])


def _take_apart(whole, phases, pads):
    """Copy each row and column, behind so much padding, to where its phase has it."""
    phases[...] = 0
    for own, part in _meeting(phases, whole, pads):
        np.copyto(own, part)


def _put_together(phases, whole, pads):
    """Copy each row and column back from its phase."""
    whole[...] = 0  # what no window has met
    for own, part in _meeting(phases, whole, pads):
        np.copyto(part, own)


def _meeting(phases, whole, pads):
    """Yield the parts of phases and of the whole that are the same pixels."""
    dilation, sizes = phases.shape[:2], phases.shape[3:5]
    for phase in itertools.product(*map(range, dilation)):
        inside, outside = [], []
        for i in (0, 1):
            first = (phase[i] - pads[i]) % dilation[i]  # of the whole, in this phase
            start = (first + pads[i]) // dilation[i]
            count = len(range(first, whole.shape[i + 1], dilation[i]))
            count = max(0, min(count, sizes[i] - start))
            inside.append(slice(start, start + count))
            outside.append(slice(first, first + count * dilation[i], dilation[i]))
        yield phases[*phase, :, *inside], whole[:, *outside]

"""The pixels that windows meet as slices, for the `reference` rungs."""

import numpy as np


def pad(x, output_plane, window, strides, pads, value=0):
    """Return x with ``value`` around it, large enough for the last window."""
    widths = [(0, 0)]
    for axis in (0, 1):
        needed = (output_plane[axis] - 1) * strides[axis] + window[axis]
        after = max(0, needed - pads[axis] - x.shape[1 + axis])
        widths.append((pads[axis], after))
    return np.pad(x, [*widths, (0, 0)], constant_values=value)


def span(kernel_size, dilation):
    """Return the rows and columns that a window covers, its gaps included."""
    return tuple((K - 1) * D + 1 for K, D in zip(kernel_size, dilation, strict=True))


def met_by(kh, kw, output_plane, strides):
    """Index the padded pixels that a window's position (kh, kw) meets, one a window."""
    rows = slice(kh, kh + (output_plane[0] - 1) * strides[0] + 1, strides[0])
    columns = slice(kw, kw + (output_plane[1] - 1) * strides[1] + 1, strides[1])
    return slice(None), rows, columns


def positions(output_plane, window, strides):
    """List what each position in a window meets, in row-major order."""
    KH, KW = window
    return [
        met_by(kh, kw, output_plane, strides) for kh in range(KH) for kw in range(KW)
    ]

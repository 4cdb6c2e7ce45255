"""The pixels of pooling windows as slices, for the `reference` rungs."""

import numpy as np


def pad(x, output_plane, pool_size, strides, pads, value):
    """Return x with ``value`` around it, large enough for the last window."""
    widths = [(0, 0)]
    for axis in (0, 1):
        needed = (output_plane[axis] - 1) * strides[axis] + pool_size[axis]
        after = max(0, needed - pads[axis] - x.shape[1 + axis])
        widths.append((pads[axis], after))
    return np.pad(x, [*widths, (0, 0)], constant_values=value)


def positions(output_plane, pool_size, strides):
    """List, for each position in a window in row-major order, an index.

    It selects, from padded images, the pixel at that position of every window.
    """
    KH, KW = pool_size
    return [
        (
            slice(None),
            slice(kh, kh + (output_plane[0] - 1) * strides[0] + 1, strides[0]),
            slice(kw, kw + (output_plane[1] - 1) * strides[1] + 1, strides[1]),
        )
        for kh in range(KH)
        for kw in range(KW)
    ]

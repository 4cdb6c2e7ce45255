"""What the tests of max and average pooling share."""

from __future__ import annotations

import numpy as np

from tests.layers.suite import Case

IMAGE = (5, 6, 2)

CASES = (
    Case({}, IMAGE, (2, 3, 2)),
    Case({"padding": "same"}, IMAGE, (3, 3, 2)),
    Case({"pool_size": (3, 2), "strides": (1, 2)}, IMAGE, (3, 3, 2)),
    Case({"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE, (3, 3, 2)),
    Case({"pool_size": 2, "strides": 3}, IMAGE, (2, 2, 2)),
    Case({"pool_size": (5, 6)}, IMAGE, (1, 1, 2)),
    Case({"pool_size": 1}, (3, 3, 1), (3, 3, 1)),
    Case({"pool_size": (4, 5), "strides": 1, "padding": "same"}, (2, 3, 1), (2, 3, 1)),
)

BAD_SHAPES = (
    ({}, (4, 8), r"expected input \(N, H, W, C\), received \(N, 8\)"),
    ({}, (4, 8, 8), r"expected input \(N, H, W, C\), received \(N, 8, 8\)"),
    ({}, (4, 1, 8, 3), r"at least 2x2 pixels .* received \(N, 1, 8, 3\)"),
    ({"pool_size": (1, 9)}, (4, 8, 8, 3), "at least 1x9 pixels"),
)

BAD_SETTINGS = (
    ({"pool_size": 0}, "positive integer for pool_size"),
    ({"pool_size": 2.0}, "positive integer for pool_size"),
    ({"pool_size": (2, 2, 2)}, "one or two integers for pool_size"),
    ({"strides": -1}, "positive integer for strides"),
    ({"strides": (1, 0)}, "positive integer for strides"),
    ({"padding": "full"}, "expected padding to be one of valid, same"),
    ({"data_format": "channels_first"}, "data_format='channels_first' is outside"),
)


def windows_of(x, pool_size, strides, padding):
    """Yield (row, column, pixels (N, window, C)), only pixels inside the image."""
    sizes, befores = [], []
    for axis in (0, 1):
        size, K, S = x.shape[axis + 1], pool_size[axis], strides[axis]
        if padding == "same":
            count = int(np.ceil(size / S))
            befores.append(max((count - 1) * S + K - size, 0) // 2)
        else:
            count = (size - K) // S + 1
            befores.append(0)
        sizes.append(count)
    for row in range(sizes[0]):
        for column in range(sizes[1]):
            spans = []
            for axis, place in ((0, row), (1, column)):
                start = place * strides[axis] - befores[axis]
                stop = start + pool_size[axis]
                spans.append(slice(max(start, 0), stop))
            pixels = x[:, spans[0], spans[1]]
            yield row, column, pixels.reshape(len(x), -1, x.shape[-1])


def pool(x, layer, reduce):
    """Pool by a function over axis 1, window by window."""
    y = np.zeros(layer.compute_output_shape(x.shape))
    args = layer.pool_size, layer.strides, layer.padding
    for row, column, pixels in windows_of(x, *args):
        y[:, row, column] = reduce(pixels, axis=1)
    return y

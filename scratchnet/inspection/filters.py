"""What the first layer that learns looks for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.inspection import figures
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.dense import Dense
from scratchnet.layers.flatten import Flatten
from scratchnet.layers.layer import Layer
from scratchnet.models.sequential import Sequential


def first_filters(model: Sequential) -> np.ndarray:
    """Return the weights of the first layer that has any, one image per output.

    A convolution's filters are images as they are. A dense layer's units, if the
    image was flattened before them, have a weight per pixel: an image, too.

    Shapes:
        returned: (filters, height, width, channels)

    Args:
        model: a built `Sequential`.

    Raises:
        ValueError: the first layer with a kernel sees no image.

    >>> import scratchnet as keras
    >>> first_filters(keras.architectures.ann((28, 28, 1), 10)).shape
    (128, 28, 28, 1)
    """
    layer, shape = _first_layer(model)
    kernel = layer.params["kernel"]
    if isinstance(layer, Conv2D):
        return np.moveaxis(kernel, -1, 0).copy()
    return kernel.T.reshape(-1, *shape).copy()


def plot_filters(model: Sequential, *, most: int = 64) -> Any:
    """Draw the first layer's filters; returns a matplotlib figure.

    Filters of three channels are shown in colour, each scaled by its own largest
    weight, with grey for 0. All others are shown channel by channel, red above 0 and
    blue below.

    Args:
        model: a built `Sequential`.
        most: how many filters to show, from the first on.
    """
    layer, _ = _first_layer(model)
    every = first_filters(model)
    filters, channels = every[:most], every.shape[-1]
    if channels == 3:
        pictures = [figures.signed_colours(one) for one in filters]
    else:
        pictures = [one[..., c] for one in filters for c in range(channels)]
    figure = figures.grid(
        pictures,
        columns=8 if channels in (1, 3) else channels,
        size=1.0,
        signed=channels != 3,
    )
    shown = (
        f"the first {most} of {len(every)}" if len(every) > most else f"{len(every)}"
    )
    figures.title(figure, f"{layer.name}: {shown} filters")
    return figure


def _first_layer(model: Sequential) -> tuple[Layer, tuple[int, ...]]:
    """Return the first layer with a kernel, and the shape of the images it sees."""
    shape = tuple(int(size or 0) for size in model.input_shape[1:])
    for layer in model.layers:
        if isinstance(layer, Conv2D):
            return layer, shape
        if isinstance(layer, Flatten):
            continue
        if isinstance(layer, Dense):
            if len(shape) in (2, 3) and math.prod(shape) == len(layer.params["kernel"]):
                return layer, shape if len(shape) == 3 else (*shape, 1)
            break
        if layer.output_shape != layer.input_shape:
            break
    raise ValueError(
        f"first_filters: expected '{model.name}' to begin with a convolution, or with "
        "a dense layer on a flattened image"
    )

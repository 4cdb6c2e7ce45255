"""What the first layer that learns looks for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scratchnet.inspection import figures
from scratchnet.inspection.passes import UNCHANGED, Model
from scratchnet.plan import Plan


def first_filters(model: Model) -> np.ndarray:
    """Return the weights of the first layer that has any, one image per output.

    A convolution's filters are images as they are. A dense layer's units, if the
    image was flattened before them, have a weight per pixel: an image, too.

    Shapes:
        returned: (filters, height, width, channels)

    Args:
        model: a built model.

    Raises:
        ValueError: the first layer with a kernel sees no image.

    >>> import scratchnet as keras
    >>> first_filters(keras.architectures.ann((28, 28, 1), 10)).shape
    (128, 28, 28, 1)
    """
    return _first_kernel(model)[1]


def plot_filters(model: Model, *, most: int = 64) -> Any:
    """Draw the first layer's filters; returns a matplotlib figure.

    Filters of three channels are shown in colour, each scaled by its own largest
    weight, with grey for 0. All others are shown channel by channel, red above 0 and
    blue below.

    Args:
        model: a built model.
        most: how many filters to show, from the first on.
    """
    path, every = _first_kernel(model)
    filters, channels = every[:most], every.shape[-1]
    if channels == 3:
        pictures = [figures.signed_colours(one) for one in filters]
    else:
        pictures = [one[..., c] for one in filters for c in range(channels)]
    columns = 8 if channels in (1, 3) else channels
    figure = figures.grid(pictures, columns=columns, size=1.0, signed=channels != 3)
    shown = f"the first {most} of {len(every)}" if len(every) > most else len(every)
    figures.title(figure, f"{path}: {shown} filters")
    return figure


def _first_kernel(model: Model) -> tuple[str, np.ndarray]:
    program = Plan(model).program
    image = tuple(size or 0 for size in program.shapes[0][1:])
    for at in range(1, len(program.operations)):
        kind, operation = program.kinds[at], program.operations[at]
        if program.inputs[at] != (at - 1,):
            break
        if kind == "convolution":
            return program.paths[at], np.moveaxis(operation.own_kernel, -1, 0).copy()
        if kind == "dense":
            flat = operation.own_kernel.T
            if len(image) not in (2, 3) or math.prod(image) != flat.shape[1]:
                break
            shape = image if len(image) == 3 else (*image, 1)
            return program.paths[at], flat.reshape(-1, *shape).copy()
        same = program.shapes[at] == program.shapes[at - 1]
        if kind.endswith("convolution") or not (same or kind in UNCHANGED):
            break
    raise ValueError(
        f"first_filters: expected '{model.name}' to begin with a convolution, or with "
        "a dense layer on a flattened image"
    )

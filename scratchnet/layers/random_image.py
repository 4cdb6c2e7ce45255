"""What the layers that change images at random have in common."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, random
from scratchnet.foundation.image_moves import Transform
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.image_transform import ImageLayer, ImageTransform
from scratchnet.layers.layer import Layer

# The lowest and the highest value of what is drawn for each image.
Interval = tuple[float, float]


class RandomImage(ImageLayer):
    """A layer that draws numbers for each image while training.

    What is drawn is a function of the seed, the number of the step, and the image's
    place in the batch: a run that is resumed draws what it would have drawn. At
    inference the layer gives out what it is given.

    Attributes:
        seed: as it was given.
        active: whether anything is drawn at all, in training.
    """

    active = True

    def __init__(self, seed: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if seed is not None and not arguments.is_integer(seed):
            raise ValueError(
                f"{self.label}: expected an integer seed, received {seed!r}"
            )
        self.seed = seed

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Draw the seed; ``seed_state`` holds it and the number of steps so far."""
        seed = self.seed
        if seed is None:
            seed = int(random.stream("augmentation").integers(2**32))
        self.buffers |= {"seed_state": np.array([seed % 2**32, 0], np.uint32)}

    def draw(self, count: int, *intervals: Interval) -> np.ndarray:
        """Take a step; return (count, number of intervals) numbers, uniform in them."""
        state = self.buffers["seed_state"]
        state[1] += np.uint32(1)
        drawn = random.uniform(int(state[0]), int(state[1]), (count, len(intervals)))
        low, high = np.array(intervals, np.float64).T
        return low + drawn * (high - low)

    def at_inference(self) -> Layer:
        """Return a copy that changes nothing."""
        identity = copy.copy(self)
        identity.active = False
        return identity

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {**super().get_config(), "seed": self.seed}


class RandomTransform(RandomImage, ImageTransform):
    """A layer that moves every image in its own way while training.

    A subclass says how in `matrices`.
    """

    interpolation = "nearest"
    fill_mode = "constant"
    fill_value = 0.0

    def set_filling(self, fill_mode: Any, interpolation: Any, fill_value: Any) -> None:
        """Check and keep the arguments that say what is seen beyond an image's edge."""
        for name, value, known in (
            ("fill_mode", fill_mode, kernels.FILL_MODES),
            ("interpolation", interpolation, kernels.INTERPOLATIONS),
        ):
            if value not in known:
                raise NotImplementedError(
                    f"{self.label}: expected {name} to be one of {', '.join(known)}, "
                    f"received {value!r}"
                )
        if not math.isfinite(arguments.number(fill_value)):
            raise ValueError(
                f"{self.label}: expected a finite number for fill_value, "
                f"received {fill_value!r}"
            )
        self.fill_mode, self.interpolation = fill_mode, interpolation
        self.fill_value = float(fill_value)

    def matrices(self, count: int, height: int, width: int) -> np.ndarray:
        """Draw the matrix of each image, (count, 6)."""
        raise NotImplementedError

    def transforms(self, shape: tuple[int, ...], training: bool) -> list[Transform]:
        """Return one transform in training, and none otherwise."""
        if not (training and self.active):
            return []
        count, height, width, _ = shape
        return [
            Transform(
                self.matrices(count, height, width),
                (height, width),
                self.interpolation,
                self.fill_mode,
                self.fill_value,
            )
        ]

    def filling(self) -> dict[str, Any]:
        """Return those arguments by name."""
        return {
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


def interval(
    who: str,
    name: str,
    value: Any,
    low: float,
    high: float,
    *,
    open_below: bool = False,
) -> Interval:
    """Return the two ends of what an argument lets be drawn: a number, or two.

    A number f stands for (−f, f), as far as that is allowed.

    Args:
        who: whose argument it is, for messages.
        name: its name.
        value: what was given.
        low: the least number that is allowed.
        high: the greatest.
        open_below: whether ``low`` itself is not.

    Raises:
        ValueError: it is anything else.
    """
    ends = value if isinstance(value, tuple | list) else (value,)
    if 1 <= len(ends) <= 2 and all(
        low <= arguments.number(end) <= high and not (open_below and end == low)
        for end in ends
    ):
        if ends is value and len(ends) == 2:
            return float(min(ends)), float(max(ends))
        if ends is not value:
            size = abs(float(value))
            return max(-size, float(low)), size
    bracket = "(" if open_below else "["
    raise ValueError(
        f"{who}: expected {name} to be a number, or two of them, in "
        f"{bracket}{low:g}, {high:g}], received {value!r}"
    )


def two_numbers(who: str, name: str, value: Any) -> Interval:
    """Return two different finite numbers, the smaller one first.

    Raises:
        ValueError: it is anything else.
    """
    ends = value if isinstance(value, tuple | list) else ()
    numbers = sorted(arguments.number(end) for end in ends)
    if len(numbers) != 2 or not -math.inf < numbers[0] < numbers[1] < math.inf:
        raise ValueError(
            f"{who}: expected {name} to be a pair of different numbers, received "
            f"{value!r}"
        )
    return numbers[0], numbers[1]


def columns(*values: Any) -> np.ndarray:
    """Return the matrices, (N, 6), whose numbers are given one by one, each (N,)."""
    return np.stack(np.broadcast_arrays(*values), axis=-1)

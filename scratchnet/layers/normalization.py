"""Normalization by a mean and a variance that are known, or taken from the data."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any, cast

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.lookup import missing_attribute
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers.data_layer import DataLayer

EPSILON = 1e-7  # Keras's `backend.epsilon()`


class Normalization(DataLayer):
    """Shift and scale inputs to mean 0 and variance 1.

        y = (x − mean) / max(√variance, 10⁻⁷)

    Both are constants: those given, or those of the data that `adapt` was shown.

    Shapes:
        x, y: any shape with a fixed size in each ``axis``

    Args:
        axis: one axis or several, the batch's counted, that have a mean and a variance
            for each index; None has one of each for everything.
        mean: a number, or an array with a number for each index.
        variance: likewise.
        invert: whether to do the opposite: y = mean + x·max(√variance, 10⁻⁷).
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: an axis is out of range or open, mean and variance don't belong
            together or don't fit.

    Reference: `keras/src/layers/preprocessing/normalization.py`.

    >>> layer = Normalization(axis=None)
    >>> layer.adapt(np.array([1.0, 2.0, 3.0]))
    >>> layer(np.array([1.0, 2.0])).round(3)
    array([-1.225,  0.   ], dtype=float32)
    """

    operation = "normalization"
    weight_names = ("mean", "variance", "count")
    free_output = True
    free_gradient = True

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = axis if isinstance(axis, tuple | list) else (axis,)
        self.axis = () if axis is None else tuple(axes)
        if not all(map(arguments.is_integer, self.axis)):
            raise ValueError(
                f"{self.label}: expected axis to be an integer, several or None, "
                f"received {axis!r}"
            )
        if (mean is None) != (variance is None):
            raise ValueError(
                f"{self.label}: expected mean and variance, or neither, received "
                f"mean={mean!r} and variance={variance!r}"
            )
        self.input_mean, self.input_variance = mean, variance
        if np.shape(mean) != np.shape(variance) or np.ndim(mean) > len(self.axis):
            raise ValueError(
                f"{self.label}: expected mean and variance of one shape, with at most "
                f"{len(self.axis)} dimensions for axis={self.axis}, received shapes "
                f"{np.shape(mean)} and {np.shape(variance)}"
            )
        self.invert = arguments.flag(self.label, "invert", invert)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate what `adapt` fills, unless mean and variance are given."""
        for name, shape in self.weight_shapes(input_shape).items():
            start = np.ones if name == "variance" else np.zeros
            dtype = np.dtype(np.int64) if name == "count" else self.dtype
            self.buffers[name] = start(cast("tuple[int, ...]", shape), dtype)
        if self.input_mean is not None:
            self._broadcast(self.input_mean, input_shape)

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of mean, variance and Keras's count, which stays 0."""
        kept = tuple(input_shape[axis] for axis in self._kept(input_shape))
        if self.input_mean is not None:
            return {}
        return {"mean": kept, "variance": kept, "count": ()}

    def _kept(self, shape: Shape) -> list[int]:
        """Return the axes with a mean for each index, counted from the first."""
        rank = len(shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"{self.label}: expected axis from {-rank} to {rank - 1} for inputs "
                f"{format_shape(shape)}, received {self.axis}"
            )
        kept = sorted({axis % rank for axis in self.axis})
        if any(shape[axis] is None for axis in kept):
            raise ValueError(
                f"{self.label}: expected an input of fixed size in axis {self.axis}, "
                f"received {format_shape(shape)}"
            )
        return kept

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's shape, if mean and variance fit it."""
        if self.built:
            built_for = self.input_shape
            sizes = [input_shape[axis] for axis in self._kept(input_shape)]
            if sizes != [built_for[axis] for axis in self._kept(built_for)]:
                raise ValueError(
                    f"{self.label}: expected input {format_shape(built_for)} or of the "
                    f"same size in axis {self.axis}, received "
                    f"{format_shape(input_shape)}"
                )
        return input_shape

    def _broadcast(self, value: Any, shape: Shape) -> np.ndarray:
        """Return mean or variance with as many dimensions as the input.

        Raises:
            ValueError: it does not fit.
        """
        value, kept = np.asarray(value, self.dtype), self._kept(shape)
        sizes = [1] * len(shape)
        if value.ndim:
            for axis, size in zip(kept[-value.ndim :], value.shape, strict=True):
                sizes[axis] = size
                if size not in (1, shape[axis]):
                    raise ValueError(
                        f"{self.label}: expected mean and variance that fit axis "
                        f"{self.axis} of inputs {format_shape(shape)}, received shape "
                        f"{value.shape}"
                    )
        return value.reshape(sizes)

    def mean_and_deviation(self, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
        """Return what inputs of a shape are shifted and scaled by."""
        mean, variance = self.input_mean, self.input_variance
        if mean is None:
            mean, variance = self.buffers["mean"], self.buffers["variance"]
        deviation = np.sqrt(self._broadcast(variance, shape))
        least = self.dtype.type(EPSILON)
        return self._broadcast(mean, shape), np.maximum(deviation, least)

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data, instead of those from before.

        Args:
            data: an array, or batches: a data set, a list of arrays, a generator. Of a
                batch that is a tuple, such as (images, labels), the first entry counts.

        Raises:
            TypeError: it is something else.
            ValueError: there is no batch, or one does not fit.
            RuntimeError: the layer was given its mean and variance.
        """
        if self.input_mean is not None:
            raise RuntimeError(
                f"{self.label}: adapt would change nothing, since the layer was given "
                "its mean and variance; leave them out"
            )
        if not isinstance(data, Iterable) or isinstance(data, str | dict):
            raise TypeError(
                f"{self.label}: adapt expected an array or batches, received "
                f"{data!r:.80}"
            )
        batches = iter([data] if isinstance(data, np.ndarray) else data)
        first = next(batches, None)
        if first is None:
            raise ValueError(f"{self.label}: adapt expected at least one batch")
        mean: Any = 0.0
        variance: Any = 0.0
        total = 0
        for batch in itertools.chain([first], batches):
            batch = batch[0] if isinstance(batch, tuple) else batch
            if not hasattr(batch, "shape"):
                raise TypeError(
                    f"{self.label}: adapt expected batches that are arrays, received "
                    f"{batch!r:.80}"
                )
            values = np.asarray(batch)
            # Of an array the batch's size may be kept, too, by axis=0.
            shape = values.shape if 0 in self.axis else (None, *values.shape[1:])
            if not self.built:
                self.ensure_built(shape)
            self.compute_output_shape(values.shape)
            kept = self._kept(values.shape)
            axes = tuple(axis for axis in range(values.ndim) if axis not in kept)
            size = int(np.prod([values.shape[axis] for axis in axes]))
            total += size
            share = size / total
            own = values.mean(axes, dtype=np.float64)
            spread = values.var(axes, dtype=np.float64)
            before, mean = mean, mean + share * (own - mean)
            variance = (1 - share) * (variance + np.square(before - mean)) + share * (
                spread + np.square(own - mean)
            )
        self.buffers["mean"][...] = mean
        self.buffers["variance"][...] = variance

    @property
    def mean(self) -> np.ndarray:
        """The mean, with as many dimensions as the input."""
        return self.mean_and_deviation(self._known_shape())[0]

    @property
    def variance(self) -> np.ndarray:
        """The variance, with as many dimensions as the input."""
        found = self.input_variance
        return self._broadcast(
            self.buffers["variance"] if found is None else found, self._known_shape()
        )

    def _known_shape(self) -> Shape:
        if not self.built:
            raise AttributeError(
                f"{self.label}: no mean and no variance yet; call adapt, or the layer"
            )
        return self.input_shape

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Shift and scale."""
        mean, deviation = self.mean_and_deviation(x.shape)
        y = self.empty("y", x.shape)
        if self.invert:
            np.multiply(x, deviation, out=y)
            y += mean
        else:
            np.subtract(x, mean, out=y)
            y /= deviation
        self.remember(x.shape, training=training)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Scale the gradient."""
        dy = self.check_gradient(dy, self.recall())
        _, deviation = self.mean_and_deviation(dy.shape)
        scale = np.multiply if self.invert else np.divide
        return scale(dy, deviation, out=self.empty("dx", dy.shape))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
            "invert": self.invert,
        }


# Older Keras had more in a module of this name.
__getattr__ = missing_attribute(__name__, ())

"""What the command ``scratchnet gradcheck`` checks: cases of every layer and loss.

A case is a factory, because every check wants a fresh layer. Shapes are small, so
that every element is checked, and odd, so that windows leave rows over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scratchnet import layers, losses
from scratchnet.foundation.shapes import Shape
from scratchnet.gradcheck.check import gradcheck
from scratchnet.gradcheck.losses import gradcheck_loss
from scratchnet.gradcheck.report import Report
from scratchnet.layers.layer import Layer

IMAGE = (5, 6, 2)


@dataclass(frozen=True)
class LayerCase:
    """A layer with its hyperparameters, and the shape of one sample."""

    make: Callable[..., Layer]
    settings: dict[str, Any]
    input_shape: Shape

    def check(self, seed: int) -> Report:
        """Check the layer's gradients."""
        layer = self.make(**self.settings)
        return gradcheck(layer, input_shape=self.input_shape, seed=seed)

    @property
    def title(self) -> str:
        """The settings as they would be written, and the input's shape."""
        return f"{_written(self.settings)} on {self.input_shape}"


@dataclass(frozen=True)
class LossCase:
    """A loss with its arguments."""

    make: Callable[..., losses.Loss]
    settings: dict[str, Any]

    def check(self, seed: int) -> Report:
        """Check the loss's gradient."""
        return gradcheck_loss(self.make(**self.settings), seed=seed)

    @property
    def title(self) -> str:
        """The settings as they would be written."""
        return _written(self.settings)


def _written(settings: dict[str, Any]) -> str:
    return (
        ", ".join(f"{name}={value!r}" for name, value in settings.items()) or "defaults"
    )


def _of_layer(
    make: Callable[..., Layer], *cases: tuple[dict[str, Any], Shape]
) -> list[LayerCase | LossCase]:
    return [LayerCase(make, settings, shape) for settings, shape in cases]


def _of_loss(
    make: Callable[..., losses.Loss], *cases: dict[str, Any]
) -> list[LayerCase | LossCase]:
    return [LossCase(make, settings) for settings in cases]


_DENSE = _of_layer(
    layers.Dense,
    ({"units": 4}, (6,)),
    ({"units": 4, "use_bias": False}, (6,)),
    ({"units": 1}, (1,)),
    ({"units": 3}, (4, 5)),
    ({"units": 17, "activation": "relu"}, (9,)),
    ({"units": 4, "activation": "tanh"}, (6,)),
    ({"units": 4, "activation": "sigmoid"}, (6,)),
    ({"units": 4, "activation": "softmax"}, (6,)),
    ({"units": 4, "trainable": False}, (6,)),
)

_CONVOLUTION = _of_layer(
    layers.Conv2D,
    ({"filters": 3, "kernel_size": 3}, IMAGE),
    ({"filters": 3, "kernel_size": 3, "padding": "same"}, IMAGE),
    ({"filters": 3, "kernel_size": (2, 3), "strides": (2, 1)}, IMAGE),
    ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ({"filters": 2, "kernel_size": 2, "strides": 3}, IMAGE),
    ({"filters": 3, "kernel_size": 1, "use_bias": False}, IMAGE),
    ({"filters": 3, "kernel_size": (5, 6)}, IMAGE),
    ({"filters": 17, "kernel_size": 3, "activation": "relu"}, (4, 5, 1)),
    ({"filters": 3, "kernel_size": 2, "activation": "softmax"}, IMAGE),
)

_POOLING: tuple[tuple[dict[str, Any], Shape], ...] = (
    ({}, IMAGE),
    ({"padding": "same"}, IMAGE),
    ({"pool_size": (3, 2), "strides": (1, 2)}, IMAGE),
    ({"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ({"pool_size": 2, "strides": 3}, IMAGE),
)

_NORMALISATION = _of_layer(
    layers.BatchNormalization,
    ({}, (3,)),
    ({}, (3, 2, 3)),
    ({"center": False}, (3,)),
    ({"scale": False}, (3,)),
    ({"epsilon": 0.5}, (3,)),
    ({"trainable": False}, (3,)),
    ({"trainable": False, "center": False, "scale": False}, (2, 2, 3)),
)

_ANY_SHAPE: tuple[tuple[dict[str, Any], Shape], ...] = (({}, (6,)), ({}, IMAGE))

CASES: dict[str, list[LayerCase | LossCase]] = {
    "Dense": _DENSE,
    "Conv2D": _CONVOLUTION,
    "MaxPooling2D": _of_layer(layers.MaxPooling2D, *_POOLING),
    "AveragePooling2D": _of_layer(layers.AveragePooling2D, *_POOLING),
    "GlobalAveragePooling2D": _of_layer(
        layers.GlobalAveragePooling2D, ({}, IMAGE), ({"keepdims": True}, IMAGE)
    ),
    "BatchNormalization": _NORMALISATION,
    "Dropout": _of_layer(
        layers.Dropout,
        ({"rate": 0.25}, IMAGE),
        ({"rate": 0.5, "seed": 1}, (6,)),
        ({"rate": 0.0}, (6,)),
        ({"rate": 1.0}, (6,)),
    ),
    "Flatten": _of_layer(layers.Flatten, *_ANY_SHAPE),
    "Activation": _of_layer(
        layers.Activation,
        *(
            ({"activation": name}, (3, 4))
            for name in ("linear", "relu", "sigmoid", "tanh", "softmax")
        ),
    ),
    "ReLU": _of_layer(layers.ReLU, *_ANY_SHAPE),
    "Softmax": _of_layer(layers.Softmax, *_ANY_SHAPE),
    "Rescaling": _of_layer(
        layers.Rescaling,
        ({"scale": 1 / 255}, IMAGE),
        ({"scale": -2.0, "offset": 1.0}, (6,)),
    ),
    "InputLayer": _of_layer(layers.InputLayer, ({"shape": (6,)}, (6,))),
    "CategoricalCrossentropy": _of_loss(
        losses.CategoricalCrossentropy,
        {},
        {"from_logits": True},
        {"label_smoothing": 0.1},
        {"from_logits": True, "label_smoothing": 0.1},
    ),
    "SparseCategoricalCrossentropy": _of_loss(
        losses.SparseCategoricalCrossentropy,
        {},
        {"from_logits": True},
        {"from_logits": True, "label_smoothing": 0.1},
    ),
    "MeanSquaredError": _of_loss(losses.MeanSquaredError, {}),
}

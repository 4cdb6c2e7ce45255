"""One table of cases, a row for every layer and loss: the command's and the tests'.

A case is a factory, because every check wants a fresh layer. Shapes are small, so
that every element is checked, and odd, so that windows leave rows over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scratchnet import activations, layers, losses
from scratchnet.gradcheck.check import gradcheck
from scratchnet.gradcheck.losses import gradcheck_loss
from scratchnet.gradcheck.report import Report
from scratchnet.models import Model, Sequential

IMAGE = (5, 6, 2)


@dataclass(frozen=True)
class Case:
    """A layer or a loss with its settings.

    Attributes:
        make: its class, or a function that returns one.
        settings: its arguments.
        input_shape: of one sample, or of each input's; None for a loss.
    """

    make: Callable[..., Any]
    settings: dict[str, Any]
    input_shape: Any = None

    def check(self, seed: int) -> Report:
        """Check its gradients."""
        made = self.make(**self.settings)
        if self.input_shape is None:
            return gradcheck_loss(made, seed=seed)
        return gradcheck(made, input_shape=self.input_shape, seed=seed)

    @property
    def title(self) -> str:
        """The settings as they would be written, and the input's shape."""
        settings = ", ".join(f"{key}={value!r}" for key, value in self.settings.items())
        on = "" if self.input_shape is None else f" on {self.input_shape}"
        return f"{settings or 'defaults'}{on}"


def residual_block() -> Model:
    """Lead the input through a convolution and normalisation, and past them."""
    x = layers.Input(IMAGE)
    y = layers.Conv2D(2, 3, padding="same", activation="tanh")(x)
    y = layers.BatchNormalization()(y)
    return Model(x, layers.ReLU()(layers.Add()([x, y])))


def nested_model() -> Model:
    """Put a model into a model; what the first layer makes is read twice."""
    x = layers.Input((4,))
    h = layers.Dense(3, activation="tanh")(x)
    block = Sequential([layers.Dense(3), layers.Dropout(0.5, seed=1)])
    return Model(x, layers.Concatenate()([h, block(h)]))


def shared_layer() -> Model:
    """Call a layer twice: its gradients add up."""
    x = layers.Input((3,))
    shared = layers.Dense(3, activation="sigmoid")
    return Model(x, layers.Dense(2)(shared(shared(x))))


# What makes them → settings, and for a layer the shape of a sample.
ROWS: dict[Callable[..., Any], tuple[tuple[Any, ...], ...]] = {
    layers.Dense: (
        ({"units": 4}, (6,)),
        ({"units": 4, "use_bias": False}, (6,)),
        ({"units": 1}, (1,)),
        ({"units": 3}, (4, 5)),
        ({"units": 17, "activation": "relu"}, (9,)),
        ({"units": 4, "activation": "tanh"}, (6,)),
        ({"units": 4, "activation": "sigmoid"}, (6,)),
        ({"units": 4, "activation": "softmax"}, (6,)),
        ({"units": 4, "trainable": False}, (6,)),
    ),
    layers.Conv2D: (
        ({"filters": 3, "kernel_size": 3}, IMAGE),
        ({"filters": 3, "kernel_size": 3, "padding": "same"}, IMAGE),
        ({"filters": 3, "kernel_size": (2, 3), "strides": (2, 1)}, IMAGE),
        ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
        ({"filters": 2, "kernel_size": 2, "strides": 3}, IMAGE),
        ({"filters": 3, "kernel_size": 1, "use_bias": False}, IMAGE),
        ({"filters": 3, "kernel_size": (5, 6)}, IMAGE),
        ({"filters": 17, "kernel_size": 3, "activation": "relu"}, (4, 5, 1)),
        ({"filters": 3, "kernel_size": 2, "activation": "softmax"}, IMAGE),
        (
            {"filters": 4, "kernel_size": 3, "dilation_rate": (1, 2), "groups": 2},
            IMAGE,
        ),
        ({"filters": 4, "kernel_size": 2, "strides": 2, "groups": 2}, IMAGE),
    ),
    layers.Conv1D: (
        ({"filters": 3, "kernel_size": 2, "strides": 2}, (7, 2)),
        ({"filters": 3, "kernel_size": 3, "padding": "same"}, (5, 2)),
        (
            {"filters": 4, "kernel_size": 2, "padding": "causal", "dilation_rate": 2}
            | {"groups": 2},
            (5, 2),
        ),
    ),
    layers.Conv2DTranspose: (
        ({"filters": 3, "kernel_size": 3}, (2, 3, 2)),
        (
            {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}
            | {"activation": "tanh"},
            (2, 3, 2),
        ),
        (
            {"filters": 2, "kernel_size": (2, 3), "strides": (3, 2)}
            | {"output_padding": (1, 0), "use_bias": False},
            (2, 3, 2),
        ),
        ({"filters": 2, "kernel_size": 2, "dilation_rate": (2, 1)}, (2, 3, 2)),
    ),
    layers.DepthwiseConv2D: (
        ({"kernel_size": 3}, IMAGE),
        (
            {"kernel_size": (3, 2), "strides": 2, "padding": "same"}
            | {"depth_multiplier": 3, "activation": "tanh"},
            IMAGE,
        ),
        ({"kernel_size": 3, "dilation_rate": 2, "padding": "same"}, IMAGE),
        ({"kernel_size": 1, "use_bias": False}, IMAGE),
    ),
    layers.SeparableConv2D: (
        ({"filters": 3, "kernel_size": 3}, IMAGE),
        (
            {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}
            | {"depth_multiplier": 2, "activation": "tanh"},
            IMAGE,
        ),
        ({"filters": 2, "kernel_size": 2, "use_bias": False}, IMAGE),
    ),
    **dict.fromkeys(
        (layers.MaxPooling1D, layers.AveragePooling1D),
        (
            ({}, (5, 2)),
            ({"pool_size": 3, "strides": 2, "padding": "same"}, (5, 2)),
            ({"pool_size": 2, "strides": 3}, (5, 2)),
        ),
    ),
    layers.GlobalMaxPooling1D: (({}, (5, 2)), ({"keepdims": True}, (5, 2))),
    layers.GlobalAveragePooling1D: (({}, (5, 2)), ({"keepdims": True}, (5, 2))),
    **dict.fromkeys(
        (layers.MaxPooling2D, layers.AveragePooling2D),
        (
            ({}, IMAGE),
            ({"padding": "same"}, IMAGE),
            ({"pool_size": (3, 2), "strides": (1, 2)}, IMAGE),
            ({"pool_size": 3, "strides": 2, "padding": "same"}, IMAGE),
            ({"pool_size": 2, "strides": 3}, IMAGE),
        ),
    ),
    layers.GlobalAveragePooling2D: (({}, IMAGE), ({"keepdims": True}, IMAGE)),
    layers.BatchNormalization: (
        ({}, (3,)),
        ({}, (3, 2, 3)),
        ({"center": False}, (3,)),
        ({"scale": False}, (3,)),
        ({"epsilon": 0.5}, (3,)),
        ({"trainable": False}, (3,)),
        ({"trainable": False, "center": False, "scale": False}, (2, 2, 3)),
    ),
    layers.GlobalMaxPooling2D: (({}, IMAGE), ({"keepdims": True}, IMAGE)),
    layers.ReLU: (
        ({}, (6,)),
        ({"negative_slope": 0.25}, IMAGE),
        ({"max_value": 0.5, "threshold": 0.25}, IMAGE),
    ),
    layers.LayerNormalization: (
        ({}, (5,)),
        ({"axis": [1, 2, 3]}, IMAGE),
        ({"axis": 1, "center": False}, (4, 3)),
        ({"scale": False, "epsilon": 0.5}, (2, 3)),
    ),
    layers.GroupNormalization: (
        ({"groups": 2}, (4, 3, 6)),
        ({"groups": -1, "scale": False}, IMAGE),
        ({"groups": 1, "center": False}, (6,)),
        ({"groups": 2, "axis": 1}, (4, 3)),
    ),
    layers.PReLU: (({}, (6,)), ({"shared_axes": [1, 2]}, IMAGE)),
    layers.GaussianNoise: (({"stddev": 0.5}, (6,)),),
    layers.GaussianDropout: (({"rate": 0.25}, (6,)),),
    layers.AlphaDropout: (({"rate": 0.25}, IMAGE),),
    layers.SpatialDropout1D: (({"rate": 0.25}, (5, 4)),),
    layers.SpatialDropout2D: (({"rate": 0.25}, IMAGE),),
    layers.Dropout: (
        ({"rate": 0.25}, IMAGE),
        ({"rate": 0.5, "seed": 1}, (6,)),
        ({"rate": 0.0}, (6,)),
        ({"rate": 1.0}, (6,)),
    ),
    **dict.fromkeys(
        (
            *(layers.Add, layers.Average, layers.Maximum, layers.Minimum),
            layers.Multiply,
        ),
        (
            ({}, [(4,), (4,)]),
            ({}, [IMAGE, IMAGE, IMAGE]),
            ({}, [(3, 2), (1, 2), (2,)]),
        ),
    ),
    layers.Subtract: (({}, [(4,), (4,)]), ({}, [(2,), (3, 2)])),
    layers.Concatenate: (
        ({}, [(4,), (1,), (2,)]),
        ({"axis": 2}, [(2, 3, 2), (2, 1, 2)]),
    ),
    layers.Reshape: (
        ({"target_shape": (3, -1)}, (6,)),
        ({"target_shape": (60,)}, IMAGE),
    ),
    layers.Permute: (({"dims": (2, 1)}, (3, 4)), ({"dims": (3, 1, 2)}, IMAGE)),
    layers.RepeatVector: (({"n": 3}, (4,)),),
    layers.ZeroPadding1D: (({"padding": (1, 2)}, (3, 2)),),
    layers.ZeroPadding2D: (({}, IMAGE), ({"padding": ((0, 2), (1, 0))}, IMAGE)),
    layers.Cropping1D: (({"cropping": (1, 2)}, (5, 2)),),
    layers.Cropping2D: (
        ({"cropping": 1}, IMAGE),
        ({"cropping": ((0, 2), (1, 0))}, IMAGE),
    ),
    layers.UpSampling1D: (({"size": 3}, (3, 2)),),
    layers.UpSampling2D: (
        ({}, IMAGE),
        ({"size": (1, 3)}, IMAGE),
        ({"size": (2, 3), "interpolation": "bilinear"}, IMAGE),
    ),
    **dict.fromkeys(
        (layers.Flatten, layers.LeakyReLU, layers.ELU, layers.Softmax),
        (({}, (6,)), ({}, IMAGE)),
    ),
    layers.Activation: tuple(
        ({"activation": name}, (3, 4)) for name in activations.ALL
    ),
    layers.Identity: (({}, (6,)),),
    layers.ActivityRegularization: (({"l1": 0.1, "l2": 0.1}, (6,)),),
    layers.Rescaling: (
        ({"scale": 1 / 255}, IMAGE),
        ({"scale": -2.0, "offset": 1.0}, (6,)),
        ({"scale": [2.0, -0.5], "offset": [1.0, 0.0]}, IMAGE),
    ),
    layers.Normalization: (
        ({}, IMAGE),
        ({"axis": (1, -1), "invert": True}, IMAGE),
        ({"mean": 0.5, "variance": 4.0}, (6,)),
    ),
    layers.RandomFlip: (({"seed": 1}, IMAGE),),
    layers.RandomRotation: (
        ({"factor": 0.2, "seed": 1}, IMAGE),
        ({"factor": 0.5, "fill_mode": "constant", "seed": 2}, IMAGE),
        ({"factor": 0.3, "interpolation": "nearest", "seed": 3}, IMAGE),
    ),
    layers.RandomZoom: (({"height_factor": 0.4, "fill_mode": "wrap"}, IMAGE),),
    layers.RandomTranslation: (
        ({"height_factor": 0.3, "width_factor": 0.4, "fill_mode": "nearest"}, IMAGE),
    ),
    layers.RandomShear: (({"x_factor": 0.3, "y_factor": 0.2}, IMAGE),),
    layers.RandomCrop: (
        ({"height": 3, "width": 4, "seed": 1}, IMAGE),
        ({"height": 7, "width": 3}, IMAGE),
    ),
    layers.RandomContrast: (
        ({"factor": 0.5, "value_range": (-9, 9)}, IMAGE),
        ({"factor": (0.9, 1.0), "value_range": (-1, 1.5)}, IMAGE),
    ),
    layers.RandomBrightness: (({"factor": 0.3, "value_range": (-2, 2)}, IMAGE),),
    layers.CenterCrop: (
        ({"height": 3, "width": 4}, IMAGE),
        ({"height": 8, "width": 3}, IMAGE),
    ),
    layers.Resizing: (
        ({"height": 3, "width": 9}, IMAGE),
        ({"height": 7, "width": 2, "interpolation": "nearest"}, IMAGE),
        ({"height": 4, "width": 4, "crop_to_aspect_ratio": True}, IMAGE),
        ({"height": 4, "width": 9, "pad_to_aspect_ratio": True}, IMAGE),
    ),
    layers.InputLayer: (({"shape": (6,)}, (6,)),),
    residual_block: (({}, IMAGE),),
    nested_model: (({}, (4,)),),
    shared_layer: (({}, (3,)),),
    losses.CategoricalCrossentropy: (
        ({},),
        ({"from_logits": True},),
        ({"label_smoothing": 0.1},),
        ({"from_logits": True, "label_smoothing": 0.1},),
    ),
    losses.SparseCategoricalCrossentropy: (
        ({},),
        ({"from_logits": True},),
        ({"from_logits": True, "label_smoothing": 0.1},),
    ),
    losses.BinaryCrossentropy: (
        ({},),
        ({"from_logits": True},),
        ({"from_logits": True, "label_smoothing": 0.1},),
    ),
    **dict.fromkeys(
        (losses.BinaryFocalCrossentropy, losses.CategoricalFocalCrossentropy),
        (({},), ({"from_logits": True},), ({"gamma": 1.5, "alpha": 0.7},)),
    ),
    losses.Huber: (({"delta": 0.1},), ({},)),
    losses.Tversky: (({"axis": -1, "alpha": 0.3, "beta": 0.7},),),
    **{
        loss: (({},),)
        for loss in (
            *(losses.MeanSquaredError, losses.MeanAbsoluteError, losses.LogCosh),
            *(losses.MeanAbsolutePercentageError, losses.MeanSquaredLogarithmicError),
            *(losses.Poisson, losses.KLDivergence, losses.CosineSimilarity),
            *(losses.Hinge, losses.SquaredHinge, losses.CategoricalHinge),
        )
    },
    losses.Dice: (({"axis": -1},),),
}

CASES = {
    make.__name__: [Case(make, *row) for row in rows] for make, rows in ROWS.items()
}

"""The image classifiers of the study, from plain to deep; C is the number of classes.

The published study has three (`STUDY`); a residual network goes beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scratchnet.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    Permute,
    ZeroPadding2D,
)
from scratchnet.models.model import Model
from scratchnet.models.sequential import Sequential
from scratchnet.regularizers import L2

ImageShape = tuple[int, int, int]


def ann(input_shape: ImageShape, classes: int) -> Sequential:
    """Flatten, Dense 128, Dense 64, Dense C: no notion of neighbouring pixels.

    >>> ann((28, 28, 1), 10).count_params()
    109386
    """
    return Sequential(
        [
            Input(input_shape),
            Flatten(),
            Dense(128, activation="relu"),
            Dense(64, activation="relu"),
            Dense(classes, activation="softmax"),
        ],
        name="ann",
    )


def basic_cnn(input_shape: ImageShape, classes: int) -> Sequential:
    """Two 3x3 convolutions (32, 64), each before a 2x2 pool; Dense 64, Dense C.

    >>> basic_cnn((28, 28, 1), 10).count_params()
    121930
    """
    return Sequential(
        [
            Input(input_shape),
            Conv2D(32, (3, 3), activation="relu"),
            MaxPooling2D((2, 2)),
            Conv2D(64, (3, 3), activation="relu"),
            MaxPooling2D((2, 2)),
            Flatten(),
            Dense(64, activation="relu"),
            Dense(classes, activation="softmax"),
        ],
        name="basic_cnn",
    )


def deeper_cnn(
    input_shape: ImageShape, classes: int, *, momentum: float = 0.99
) -> Sequential:
    """Three blocks (32, 64, 128) with batch normalisation and dropout; Dense 128.

    Args:
        input_shape: height, width and channels of an image.
        classes: C.
        momentum: of the batch normalisations; the study's is Keras's default.

    >>> deeper_cnn((28, 28, 1), 10).count_params()
    111882
    """
    model = Sequential([Input(input_shape)], name="deeper_cnn")
    for filters in (32, 64, 128):
        model.add(Conv2D(filters, (3, 3), activation="relu"))
        model.add(BatchNormalization(momentum=momentum))
        model.add(MaxPooling2D((2, 2)))
        model.add(Dropout(0.25))
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(BatchNormalization(momentum=momentum))
    model.add(Dropout(0.5))
    model.add(Dense(classes, activation="softmax"))
    return model


def resnet20(input_shape: ImageShape, classes: int) -> Model:
    """Nine residual blocks in three stages of 16, 32 and 64 channels, then an average.

    A block is y = relu(x + f(x)), where f is convolution, normalisation, relu,
    convolution, normalisation. The shortcut has no weights: where a stage begins, it
    takes every second pixel, and the new channels are zeros. Weights decay by an L2
    penalty of 10⁻⁴.

    Reference: He, Zhang, Ren & Sun (2016), "Deep residual learning for image
    recognition", section 4.2, option A.

    >>> resnet20((32, 32, 3), 10).count_params()
    271098
    """
    inputs = Input(input_shape)
    x = Activation("relu")(_convolution(inputs, 16))
    for filters in (16, 32, 64):
        for block in range(3):
            strides = 2 if block == 0 and filters > 16 else 1
            x = _residual_block(x, filters, strides)
    x = GlobalAveragePooling2D()(x)
    outputs = Dense(classes, activation="softmax", kernel_regularizer=L2(1e-4))(x)
    return Model(inputs, outputs, name="resnet20")


def _residual_block(x: Any, filters: int, strides: int) -> Any:
    y = Activation("relu")(_convolution(x, filters, strides))
    y = _convolution(y, filters)
    if strides > 1:
        x = _narrowed(x, strides, filters - x.shape[-1])
    return Activation("relu")(Add()([x, y]))


def _convolution(x: Any, filters: int, strides: int = 1) -> Any:
    """Return x convolved 3x3 and normalised, which makes a bias needless."""
    convolution = Conv2D(
        filters,
        (3, 3),
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        kernel_regularizer=L2(1e-4),
    )
    return BatchNormalization()(convolution(x))


def _narrowed(x: Any, strides: int, channels: int) -> Any:
    """Return every second pixel of x, between new channels of zeros."""
    x = MaxPooling2D((1, 1), strides)(x)
    # Padding is for rows and columns: the channels stand in for columns meanwhile.
    x = ZeroPadding2D(((0, 0), (channels // 2, channels - channels // 2)))(
        Permute((1, 3, 2))(x)
    )
    return Permute((1, 3, 2))(x)


ALL: dict[str, Callable[[ImageShape, int], Model]] = {
    "ann": ann,
    "basic_cnn": basic_cnn,
    "deeper_cnn": deeper_cnn,
    "resnet20": resnet20,
}

# Those of the published study.
STUDY = ("ann", "basic_cnn", "deeper_cnn")

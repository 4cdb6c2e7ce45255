"""The three image classifiers of the study, from plain to deep.

Convolutions are 3x3, valid, with ReLU; pools are 2x2; C is the number of classes.
"""

from __future__ import annotations

from collections.abc import Callable

from scratchnet.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
)
from scratchnet.models.sequential import Sequential

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
    """Two convolutions (32, 64), each followed by a pool; Dense 64, Dense C.

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


ALL: dict[str, Callable[[ImageShape, int], Sequential]] = {
    "ann": ann,
    "basic_cnn": basic_cnn,
    "deeper_cnn": deeper_cnn,
}

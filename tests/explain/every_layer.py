"""Small models that together have every layer, and every option that changes a sum."""

from __future__ import annotations

import numpy as np

from scratchnet import Input, Sequential, layers


def images(model: Sequential, count: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, *model.input_shape[1:])).astype("float32")


def labels(model: Sequential, count: int) -> np.ndarray:
    return np.arange(count) % model.output_shape[-1]


def settle(model: Sequential, seed: int = 0) -> Sequential:
    """Give the model weights of an ordinary size; variances lie above 0."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        for name, weight in layer.named_weights.items():
            low = 0.5 if name in ("moving_variance", "gamma") else -0.5
            weight[...] = rng.uniform(low, 1.0, weight.shape)
    return model


def convolutional(dtype: str = "float32") -> Sequential:
    return settle(
        Sequential(
            [
                Input((9, 8, 2), dtype=dtype),
                layers.Rescaling(0.5, 0.25, dtype=dtype, name="rescaling"),
                layers.Conv2D(
                    3, 3, padding="same", activation="relu", dtype=dtype, name="same"
                ),
                layers.BatchNormalization(dtype=dtype, name="norm"),
                layers.MaxPooling2D(2, dtype=dtype, name="max"),
                layers.Dropout(0.4, seed=7, dtype=dtype, name="drop"),
                layers.Conv2D(
                    4, (2, 3), (1, 2), activation="tanh", dtype=dtype, name="strided"
                ),
                layers.Flatten(dtype=dtype, name="flatten"),
                layers.Dense(6, activation="sigmoid", dtype=dtype, name="hidden"),
                layers.Dense(5, activation="softmax", dtype=dtype, name="out"),
            ]
        )
    )


def averaging(dtype: str = "float32") -> Sequential:
    return settle(
        Sequential(
            [
                Input((7, 7, 3), dtype=dtype),
                layers.AveragePooling2D(3, 2, "same", dtype=dtype, name="average"),
                layers.MaxPooling2D(2, 1, "same", dtype=dtype, name="overlapping"),
                layers.Conv2D(4, 1, use_bias=False, dtype=dtype, name="pointwise"),
                layers.ReLU(dtype=dtype, name="relu"),
                layers.GlobalAveragePooling2D(dtype=dtype, name="global"),
                layers.BatchNormalization(
                    center=False, scale=False, dtype=dtype, name="plain_norm"
                ),
                layers.Dense(5, use_bias=False, dtype=dtype, name="logits"),
                layers.Activation("linear", dtype=dtype, name="linear"),
                layers.Softmax(dtype=dtype, name="softmax"),
            ]
        )
    )


ALL = (convolutional, averaging)

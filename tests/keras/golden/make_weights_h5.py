"""Make the Keras weights files that scratchnet must load, and what they predict.

Part of `python -m tests.keras.golden.make`. Writes, beside this script, for each model
a ``.weights.h5`` from Keras's own `save_weights` and a ``.npz`` with inputs ``x``,
Keras's predictions ``y``, the weights in the order of `get_weights` and the
optimizer's variables:

- keras_conv: every kind of layer in the subset that has weights, and most that have
  none, trained for a few steps so that moving statistics and Adam's slots are not zero;
- keras_dense: no Input layer, SGD with momentum, a layer without bias.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

from tests.keras.golden import make

HERE = Path(__file__).parent
SEED = 7


def conv_model() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((12, 12, 2)),
            layers.Rescaling(0.5),
            layers.Conv2D(4, 3, activation="relu", name="first"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Conv2D(6, 3, padding="same", strides=2, use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(8, activation="tanh"),
            layers.BatchNormalization(center=False),
            layers.Dropout(0.5),
            layers.Dense(5, activation="softmax"),
        ]
    )


def dense_model() -> keras.Model:
    return keras.Sequential(
        [
            layers.Flatten(input_shape=(4, 3)),
            layers.Dense(6, activation="relu", use_bias=False),
            layers.Dense(5, activation="softmax"),
        ]
    )


def train(name: str, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    rng = np.random.default_rng(SEED)
    shape = model.input_shape[1:]
    x = rng.standard_normal((40, *shape)).astype("float32")
    labels = np.eye(5, dtype="float32")[rng.integers(0, 5, 40)]
    model.compile(optimizer, "categorical_crossentropy")
    model.fit(x, labels, batch_size=8, epochs=3, verbose=0)
    model.save_weights(HERE / f"{name}.weights.h5")
    y = model.predict(x[:6], verbose=0)
    arrays = {
        "x": x[:6],
        "y": y,
        **numbered("weight", model.get_weights()),
        **numbered("optimizer", [v.numpy() for v in model.optimizer.variables]),
    }
    make.write(name, arrays, SEED)


def numbered(name: str, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{name}_{i:02}": array for i, array in enumerate(arrays)}


def main() -> None:
    keras.utils.set_random_seed(SEED)
    train("keras_conv", conv_model(), keras.optimizers.Adam(0.01))
    train("keras_dense", dense_model(), keras.optimizers.SGD(0.1, momentum=0.9))

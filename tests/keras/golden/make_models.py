"""Make the whole models of Keras that scratchnet must load, and how they go on.

    python -m tests.keras.golden.make_models  (with the extra `reference` installed)

Writes, beside this script:

- trained.keras: most kinds of layers, float32, Adam, label smoothing and metrics as
  names and objects, after some steps; trained.npz: inputs ``x`` and Keras's
  predictions ``y``;
- continued.keras: a float64 model without Dropout, Adam after some steps;
  continued.npz: a data set ``x``, ``y``, the losses of two more epochs on it in
  order, batch by batch, and the weights after them.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

from tests.keras.golden.make import write

HERE = Path(__file__).parent
SEED = 7
CLASSES = 5
BATCH_SIZE = 8


def trained() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((12, 12, 2)),
            layers.Rescaling(0.5),
            layers.Conv2D(4, 3, activation="relu", name="first"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Conv2D(4, 3, padding="same", kernel_initializer="he_normal"),
            layers.ReLU(),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(6, activation="tanh", use_bias=False),
            layers.Dropout(0.5, seed=3),
            layers.Dense(CLASSES),
            layers.Activation("softmax"),
        ],
        name="trained",
    )
    model.compile(
        keras.optimizers.Adam(0.01, beta_1=0.8),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top2")],
    )
    return model


def continued() -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1), dtype="float64"),
            layers.Conv2D(4, 3, activation="relu", dtype="float64"),
            layers.BatchNormalization(dtype="float64"),
            layers.MaxPooling2D(2, dtype="float64"),
            layers.GlobalAveragePooling2D(dtype="float64"),
            layers.Dense(CLASSES, activation="softmax", dtype="float64"),
        ],
        name="continued",
    )
    model.compile("adam", "categorical_crossentropy")
    return model


def data(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    x = rng.standard_normal((40, *model.input_shape[1:])).astype("float32")
    return x, np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, 40)]


def fit(model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int) -> list[float]:
    history = model.fit(
        x, y, batch_size=BATCH_SIZE, epochs=epochs, shuffle=False, verbose=0
    )
    return history.history["loss"]


def main() -> None:
    keras.utils.set_random_seed(SEED)
    model = trained()
    x, y = data(model)
    fit(model, x, y, 3)
    model.save(HERE / "trained.keras")
    write("trained", {"x": x[:6], "y": model.predict(x[:6], verbose=0)}, SEED)

    model = continued()
    x, y = data(model)
    fit(model, x, y, 2)
    model.save(HERE / "continued.keras")
    losses = fit(model, x, y, 2)
    weights = {f"weight_{i}": w for i, w in enumerate(model.get_weights())}
    write("continued", {"x": x, "y": y, "losses": losses, **weights}, SEED)


if __name__ == "__main__":
    main()

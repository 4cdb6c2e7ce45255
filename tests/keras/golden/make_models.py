"""Make the whole models of Keras that scratchnet must load, and how they go on.

    python -m tests.keras.golden.make_models  (with the extra `reference` installed)

Writes, beside this script:

- trained.keras: most kinds of layers, float32, Adam, label smoothing and metrics as
  names and objects, after some steps; trained.npz: inputs ``x`` and Keras's
  predictions ``y``;
- continued.keras: a float64 model without Dropout, Adam after some steps;
  continued.npz: a data set ``x``, ``y``, the losses of two more epochs on it in
  order, batch by batch, and the weights after them;
- graph.keras, graph.npz: the same of a graph: a residual block, branches side by side,
  models in the model, a layer that is called twice.
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


def graph() -> keras.Model:
    with_dtype = {"dtype": "float64"}
    x = keras.Input((6, 6, 2), **with_dtype)
    narrow = layers.Conv2D(3, 1, activation="relu", **with_dtype)(x)
    wide = layers.Conv2D(3, 3, padding="same", activation="relu", **with_dtype)(x)
    block = keras.Sequential(
        [
            keras.Input((6, 6, 3), **with_dtype),
            layers.Conv2D(3, 3, padding="same", activation="relu", **with_dtype),
            layers.BatchNormalization(**with_dtype),
        ],
        name="block",
    )
    residual = layers.Add(**with_dtype)([block(wide), wide])
    joined = layers.Concatenate(**with_dtype)([residual, narrow])
    pooled = layers.GlobalAveragePooling2D(**with_dtype)(joined)
    start = keras.Input((6,), **with_dtype)
    shared = layers.Dense(6, activation="tanh", **with_dtype)
    inner = keras.Model(start, shared(shared(start)), name="inner")
    y = layers.Dense(CLASSES, activation="softmax", **with_dtype)(inner(pooled))
    model = keras.Model(x, y, name="graph")
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

    for make in (continued, graph):
        keras.utils.set_random_seed(SEED)
        model = make()
        x, y = data(model)
        fit(model, x, y, 2)
        model.save(HERE / f"{make.__name__}.keras")
        losses = fit(model, x, y, 2)
        weights = {f"weight_{i}": w for i, w in enumerate(model.get_weights())}
        write(make.__name__, {"x": x, "y": y, "losses": losses, **weights}, SEED)


if __name__ == "__main__":
    main()

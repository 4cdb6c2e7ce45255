"""Make whole models in Keras's legacy ``.h5`` format, and what they predict.

    python -m tests.keras.golden.make_legacy_h5 keras      # Keras 3, extra `reference`
    python -m tests.keras.golden.make_legacy_h5 tf_keras   # Keras 2, package tf_keras

Writes, into the folder ``legacy`` beside this script, for each model an ``.h5`` file
and a ``.npz`` with inputs ``x`` and predictions ``y``: a trained chain, a trained graph
with a shortcut, and that graph inside a chain; of Keras 2, whose `save_weights` wrote
this format, too, the chain's weights alone.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "legacy"
SEED = 7


def main(package: str) -> None:
    """Write the files of one package."""
    keras = importlib.import_module(package)
    layers = keras.layers
    version = "keras2" if package == "tf_keras" else "keras3"
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)

    def write(name: str, model: object, x: np.ndarray) -> None:
        model.save(FOLDER / f"{version}_{name}.h5")
        np.savez(FOLDER / f"{version}_{name}.npz", x=x, y=model.predict(x, verbose=0))

    first = layers.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1))
    chain = keras.Sequential(
        [
            *([first] if version == "keras2" else [keras.Input((8, 8, 1))]),
            layers.Conv2D(3, 3, kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.1),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    chain.compile(
        keras.optimizers.Adam(0.002),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    pictures = rng.random((20, 8, 8, 1), np.float32)
    chain.fit(pictures, np.arange(20) % 3, epochs=2, verbose=0)
    write("chain", chain, pictures)
    if version == "keras2":
        chain.save_weights(FOLDER / "keras2_weights.h5")

    x = keras.Input((6,))
    hidden = layers.Dense(6, activation="relu")(x)
    graph = keras.Model(x, layers.Dense(2)(layers.Add()([x, hidden])))
    graph.compile(
        keras.optimizers.SGD(momentum=0.5),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy("acc")],
    )
    rows = rng.random((20, 6), np.float32)
    graph.fit(rows, np.arange(20) % 2, verbose=0)
    write("graph", graph, rows)

    write("nested", keras.Sequential([keras.Input((6,)), graph, layers.Dense(3)]), rows)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""One file of each format that users may have, as the code of 2026-11 wrote it.

    python -m tests.same_bits.make_files FOLDER

`tests/same_bits/files` was written at commit da4c8ce, before the house was rebuilt, and
is not to be made anew: `test_old_files` shows that today's code still reads it.
"""

import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

import scratchnet as keras
from scratchnet.callbacks import BackupAndRestore
from scratchnet.runs import Run

SHAPE, CLASSES = (9, 9, 2), 3


def model():
    """Return a small model of every kind of layer, compiled."""
    net = keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.MaxPooling2D(2),
            keras.layers.Dropout(0.25, seed=5),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="relu"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ],
        name="small",
    )
    net.compile(
        keras.optimizers.Adam(0.01),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return net


def data():
    """Return images and labels."""
    rng = np.random.default_rng(3)
    x = rng.integers(0, 256, (24, *SHAPE), np.uint8)
    return x, rng.integers(0, CLASSES, 24)


def fit(net, *callbacks):
    """Train three epochs, and return the history."""
    x, y = data()
    return net.fit(
        x, y, batch_size=8, epochs=3, verbose=0, callbacks=list(callbacks)
    ).history


def main(folder):
    """Write the files, and what today's code has to make of them."""
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(1)
    net = model()
    with suppress(KeyboardInterrupt):
        fit(
            net,
            BackupAndRestore(folder / "backup"),
            Stop(),
        )
    keras.utils.set_random_seed(1)
    net = model()
    history = fit(net)
    x, _ = data()
    np.savez(
        folder / "expected.npz",
        predictions=net.predict(x, verbose=0),
        loss=history["loss"],
        **{f"weight_{i}": weight for i, weight in enumerate(net.get_weights())},
    )
    net.save_weights(folder / "weights.npz")
    net.save_weights(folder / "model.weights.h5")
    net.save(folder / "model.keras")
    run = Run.create(
        folder / "run",
        {
            "dataset": {"name": "digits"},
            "class_names": ["a", "b", "c"],
            "model": {"config": net.get_config()},
        },
    )
    net.save_weights(run.path("best.npz"))


class Stop(keras.callbacks.Callback):
    """Interrupt the training when its second epoch begins."""

    def on_epoch_begin(self, epoch, logs=None):
        """Raise what Ctrl-C raises."""
        if epoch == 1:
            raise KeyboardInterrupt


if __name__ == "__main__":
    main(Path(sys.argv[1]))

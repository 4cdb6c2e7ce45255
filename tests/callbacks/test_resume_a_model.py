"""`BackupAndRestore` with a real model: nothing that training needs is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import callbacks, layers


def make_model() -> Any:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.25),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: Any, *members: callbacks.Callback) -> Any:
    rng = np.random.default_rng(0)
    x = rng.random((50, 6, 6, 1)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[rng.integers(3, size=50)]
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    members = (*members, schedule)
    return model.fit(
        x, y, 16, epochs=4, verbose=0, callbacks=members, validation_split=0.2
    )


class Crash(callbacks.Callback):
    """Raise in the midst of the third epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == (2, 1):
            raise ZeroDivisionError


def test_a_resumed_fit_gives_the_weights_and_history_of_an_unbroken_one(
    tmp_path: Path,
) -> None:
    keras.utils.set_random_seed(3)
    expected = make_model()
    history = fit(expected)

    keras.utils.set_random_seed(3)
    with pytest.raises(ZeroDivisionError):
        fit(make_model(), callbacks.BackupAndRestore(tmp_path / "backup"), Crash())

    keras.utils.set_random_seed(4)
    resumed = make_model()
    again = fit(resumed, callbacks.BackupAndRestore(tmp_path / "backup"))
    for one, other in zip(expected.get_weights(), resumed.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()
    assert again.history == history.history
    assert again.epoch == history.epoch == [0, 1, 2, 3]

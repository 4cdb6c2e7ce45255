"""`BackupAndRestore` with a real model: nothing that training needs is forgotten."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scratchnet as keras
from scratchnet import callbacks, layers, optimizers
from scratchnet.foundation.errors import CheckpointError


def make_model(optimizer: Any = "adam") -> Any:
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
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: Any, *members: callbacks.Callback, batch: int = 16, **how: Any) -> Any:
    rng = np.random.default_rng(0)
    x = rng.random((50, 6, 6, 1)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[rng.integers(3, size=50)]
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    how = {"epochs": 4, "validation_split": 0.2, **how}
    return model.fit(x, y, batch, verbose=0, callbacks=[*members, schedule], **how)


class Crash(callbacks.Callback):
    """Raise in the midst of an epoch, by default the third."""

    def __init__(self, epoch: int = 2, batch: int = 1) -> None:
        super().__init__()
        self.place = (epoch, batch)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == self.place:
            raise ZeroDivisionError


def assert_resumed_to_the_bit(
    folder: Path, crash: Crash, make_model: Any = make_model, **how: Any
) -> None:
    keras.utils.set_random_seed(3)
    expected = make_model()
    history = fit(expected, **how)

    keras.utils.set_random_seed(3)
    with pytest.raises(ZeroDivisionError):
        fit(make_model(), callbacks.BackupAndRestore(folder), crash, **how)

    keras.utils.set_random_seed(4)
    resumed = make_model()
    again = fit(resumed, callbacks.BackupAndRestore(folder), **how)
    for one, other in zip(expected.get_weights(), resumed.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()
    assert again.history == history.history
    assert again.epoch == history.epoch == list(range(how.get("epochs", 4)))


def test_a_resumed_fit_gives_the_weights_and_history_of_an_unbroken_one(
    tmp_path: Path,
) -> None:
    assert_resumed_to_the_bit(tmp_path / "backup", Crash())


def test_rmsprop_is_resumed_with_all_its_slots(tmp_path: Path) -> None:
    def make() -> Any:
        return make_model(optimizers.RMSprop(momentum=0.5, centered=True))

    assert_resumed_to_the_bit(tmp_path / "backup", Crash(), make)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_an_epoch_that_starts_in_the_midst_of_the_samples_is_resumed_there(
    tmp_path: Path, epoch: int, shuffle: bool
) -> None:
    # 40 samples to train on are 5 batches: epochs start after 0, 2, 4, 0, 2, 4 of them.
    how = {"batch": 8, "steps_per_epoch": 2, "epochs": 6, "shuffle": shuffle}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fit: the input ran out of data after 1 of 2")
        assert_resumed_to_the_bit(tmp_path / "backup", Crash(epoch, 0), **how)


def test_other_samples_are_no_place_to_go_on_in_the_midst_of(tmp_path: Path) -> None:
    how: dict[str, Any] = {"steps_per_epoch": 2, "epochs": 4, "validation_split": 0.0}
    with pytest.raises(ZeroDivisionError):
        fit(make_model(), callbacks.BackupAndRestore(tmp_path), Crash(1, 0), **how)
    model = make_model()
    before = model.get_weights()
    message = (
        "starts after 2 batches of a pass through 50 samples, 16 in a batch; "
        "received 50 samples, 8 in a batch"
    )
    with pytest.raises(CheckpointError, match=message):
        fit(model, callbacks.BackupAndRestore(tmp_path), batch=8, **how)
    for one, other in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("epoch", "first"), [(0, 0), (1, 2)])
def test_a_save_in_the_midst_of_an_epoch_starts_it_again_with_its_first_batch(
    tmp_path: Path, epoch: int, first: int
) -> None:
    how = {"batch": 8, "steps_per_epoch": 2, "epochs": 4}
    backup = callbacks.BackupAndRestore(tmp_path, save_freq=1)
    with pytest.raises(ZeroDivisionError):
        fit(make_model(), backup, Crash(epoch, 1), **how)
    starts = []
    watch = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: starts.append(model._position.taken)
    )
    model = make_model()
    fit(model, watch, callbacks.BackupAndRestore(tmp_path), **how | {"epochs": 2})
    assert starts[0] == first

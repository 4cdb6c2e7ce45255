from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel, Layer, train

from scratchnet.callbacks import (
    BackupAndRestore,
    Callback,
    History,
    LearningRateScheduler,
    ReduceLROnPlateau,
)
from scratchnet.foundation import random
from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import training_state

EPOCHS = 5


class Crash(Exception):  # noqa: N818
    """Stands for whatever ends a program."""


class CrashAt(Callback):
    """Raise at a place in training."""

    def __init__(self, hook: str, number: int) -> None:
        super().__init__()
        self.number = number
        setattr(self, hook, self.crash)

    def crash(self, number: int, logs: Any = None) -> None:
        if number == self.number:
            raise Crash


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def everything(model: FakeModel) -> tuple[Any, ...]:
    """Return all that has to be the same, as bytes."""
    optimizer = model.optimizer
    return (
        model.weight.tobytes(),
        model.layers[0].buffers["seed_state"].tobytes(),
        [value.tobytes() for value in optimizer.momentum.values()],
        optimizer.iterations,
        optimizer.learning_rate,
        model.history.history,
        model.history.epoch,
        random.get_state(),
    )


def schedule() -> LearningRateScheduler:
    return LearningRateScheduler(lambda epoch, rate: rate * 0.9)


def run_without_a_stop() -> tuple[Any, ...]:
    random.reset(5)
    model = FakeModel()
    train(model, schedule(), EPOCHS)
    return everything(model)


def crash(folder: Path, hook: str, number: int, **arguments: Any) -> FakeModel:
    random.reset(5)
    model = FakeModel()
    backup = BackupAndRestore(folder, **arguments)
    with pytest.raises(Crash):
        train(model, [backup, schedule(), CrashAt(hook, number)], EPOCHS)
    return model


def resume(folder: Path, model: FakeModel | None = None, **arguments: Any) -> FakeModel:
    # A new program has other streams, a new model, and layers of the next free name.
    random.reset(99)
    model = FakeModel("dense_1") if model is None else model
    train(model, [BackupAndRestore(folder, **arguments), schedule()], EPOCHS)
    return model


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end"])
@pytest.mark.parametrize("epoch", range(1, EPOCHS))
def test_a_resumed_run_is_the_same_to_the_bit(
    folder: Path, hook: str, epoch: int
) -> None:
    expected = run_without_a_stop()
    crash(folder, hook, epoch)
    model = resume(folder)
    assert model._initial_epoch == epoch
    assert everything(model) == expected
    assert not folder.exists()


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end"])
def test_a_crash_in_the_first_epoch_leaves_nothing_to_resume(
    folder: Path, hook: str
) -> None:
    crash(folder, hook, 0)
    assert not folder.exists()
    assert resume(folder)._initial_epoch == 0


def test_a_crash_after_the_last_epoch_leaves_nothing_to_train(folder: Path) -> None:
    expected = run_without_a_stop()
    random.reset(5)
    model = FakeModel()
    backup = BackupAndRestore(folder, delete_checkpoint=False)
    train(model, [backup, schedule()], EPOCHS)
    resumed = resume(folder)
    assert resumed._initial_epoch == EPOCHS
    assert everything(resumed) == expected


def test_what_later_callbacks_change_is_in_the_backup(folder: Path) -> None:
    """Listed first, it still runs last: the reduced rate and the history are saved."""
    random.reset(1)
    model = FakeModel()
    model.optimizer.learning_rate = 1.0
    reduce = ReduceLROnPlateau(monitor="loss", mode="max", factor=0.5, patience=0)
    stop = CrashAt("on_epoch_begin", 1)
    reduce._is_improvement = lambda value, best: False  # type: ignore[method-assign]
    with pytest.raises(Crash):
        train(model, [BackupAndRestore(folder), reduce, stop], EPOCHS)
    resumed = FakeModel()
    backup, history = BackupAndRestore(folder), History()
    backup.set_model(resumed)
    resumed.history = history
    backup.on_train_begin()
    assert resumed.optimizer.learning_rate == 0.5
    assert history.epoch == [0] and history.history["learning_rate"] == [1.0]


def test_after_ctrl_c_the_backup_stays(folder: Path) -> None:
    model = crash(folder, "on_epoch_begin", 2)
    backup = BackupAndRestore(folder)
    backup.set_model(model)
    model.interrupted = True
    backup.on_train_end()
    assert (folder / "latest_state.npz").exists()
    model.interrupted = False
    backup.on_train_end()
    assert not folder.exists()


def test_files_that_are_not_its_own_stay(folder: Path) -> None:
    crash(folder, "on_epoch_begin", 2)
    (folder / "notes.txt").write_text("keep")
    resume(folder)
    assert os.listdir(folder) == ["notes.txt"]


def test_delete_checkpoint_false_keeps_the_file(folder: Path) -> None:
    train(FakeModel(), BackupAndRestore(folder, delete_checkpoint=False), 2)
    assert os.listdir(folder) == ["latest_state.npz"]


def test_one_file_holds_plain_arrays_and_no_pickles(folder: Path) -> None:
    crash(folder, "on_epoch_begin", 2)
    assert os.listdir(folder) == ["latest_state.npz"]
    with np.load(folder / "latest_state.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == [
            "buffers/0/seed_state",
            "metadata",
            "optimizer/dense/kernel/momentum",
            "optimizer/iterations",
            "optimizer/learning_rate",
            "weights/0",
        ]


@pytest.mark.parametrize(("batch_freq", "saved_after"), [(2, 4), (3, 3), (4, 4)])
def test_a_number_as_save_freq_resumes_at_the_epochs_start(
    folder: Path, batch_freq: int, saved_after: int
) -> None:
    steps = []

    class Step(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append(self.model.weight.copy())
            if len(steps) == 5:
                raise Crash

    random.reset(5)
    with pytest.raises(Crash):
        backup = BackupAndRestore(folder, save_freq=batch_freq)
        train(FakeModel(), [backup, Step()], EPOCHS, batches=3)
    model = FakeModel()
    backup.set_model(model)
    backup.on_train_begin()
    # Epochs have three batches: the fourth and fifth are in the second epoch.
    assert model._initial_epoch == (0 if saved_after <= 3 else 1)
    np.testing.assert_array_equal(model.weight, steps[saved_after - 1])


def test_a_resumed_epoch_is_saved_under_its_own_number(folder: Path) -> None:
    crash(folder, "on_epoch_begin", 3)
    backup = BackupAndRestore(folder, save_freq=1)
    with pytest.raises(Crash):
        train(FakeModel(), [backup, CrashAt("on_epoch_end", 3)], EPOCHS)
    model = FakeModel()
    train(model, BackupAndRestore(folder), EPOCHS)
    assert model._initial_epoch == 3


@pytest.mark.parametrize("double", [False, True])
def test_a_damaged_backup_is_an_error_or_replaced_by_the_one_before(
    folder: Path, double: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = run_without_a_stop()
    crash(folder, "on_epoch_begin", 3, double_checkpoint=double)
    latest = folder / "latest_state.npz"
    content = bytearray(latest.read_bytes())
    content[len(content) // 2] ^= 1
    latest.write_bytes(content)
    if not double:
        with pytest.raises(CheckpointError, match=r"latest_state.*damaged.*delete"):
            resume(folder)
        return
    model = resume(folder, double_checkpoint=True)
    assert model._initial_epoch == 2
    assert everything(model) == expected
    assert "damaged" in capsys.readouterr().out
    assert not folder.exists()


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_truncated_backup_is_an_error(folder: Path, length: int) -> None:
    crash(folder, "on_epoch_begin", 3)
    latest = folder / "latest_state.npz"
    latest.write_bytes(latest.read_bytes()[:length])
    with pytest.raises(CheckpointError, match=r"BackupAndRestore.*latest_state"):
        resume(folder)


def test_a_crash_between_the_two_renamings_loses_one_epoch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run_without_a_stop()
    model = crash(folder, "on_epoch_begin", 3, double_checkpoint=True)
    backup = BackupAndRestore(folder, double_checkpoint=True)
    backup.set_model(model)
    replace = os.replace

    def only_the_first(source: Any, target: Any) -> None:
        if Path(target).name == "latest_state.npz":
            raise Crash
        replace(source, target)

    monkeypatch.setattr(os, "replace", only_the_first)
    with pytest.raises(Crash):
        backup.on_epoch_end(3)
    monkeypatch.undo()
    assert os.listdir(folder) == ["previous_state.npz"]
    assert everything(resume(folder)) == expected


def test_a_failing_save_leaves_the_backup_before_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = crash(folder, "on_epoch_begin", 3)
    before = (folder / "latest_state.npz").read_bytes()
    backup = BackupAndRestore(folder)
    backup.set_model(model)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match=r"latest_state\.npz.*No space"):
        backup.on_epoch_end(3)
    assert (folder / "latest_state.npz").read_bytes() == before
    assert os.listdir(folder) == ["latest_state.npz"]


def test_unfinished_files_of_a_killed_run_are_removed(folder: Path) -> None:
    crash(folder, "on_epoch_begin", 3)
    (folder / ".latest_state.npz.abc123.tmp").write_bytes(b"half")
    backup = BackupAndRestore(folder)
    backup.set_model(FakeModel())
    backup.on_train_begin()
    assert os.listdir(folder) == ["latest_state.npz"]


class Widened(FakeModel):
    def __init__(self) -> None:
        super().__init__(size=4)


class Deepened(FakeModel):
    def __init__(self) -> None:
        super().__init__()
        self.layers.append(Layer("dense_2", 0))


class OtherOptimizer(FakeModel):
    def __init__(self) -> None:
        super().__init__()

        class Adam(type(self.optimizer)):  # type: ignore[misc]
            pass

        self.optimizer = Adam()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Widened, r"weights/0: expected float32 \(4,\), found float32 \(3,\)"),
        (Deepened, "expected the layers Layer, Layer; found Layer"),
        (OtherOptimizer, "expected Adam, found FakeOptimizer"),
    ],
)
def test_the_backup_of_another_model_is_refused_and_changes_nothing(
    folder: Path, kind: Any, message: str
) -> None:
    crash(folder, "on_epoch_begin", 2)
    model = kind()
    with pytest.raises(CheckpointError, match=f"another.*{message}"):
        resume(folder, model)
    assert not model.weight.any()
    assert model.layers[0].buffers["seed_state"][1] == 0
    assert model.optimizer.iterations == 0


def test_another_format_is_refused() -> None:
    model = FakeModel()
    state = training_state.collect(model, 1)
    state["metadata"] = np.frombuffer(b'{"version": 2}', np.uint8)
    with pytest.raises(CheckpointError, match="expected a scratchnet training state"):
        training_state.restore("test", model, state)


def test_logs_with_arrays_and_nan_survive(folder: Path) -> None:
    model, history = FakeModel(), History()
    model.history = history
    history.on_train_begin()
    history.on_epoch_end(0, {"a": np.arange(2), "b": float("nan"), "c": 0.1})
    backup = BackupAndRestore(folder)
    backup.set_model(model)
    backup.on_epoch_end(0)
    history.history = {}
    backup.on_train_begin()
    assert history.history["a"] == [[0, 1]] and history.history["c"] == [0.1]
    assert np.isnan(history.history["b"][0])


def test_an_unbuilt_model_is_an_error(folder: Path) -> None:
    model = FakeModel()
    model.built = False
    with pytest.raises(ValueError, match="expected a built model"):
        train(model, BackupAndRestore(folder), 1)


@pytest.mark.parametrize("save_freq", ["batch", 0, -1, 1.5, None, True, False])
def test_save_freq_is_epoch_or_a_positive_number(save_freq: Any) -> None:
    with pytest.raises(ValueError, match="BackupAndRestore: expected save_freq"):
        BackupAndRestore("folder", save_freq=save_freq)


@pytest.mark.parametrize("nothing", ["", None])
def test_backup_dir_is_needed(nothing: Any) -> None:
    with pytest.raises(ValueError, match="expected a folder as backup_dir"):
        BackupAndRestore(nothing)

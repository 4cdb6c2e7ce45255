from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel, fit, values

import scratchnet as keras
from scratchnet.callbacks import Callback, EarlyStopping, ModelCheckpoint
from scratchnet.foundation.errors import CheckpointError, NonFiniteWeightsError

NAN = float("nan")


@pytest.mark.parametrize(
    ("arguments", "metric", "saved_epochs"),
    [
        ({}, [3, 4, 2], [1, 2, 3]),
        ({"save_best_only": True}, [3, 4, 2, 2, 1], [1, 3, 5]),
        ({"save_best_only": True, "mode": "max"}, [3, 4, 2, 5], [1, 2, 4]),
        ({"save_best_only": True, "initial_value_threshold": 2}, [3, 2, 1], [3]),
        ({"save_best_only": True}, [NAN, 3, NAN, 2], [2, 4]),
        ({"save_best_only": True}, [NAN, NAN], []),
    ],
)
def test_on_a_sequence_of_values(
    tmp_path: Path,
    arguments: dict[str, Any],
    metric: list[float],
    saved_epochs: list[int],
) -> None:
    model = FakeModel()
    checkpoint = ModelCheckpoint(
        tmp_path / "{epoch}.weights.npz", save_weights_only=True, **arguments
    )
    fit(model, checkpoint, values("val_loss", *metric))
    names = [Path(path).name for _, path in model.saved]
    assert names == [f"{epoch}.weights.npz" for epoch in saved_epochs]


def test_a_missing_metric_warns_and_saves(tmp_path: Path) -> None:
    model = FakeModel()
    checkpoint = ModelCheckpoint(
        tmp_path / "a.npz", save_weights_only=True, save_best_only=True
    )
    with pytest.warns(UserWarning, match="'val_loss' to be .* None.*other"):
        fit(model, checkpoint, values("val_loss", None, 3, 4, None))
    assert len(model.saved) == 3 and checkpoint.best == 3


def test_a_metric_that_is_an_array_warns_and_saves(tmp_path: Path) -> None:
    model = FakeModel()
    checkpoint = ModelCheckpoint(
        tmp_path / "a.npz", save_weights_only=True, save_best_only=True
    )
    with pytest.warns(UserWarning, match="to be a single number, received array"):
        fit(model, checkpoint, [{"val_loss": np.ones(2)}])
    assert len(model.saved) == 1


def test_best_outlives_a_fit_of_the_same_instance_only(tmp_path: Path) -> None:
    def new() -> ModelCheckpoint:
        return ModelCheckpoint(
            tmp_path / "a.npz", save_weights_only=True, save_best_only=True
        )

    model, checkpoint = FakeModel(), new()
    fit(model, checkpoint, values("val_loss", 1))
    fit(model, checkpoint, values("val_loss", 2))
    assert len(model.saved) == 1
    fit(model, new(), values("val_loss", 2))
    assert len(model.saved) == 2


def test_file_names_hold_epoch_and_metrics_and_folders_are_made(tmp_path: Path) -> None:
    model = FakeModel()
    template = f"{tmp_path}/run/{{epoch:02d}}-{{val_loss:.2f}}.weights.h5"
    fit(
        model,
        ModelCheckpoint(template, save_weights_only=True),
        values("val_loss", 0.123, 4),
    )
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "01-0.12.weights.h5",
        "02-4.00.weights.h5",
    ]


@pytest.mark.parametrize("field", ["{val_accuracy}", "{batch}", "{}"])
def test_a_field_without_a_value_names_what_there_is(
    tmp_path: Path, field: str
) -> None:
    checkpoint = ModelCheckpoint(f"{tmp_path}/{field}.npz", save_weights_only=True)
    with pytest.raises(KeyError, match="available are: epoch, val_loss"):
        fit(FakeModel(), checkpoint, values("val_loss", 1))


def test_whole_models_are_saved_by_the_model(tmp_path: Path) -> None:
    model = FakeModel()
    fit(model, ModelCheckpoint(tmp_path / "a.keras"), values("val_loss", 1))
    assert model.saved == [("model", str(tmp_path / "a.keras"))]


def test_the_best_whole_model_of_a_real_fit_can_go_on_training(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.random((32, 4)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[rng.integers(3, size=32)]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    path = tmp_path / "models" / "{epoch}.keras"
    checkpoint = ModelCheckpoint(path, monitor="loss", save_best_only=True)
    history = model.fit(x, y, 8, epochs=4, callbacks=[checkpoint], verbose=0).history
    assert history["loss"] == sorted(history["loss"], reverse=True)
    assert len(os.listdir(tmp_path / "models")) == 4
    third = keras.models.load_model(tmp_path / "models" / "3.keras")
    assert third.optimizer.iterations == 12
    last = keras.models.load_model(tmp_path / "models" / "4.keras")
    assert last.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    other = keras.Sequential.from_config(model.get_config())
    other.load_weights(tmp_path / "models" / "4.keras")
    np.testing.assert_array_equal(other(x), model(x))


class Diverging(FakeModel):
    """A model whose weights are not finite in the epochs named."""

    def __init__(self, *epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def save_weights(self, path: str, overwrite: bool = True) -> None:
        if int(self.weight[0]) in self.epochs:
            raise NonFiniteWeightsError("weight 'kernel' is NaN")
        super().save_weights(path, overwrite)


def test_weights_that_are_not_finite_are_passed_over_with_one_warning(
    tmp_path: Path,
) -> None:
    model = Diverging(2, 3)
    checkpoint = ModelCheckpoint(
        tmp_path / "{epoch}.npz", save_weights_only=True, save_best_only=True
    )
    with pytest.warns(UserWarning, match="ModelCheckpoint: weight 'kernel'") as given:
        fit(model, checkpoint, values("val_loss", 5, 4, 3, 4.5))
    assert len(given) == 1
    # The values of the epochs passed over are not what later ones must beat.
    assert [Path(path).name for _, path in model.saved] == ["1.npz", "4.npz"]
    assert checkpoint.best == 4.5


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".npz"])
def test_a_fit_that_diverges_goes_on_and_puts_the_best_weights_back(
    tmp_path: Path, ending: str
) -> None:
    class Diverge(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                kernel = self.model.layers[0].named_weights["kernel"]
                kernel[0, 0] = np.nan

    x = np.eye(4, dtype=np.float32)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    path = tmp_path / f"a{ending}"
    members = [
        EarlyStopping(monitor="loss", patience=9, restore_best_weights=True),
        Diverge(),
        ModelCheckpoint(path, save_weights_only=ending != ".keras"),
    ]
    with pytest.warns(UserWarning, match="NaN or infinite") as given:
        history = model.fit(x, [0, 1, 2, 0], epochs=4, callbacks=members, verbose=0)
    messages = [str(one.message) for one in given if "ModelChe" in str(one.message)]
    function = "save_model" if ending == ".keras" else "save_weights"
    assert len(messages) == 1 and f"saving.{function}(model, path" in messages[0]
    assert history.epoch == [0, 1, 2, 3]
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    model.load_weights(path)  # of the first epoch


def test_what_the_model_raises_is_passed_on(tmp_path: Path) -> None:
    class Unsaveable(FakeModel):
        def save(self, path: str, overwrite: bool = True) -> None:
            raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        fit(Unsaveable(), ModelCheckpoint(tmp_path / "a.keras"), [{"val_loss": 1.0}])


@pytest.mark.parametrize("save_best_only", [False, True])
def test_a_number_as_save_freq_counts_batches_across_epochs(
    tmp_path: Path, save_best_only: bool
) -> None:
    model = FakeModel()
    checkpoint = ModelCheckpoint(
        f"{tmp_path}/{{epoch}}-{{batch}}-{{loss}}.npz",
        monitor="loss",
        save_weights_only=True,
        save_best_only=save_best_only,
        save_freq=2,
    )
    running = [{"loss": 3.0}, {"loss": 2.0}, {"loss": 1.0}]
    fit(model, checkpoint, values("loss", 9, 9, 9), 3, running)
    names = [Path(path).stem for _, path in model.saved]
    every_second = ["1-2-2.0", "2-1-3.0", "2-3-1.0", "3-2-2.0"]
    best = ["1-2-2.0", "2-3-1.0"]
    assert names == (best if save_best_only else every_second)


@pytest.mark.parametrize("save_freq", ["batch", 0, -1, 1.5, None, True, False])
def test_save_freq_is_epoch_or_a_positive_number(save_freq: Any) -> None:
    with pytest.raises(ValueError, match="ModelCheckpoint: expected save_freq"):
        ModelCheckpoint("a.keras", save_freq=save_freq)


@pytest.mark.parametrize(
    ("path", "weights_only", "message"),
    [
        ("a.keras", True, r"ends in .weights.h5 or .npz, received 'a.keras'"),
        ("a.h5", True, r"ends in .weights.h5"),
        ("a", False, r"ends in .keras or .h5, received 'a'.*save_weights_only=True"),
    ],
)
def test_the_ending_must_fit_what_is_saved(
    path: str, weights_only: bool, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ModelCheckpoint(path, save_weights_only=weights_only)


def test_filepath_must_be_a_path() -> None:
    with pytest.raises(TypeError, match="expected a path as filepath, received 3"):
        ModelCheckpoint(3)  # type: ignore[arg-type]


def test_a_folder_of_the_files_name_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "a.keras"
    folder.mkdir()
    with pytest.raises(IsADirectoryError, match="received the folder"):
        fit(FakeModel(), ModelCheckpoint(folder), [{"val_loss": 1.0}])


class Epochs(Callback):
    """Count the epochs that have begun."""

    count = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.count += 1


@pytest.mark.parametrize(
    ("name", "weights_only"),
    [("best.keras", False), ("{epoch}.keras", False), ("a.weights.h5", True)],
)
def test_a_missing_h5py_is_named_before_the_first_epoch(
    tmp_path: Path, name: str, weights_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    checkpoint = ModelCheckpoint(tmp_path / name, save_weights_only=weights_only)
    seen, ending = Epochs(), ".h5" if weights_only else ".keras"
    with pytest.raises(ImportError, match=f"files that end in {ending} need h5py"):
        fit(FakeModel(), [checkpoint, seen], values("val_loss", 1))
    assert seen.count == 0


@pytest.mark.parametrize("name", ["file/sub/a.npz", "file/sub/{epoch}.npz"])
def test_a_folder_that_cannot_be_made_is_an_error_before_the_first_epoch(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").touch()
    checkpoint = ModelCheckpoint(tmp_path / name, save_weights_only=True)
    seen = Epochs()
    with pytest.raises(
        CheckpointError, match=r"ModelCheckpoint: .*can't be written to: Not"
    ):
        fit(FakeModel(), [checkpoint, seen], values("val_loss", 1))
    assert seen.count == 0


def test_a_folder_that_cannot_be_written_to_is_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # To root, who runs these tests in places, every folder is open.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    checkpoint = ModelCheckpoint(tmp_path / "a.npz", save_weights_only=True)
    with pytest.raises(CheckpointError, match=r"can't be written to"):
        fit(FakeModel(), [checkpoint, seen := Epochs()], values("val_loss", 1))
    assert seen.count == 0


def test_a_folder_with_fields_is_made_when_they_are_known(tmp_path: Path) -> None:
    checkpoint = ModelCheckpoint(f"{tmp_path}/{{epoch}}/a.npz", save_weights_only=True)
    fit(FakeModel(), checkpoint, values("val_loss", 1, 2))
    assert sorted(os.listdir(tmp_path)) == ["1", "2"]


def test_verbose_gives_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.keras"
    checkpoint = ModelCheckpoint(path, save_best_only=True, verbose=1)
    fit(FakeModel(), checkpoint, values("val_loss", 3, 4))
    assert capsys.readouterr().out.splitlines() == [
        f"Epoch 1: val_loss improved from None to 3.00000, saving model to {path}",
        f"Epoch 1: finished saving model to {path}",
        "Epoch 2: val_loss did not improve from 3.00000",
    ]

"""Train one model on one data set with one seed, and leave a run's folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from experiments import data
from experiments.protocol import LEAK, Protocol
from scratchnet import architectures, datasets, layers, optimizers, utils
from scratchnet.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    ModelCheckpoint,
)
from scratchnet.runs import Run, environment
from scratchnet.sequential import Sequential

PIXEL_SCALE = 1 / 255


def train(
    folder: Path,
    dataset: str,
    model_name: str,
    seed: int,
    protocol: Protocol,
    *,
    quick: bool = False,
    verbose: int = 2,
    say: Callable[[str], Any] = print,
) -> Run:
    """Train, evaluate on the test set, and write everything down.

    Args:
        folder: where the run goes; see `scratchnet.runs`.
        dataset: one of `datasets.names()`.
        model_name: one of `architectures.ALL`.
        seed: of initialisation, shuffling, dropout and the held-out part.
        protocol: how to train.
        quick: whether to use a few thousand images only.
        verbose: as in `Sequential.fit`.
        say: what to print with.

    Raises:
        DatasetError: the data can't be loaded.
        CheckpointError: the folder can't be written.
    """
    utils.clear_session()
    utils.set_random_seed(seed)
    samples = data.load(dataset, protocol, seed, quick=quick)
    model = build(model_name, samples.training[0].shape[1:], len(samples.class_names))
    run = Run.create(
        folder, _record(dataset, model_name, model, seed, protocol, samples, quick)
    )
    say(f"\n{dataset}, {model_name}, seed {seed} → {folder}")
    model.compile(
        optimizers.Adam(protocol.learning_rate),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    stopping = EarlyStopping(
        monitor="val_loss",
        patience=protocol.patience,
        restore_best_weights=True,
        start_from_epoch=protocol.start_from_epoch,
    )
    started = time.perf_counter()
    history = model.fit(
        samples.training[0],
        _one_hot(samples.training, samples),
        batch_size=protocol.batch_size,
        epochs=protocol.epochs,
        validation_data=(samples.validation[0], _one_hot(samples.validation, samples)),
        callbacks=[_EpochSeconds(), *_files(run), stopping],
        verbose=verbose,
    )
    seconds = time.perf_counter() - started
    _evaluate(run, model, samples, history, stopping, seconds)
    return run


def build(
    model_name: str, image_shape: tuple[int, int, int], classes: int
) -> Sequential:
    """Return one of the study's models, with pixels divided by 255 in front of it.

    The division is a layer, so that images stay uint8 until their batch is cast, and
    so that a run's model takes images as they are.
    """
    network = architectures.ALL[model_name](image_shape, classes)
    return Sequential(
        [layers.Input(image_shape), layers.Rescaling(PIXEL_SCALE), *network.layers],
        name=model_name,
    )


class _EpochSeconds(Callback):
    """Adds each epoch's duration, validation included, to its logs."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self.started


def _files(run: Run) -> list[Callback]:
    """Return the callbacks that keep the history and both sets of weights."""
    return [
        CSVLogger(run.path("history.csv")),
        ModelCheckpoint(
            run.path("best.npz"),
            monitor="val_loss",
            save_best_only=True,
            save_weights_only=True,
        ),
        ModelCheckpoint(run.path("last.npz"), save_weights_only=True),
    ]


def _one_hot(pair: data.Pair, samples: data.Data) -> np.ndarray:
    return utils.to_categorical(pair[1], len(samples.class_names))


def _record(
    dataset: str,
    model_name: str,
    model: Sequential,
    seed: int,
    protocol: Protocol,
    samples: data.Data,
    quick: bool,
) -> dict[str, Any]:
    return {
        "dataset": {
            "name": dataset,
            "image_shape": list(samples.training[0].shape[1:]),
            "training_samples": len(samples.training[0]),
            "validation_samples": len(samples.validation[0]),
            "test_samples": len(samples.test[0]),
            "quick": quick,
            "provenance": datasets.provenance(dataset),
        },
        "class_names": list(samples.class_names),
        "preprocessing": {
            "pixels": "uint8, 0 to 255; the model's first layer divides them by 255",
            "labels": "one-hot",
        },
        "model": {
            "name": model_name,
            "parameters": model.count_params(),
            "config": model.get_config(),
        },
        "protocol": asdict(protocol),
        "leak": LEAK if protocol.name == "notebook" else None,
        "seed": seed,
        "environment": environment(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _evaluate(
    run: Run,
    model: Sequential,
    samples: data.Data,
    history: Any,
    stopping: EarlyStopping,
    seconds: float,
) -> None:
    """Test the model with its best weights, and write what came out."""
    from sklearn.metrics import classification_report

    x, labels = samples.test
    loss, accuracy = model.evaluate(
        x, _one_hot(samples.test, samples), batch_size=256, verbose=0
    )
    probabilities = model.predict(x, batch_size=256, verbose=0)
    run.write_predictions(labels, probabilities)
    run.write_json(
        "report.json",
        classification_report(
            labels,
            probabilities.argmax(1),
            labels=range(len(samples.class_names)),
            target_names=list(samples.class_names),
            output_dict=True,
            zero_division=0,
        ),
    )
    run.write_json(
        "metrics.json",
        {
            "test_loss": loss,
            "test_accuracy": accuracy,
            "epochs": len(history.epoch),
            "best_epoch": int(stopping.best_epoch),
            "parameters": model.count_params(),
            "seconds": seconds,
            "seconds_per_epoch": float(np.median(history.history["seconds"])),
        },
    )

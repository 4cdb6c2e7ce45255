"""Train one model on one data set with one seed, and leave a run's folder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from experiments import splits
from experiments.progress import EpochSeconds, EpochTable, say
from experiments.protocol import LEAK, Protocol, Trial
from experiments.splits import Samples, Splits
from scratchnet import datasets, layers, optimizers, utils
from scratchnet.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LayerMonitor,
    ModelCheckpoint,
    TerminateOnNaN,
)
from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import architectures
from scratchnet.models.sequential import Sequential
from scratchnet.runs.run import PIXELS, Run, environment

PIXEL_SCALE = 1 / 255

# What is looked at inside the layers: every so many steps, and so many images.
WATCHED_STEPS, WATCHED_IMAGES = 200, 256


class DivergedError(CheckpointError):
    """A training ended in losses that are not finite."""


def train(folder: Path, trial: Trial, *, verbose: int = 2) -> Run:
    """Train, evaluate on the test set, and write everything down.

    Args:
        folder: where the run goes; see `scratchnet.runs`.
        trial: what to train, and how.
        verbose: 0 silent, 1 a bar per epoch, 2 a line per epoch.

    Raises:
        DatasetError: the data can't be loaded.
        CheckpointError: the folder can't be written.
        DivergedError: the loss was not finite in some epoch.
    """
    utils.clear_session()
    utils.set_random_seed(trial.seed)
    protocol = trial.protocol
    samples = splits.load(trial.dataset, protocol, trial.seed, quick=trial.quick)
    shape, classes = samples.training[0].shape[1:], len(samples.class_names)
    model = build(trial.model, shape, classes, augmentation=protocol.augmentation)
    run = Run.create(folder, _record(trial, model, samples))
    if verbose:
        say(_heading(run, protocol))
    seconds = _fit(run, model, samples, protocol, verbose)
    metrics = _evaluate(run, model, samples, seconds)
    if verbose:
        say(_result(run, metrics))
    return run


def build(
    model_name: str,
    image_shape: tuple[int, int, int],
    classes: int,
    *,
    augmentation: bool = False,
) -> Sequential:
    """Return one of the study's models, with pixels divided by 255 in front of it.

    The division is a layer, so that images stay uint8 until their batch is cast, and
    so that a run's model takes images as they are. Flips and shifts at random, by up
    to an eighth of the image, are layers, too.
    """
    network = architectures.ALL[model_name](image_shape, classes)
    before: list[layers.Layer] = [layers.Rescaling(PIXEL_SCALE)]
    if augmentation:
        before += [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(1 / 8, 1 / 8, fill_mode="constant"),
        ]
    chain = network.layers if isinstance(network, Sequential) else [network]
    return Sequential([layers.Input(image_shape), *before, *chain], name=model_name)


def _fit(
    run: Run, model: Sequential, samples: Splits, protocol: Protocol, verbose: int
) -> float:
    """Compile and train as the protocol says; return the seconds that it took."""
    table = [EpochTable(protocol.epochs)] if verbose == 2 else []
    model.compile(
        _optimizer(protocol, len(samples.training[0])),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    started = time.perf_counter()
    model.fit(
        samples.training[0],
        _one_hot(samples.training, samples),
        batch_size=protocol.batch_size,
        epochs=protocol.epochs,
        validation_data=(samples.validation[0], _one_hot(samples.validation, samples)),
        callbacks=[EpochSeconds(), *table, *_callbacks(run, protocol, samples)],
        verbose=int(verbose == 1),
    )
    return time.perf_counter() - started


def _optimizer(protocol: Protocol, samples: int) -> optimizers.Optimizer:
    if protocol.optimizer == "adam":
        return optimizers.Adam(protocol.learning_rate)
    steps = -(-samples // protocol.batch_size) * protocol.epochs
    rate = optimizers.schedules.CosineDecay(protocol.learning_rate, steps)
    return optimizers.SGD(rate, momentum=0.9, nesterov=True)


def _callbacks(run: Run, protocol: Protocol, samples: Splits) -> list[Callback]:
    """Return what keeps the history and both sets of weights, and what stops."""
    return [
        TerminateOnNaN(),
        CSVLogger(run.path("history.csv")),
        LayerMonitor(
            samples.validation[0][:WATCHED_IMAGES],
            every=WATCHED_STEPS,
            filename=run.path("layers.json"),
        ),
        ModelCheckpoint(
            run.path("best.npz"),
            monitor="val_loss",
            save_best_only=True,
            save_weights_only=True,
        ),
        ModelCheckpoint(run.path("last.npz"), save_weights_only=True),
        EarlyStopping(
            monitor="val_loss",
            patience=protocol.patience,
            restore_best_weights=True,
            start_from_epoch=protocol.start_from_epoch,
        ),
    ]


def _heading(run: Run, protocol: Protocol) -> str:
    """Say what is about to be trained, on what and how."""
    dataset, model = run.record["dataset"], run.record["model"]
    validation = "the test set"
    if protocol.name != "notebook":
        validation = f"{dataset['validation_samples']:,} held-out images"
    later = ""
    if protocol.start_from_epoch:
        later = f", counted from epoch {protocol.start_from_epoch + 1} on"
    return (
        f"\n{dataset['name']}, {model['name']}, seed {run.record['seed']}: "
        f"{model['parameters']:,} parameters, {dataset['training_samples']:,} "
        f"training images, {dataset['test_samples']:,} test images\n"
        f"batches of {protocol.batch_size}, {protocol.optimizer} "
        f"{protocol.learning_rate:g}, at most "
        f"{protocol.epochs} epochs; validated on {validation};\n"
        f"stops after {protocol.patience} epochs without a lower val_loss{later}\n"
    )


def _result(run: Run, metrics: dict[str, Any]) -> str:
    return (
        f"\ntest accuracy {metrics['test_accuracy']:.4f}, loss "
        f"{metrics['test_loss']:.4f}, with the weights of epoch "
        f"{metrics['best_epoch'] + 1} of {metrics['epochs']}; all in {run.folder}"
    )


def _one_hot(pair: Samples, samples: Splits) -> np.ndarray:
    return utils.to_categorical(pair[1], len(samples.class_names))


def _record(trial: Trial, model: Sequential, samples: Splits) -> dict[str, Any]:
    return {
        "dataset": {
            "name": trial.dataset,
            "image_shape": list(samples.training[0].shape[1:]),
            "training_samples": len(samples.training[0]),
            "validation_samples": len(samples.validation[0]),
            "test_samples": len(samples.test[0]),
            "quick": trial.quick,
            "provenance": datasets.provenance(trial.dataset),
        },
        "class_names": list(samples.class_names),
        "preprocessing": {
            "pixels": PIXELS,
            "labels": "one-hot",
        },
        "model": {
            "name": trial.model,
            "parameters": model.count_params(),
            "config": model.get_config(),
        },
        "protocol": asdict(trial.protocol),
        "leak": LEAK if trial.protocol.name == "notebook" else None,
        "seed": trial.seed,
        "environment": environment(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _evaluate(
    run: Run, model: Sequential, samples: Splits, seconds: float
) -> dict[str, Any]:
    """Test the model with its best weights, and write what came out.

    They come from the file: `EarlyStopping`, which looks away for the first
    ``start_from_epoch`` epochs, may have put back those of a later epoch.
    """
    from sklearn.metrics import classification_report

    history = run.history()
    require_finite(history, str(run.folder))
    model.load_weights(run.path("best.npz"))
    x, labels = samples.test
    tested = model.evaluate(
        x,
        _one_hot(samples.test, samples),
        batch_size=256,
        verbose=0,
        return_dict=True,
    )
    assert isinstance(tested, dict)
    probabilities = model.predict(x, batch_size=256, verbose=0)
    run.write_predictions(labels, probabilities)
    report = classification_report(
        labels,
        probabilities.argmax(1),
        labels=range(len(samples.class_names)),
        target_names=list(samples.class_names),
        output_dict=True,
        zero_division=0,
    )
    run.write_json("report.json", report)
    metrics = {
        "test_loss": tested["loss"],
        "test_accuracy": tested["accuracy"],
        "epochs": len(history["epoch"]),
        "best_epoch": int(np.argmin(history["val_loss"])),
        "parameters": model.count_params(),
        "seconds": seconds,
        "seconds_per_epoch": float(np.median(history["seconds"])),
    }
    run.write_json("metrics.json", metrics)
    return metrics


def require_finite(history: Mapping[str, Sequence[float]], who: str) -> None:
    """Require losses that are finite, in all epochs.

    Args:
        history: ``loss`` and ``val_loss``, each a value per epoch.
        who: whose they are, for the message.

    Raises:
        DivergedError: one is NaN or infinite.
    """
    losses = np.array([history["loss"], history["val_loss"]])
    lost = np.flatnonzero(~np.isfinite(losses).all(axis=0))
    if lost.size:
        raise DivergedError(
            f"{who}: training diverged: the loss was not finite in epoch {lost[0] + 1}"
        )

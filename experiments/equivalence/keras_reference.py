"""The study in Keras: what scratchnet is compared with.

    python -m experiments.equivalence.keras_reference --seeds 3

Each run begins with fresh weights, and leaves a line in ``keras.jsonl`` when it ends
(see `records`). Runs whose line is there are not repeated, and two processes never take
the same run: the command may be stopped, started again, and started twice. It needs the
``reference`` extra.

The models are written out here in Keras's words, not derived from scratchnet's: a
mistake there must not find its way into its own yardstick. Data, split and settings
are those of `experiments.splits` and `experiments.protocol`.

**The order of the images** is new in every epoch, as Keras documents it, and comes from
`tf.data`. It has to: where a seed is set, `fit` of Keras 3.15 on TensorFlow takes the
first epoch's order for all epochs, for `tf.random.shuffle` in a dataset's `map` begins
anew with every pass over it (``array_data_adapter.py``). Networks that meet the same
batches again and again are worse on other images; ``--same-order`` trains them that
way, into ``keras_same_order.jsonl``.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import itertools
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from experiments import arguments, protocol, splits
from experiments.equivalence import records
from experiments.equivalence.records import Record
from experiments.progress import say
from experiments.protocol import NEW_ORDER, SAME_ORDER, Protocol, Trial
from experiments.splits import Samples
from experiments.train import PIXEL_SCALE, DivergedError, require_finite
from scratchnet import datasets
from scratchnet.foundation.errors import CheckpointError, DatasetError
from scratchnet.foundation.lock import exclusive
from scratchnet.runs.run import processor, scheduling

PACKAGES = ("keras", "tensorflow-cpu", "tensorflow", "numpy")


def main(words: Sequence[str] | None = None) -> int:
    """Train whatever is not trained yet and return the exit status.

    Returns:
        0; 1 if data can't be loaded, a record not written, or a run diverged (the
        others are trained); 130 after Ctrl-C.
    """
    options = _parser().parse_args(words)
    path, order = records.KERAS, NEW_ORDER
    if options.same_order:
        path, order = records.KERAS_SAME_ORDER, SAME_ORDER
    keras, status = start(options.threads), 0
    try:
        for seed, dataset, model in itertools.product(
            options.seeds, options.dataset, options.models
        ):
            chosen = protocol.usual(dataset, model, quick=options.quick)
            trial = Trial(dataset, model, seed, chosen, options.quick, order)
            try:
                run(keras, trial, options.out or path, threads=options.threads)
            except DivergedError as error:
                print(f"keras_reference: {error}", file=sys.stderr)
                status = 1
    except (CheckpointError, DatasetError, OSError) as error:
        print(f"keras_reference: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on", file=sys.stderr)
        return 130
    return status


def start(threads: int) -> Any:
    """Import Keras with TensorFlow held to so many threads, and return it."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    config = importlib.import_module("tensorflow").config.threading
    config.set_intra_op_parallelism_threads(threads)
    config.set_inter_op_parallelism_threads(threads)
    return importlib.import_module("keras")


def run(keras: Any, trial: Trial, path: Path, *, threads: int) -> None:
    """Train one model, unless it was trained before or another process is at it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(records.lock(path, trial), wait=False))
        except BlockingIOError:
            say(f"{trial.name}: another process is at it")
            return
        if records.find(path, trial) is not None:
            say(f"{trial.name}: finished earlier, not repeated")
            return
        say(f"{trial.name}:")
        record = train(keras, trial)
        record["environment"] = environment(threads)
        records.write(path, trial, record)
        say(
            f"{trial.name}: test accuracy {record['test_accuracy']:.4f}, loss "
            f"{record['test_loss']:.4f}, epoch {record['best_epoch'] + 1} of "
            f"{record['epochs']}; recorded in {path}"
        )


def train(keras: Any, trial: Trial) -> Record:
    """Train and test one model from fresh weights, as `experiments.train` does.

    Raises:
        DatasetError: the data can't be loaded.
        DivergedError: the loss was not finite in some epoch.
    """
    keras.backend.clear_session()
    gc.collect()
    keras.utils.set_random_seed(trial.seed)
    samples = splits.load(trial.dataset, trial.protocol, trial.seed, quick=trial.quick)
    classes = len(samples.class_names)
    model = build(keras, trial, samples.training[0].shape[1:], classes)
    model.compile(
        _optimizer(keras, trial.protocol, len(samples.training[0])),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    x, labels = samples.training
    training = x, keras.utils.to_categorical(labels, classes)
    clock = _clock(keras)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        best = os.path.join(temporary, "best.weights.h5")
        history = model.fit(
            **batches(training, trial),
            epochs=trial.protocol.epochs,
            validation_data=(
                samples.validation[0],
                keras.utils.to_categorical(samples.validation[1], classes),
            ),
            callbacks=[clock, *_callbacks(keras, best, trial.protocol)],
            verbose=0,
        ).history
        seconds = time.perf_counter() - began
        require_finite(history, trial.name)
        model.load_weights(best)
    x, labels = samples.test
    loss, accuracy = model.evaluate(
        x, keras.utils.to_categorical(labels, classes), batch_size=256, verbose=0
    )
    return {
        "library": "keras",
        "parameters": model.count_params(),
        "test_loss": float(loss),
        "test_accuracy": float(accuracy),
        "epochs": len(history["loss"]),
        "best_epoch": int(np.argmin(history["val_loss"])),
        "seconds": seconds,
        "epoch_seconds": clock.seconds,
        "history": {name: [float(v) for v in row] for name, row in history.items()},
        "data": records.origin(datasets.provenance(trial.dataset)),
    }


def batches(samples: Samples, trial: Trial) -> dict[str, Any]:
    """Return `fit`'s arguments for samples, in the order that a run is to have."""
    size = trial.protocol.batch_size
    if trial.order == SAME_ORDER:  # which `fit` makes of them by itself
        return {"x": samples[0], "y": samples[1], "batch_size": size}
    tensorflow = importlib.import_module("tensorflow")
    x, y = (tensorflow.constant(array) for array in samples)
    indices = tensorflow.data.Dataset.range(len(samples[0]))
    shuffled = indices.shuffle(len(indices), trial.seed, reshuffle_each_iteration=True)
    batched = shuffled.batch(size).map(
        lambda batch: (tensorflow.gather(x, batch), tensorflow.gather(y, batch))
    )
    return {"x": batched.prefetch(2), "shuffle": False}


def build(
    keras: Any, trial: Trial, image_shape: tuple[int, int, int], classes: int
) -> Any:
    """Return one of the study's models, with pixels divided by 255 in front of it."""
    layers, name = keras.layers, trial.model
    first = [keras.Input(image_shape), layers.Rescaling(PIXEL_SCALE)]
    if trial.protocol.augmentation:
        first += [
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(1 / 8, 1 / 8, fill_mode="constant"),
        ]
    if name == "resnet20":
        network = resnet20(keras, image_shape, classes)
        return keras.Sequential([*first, network], name=name)
    last = layers.Dense(classes, activation="softmax")
    if name == "ann":
        middle = [
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
        ]
    elif name == "basic_cnn":
        middle = [
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
        ]
    elif name == "deeper_cnn":
        middle = []
        for filters in (32, 64, 128):
            middle += [
                layers.Conv2D(filters, (3, 3), activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D((2, 2)),
                layers.Dropout(0.25),
            ]
        middle += [
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
        ]
    else:
        raise ValueError(f"build: there is no model {name!r}")
    return keras.Sequential([*first, *middle, last], name=name)


def resnet20(keras: Any, image_shape: tuple[int, int, int], classes: int) -> Any:
    """Return He and others' network for CIFAR: 1 + 9·2 convolutions, and a dense one.

    Where a stage begins, the shortcut takes every second pixel, and half of the new
    channels are put in front of it, half behind, as zeros (option A).
    """
    layers, decay = keras.layers, keras.regularizers.L2(1e-4)

    def convolution(x: Any, filters: int, strides: int = 1) -> Any:
        x = layers.Conv2D(
            filters,
            3,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=decay,
        )(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input(image_shape)
    x = layers.ReLU()(convolution(inputs, 16))
    for stage, block in itertools.product(range(3), range(3)):
        strides = 2 if stage > 0 and block == 0 else 1
        y = layers.ReLU()(convolution(x, 16 * 2**stage, strides))
        y = convolution(y, 16 * 2**stage)
        if strides == 2:
            half = [(0, 0)] * 3 + [(4 * 2**stage, 4 * 2**stage)]
            x = keras.ops.pad(x[:, ::2, ::2], half)
        x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax", kernel_regularizer=decay)(x)
    return keras.Model(inputs, x, name="resnet20")


def _optimizer(keras: Any, settings: Protocol, samples: int) -> Any:
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(settings.learning_rate)
    steps = -(-samples // settings.batch_size) * settings.epochs
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)


def environment(threads: int) -> Record:
    """Return what a run's figures depend on beside its settings."""
    versions = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return {
        "python": platform.python_version(),
        **versions,
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "scheduling": scheduling(),
        "ended": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _callbacks(keras: Any, best: str, settings: Protocol) -> list[Any]:
    return [
        keras.callbacks.ModelCheckpoint(
            best, monitor="val_loss", save_best_only=True, save_weights_only=True
        ),
        keras.callbacks.EarlyStopping(
            monitor="val_loss",
            patience=settings.patience,
            restore_best_weights=True,
            start_from_epoch=settings.start_from_epoch,
        ),
    ]


def _clock(keras: Any) -> Any:
    """Return a callback that times epochs, and prints a line for each."""

    class Clock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.began)
            metrics = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
            say(f"  epoch {epoch + 1}: {metrics}, {self.seconds[-1]:.1f} s")

    return Clock()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.equivalence.keras_reference",
        description=__doc__.splitlines()[0],
    )
    arguments.add_runs(
        parser, dataset="fashion_mnist,cifar100", seeds="3", model_option="--models"
    )
    parser.add_argument(
        "--threads",
        type=arguments.positive,
        default=1,
        metavar="N",
        help="of TensorFlow (default: 1)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="file of the records (default: experiments/equivalence/keras.jsonl)",
    )
    parser.add_argument(
        "--same-order",
        action="store_true",
        help="let fit shuffle, which seeded gives all epochs the order of the first",
    )
    parser.add_argument(
        "--quick", action="store_true", help="2 epochs on 2,000 images, to try it out"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

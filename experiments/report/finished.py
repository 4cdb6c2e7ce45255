"""What a report is about: a run, read and checked, and the images it was tested on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from experiments import protocol, splits
from experiments.report import confusion
from experiments.report.confusion import Superclasses
from experiments.report.curves import Training
from experiments.report.drawing import Drawing
from scratchnet import datasets
from scratchnet.datasets import cifar100
from scratchnet.foundation.errors import CheckpointError, DatasetError
from scratchnet.runs.run import PAGE, Run

SUPERCLASSES = {
    cifar100.class_names: Superclasses(
        cifar100.superclass_names, cifar100.superclass_of_class
    )
}


@dataclass(frozen=True)
class Images:
    """The images that a run was made with.

    Attributes:
        test: (N, H, W[, C]), in the order of the run's predictions.
        samples: some training images; None if there are none to show.
        sample_labels: their classes.
    """

    test: np.ndarray
    samples: np.ndarray | None = None
    sample_labels: np.ndarray | None = None


@dataclass(frozen=True)
class FinishedRun:
    """A complete run.

    Attributes:
        run: its folder.
        dataset: name of the data set.
        model: name of the model.
        class_names: in the order of the labels.
        labels: (N,), classes of the test images.
        probabilities: (N, C), what the model says of them.
        training: the history.
        metrics: what ``metrics.json`` says.
        layers: a `LayerMonitor`'s record, or None if the run has none.
        images: None if there are none.
        why_no_images: the reason.
        superclasses: groups of classes, where they are known.
        drawings: its figures by name, once they were drawn.
    """

    run: Run
    dataset: str
    model: str
    class_names: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray
    training: Training
    metrics: dict[str, Any]
    layers: dict[str, Any] | None = None
    images: Images | None = None
    why_no_images: str = "no images were given"
    superclasses: Superclasses | None = None
    drawings: Mapping[str, Drawing] = field(default_factory=dict)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The class of the highest probability, (N,)."""
        return self.probabilities.argmax(1)

    @cached_property
    def confusion(self) -> np.ndarray:
        """How often each class (row) was taken for each (column)."""
        return confusion.matrix(self.labels, self.predicted, len(self.class_names))

    @property
    def dataset_title(self) -> str:
        """The name of the data set that people use, where it is known."""
        known = self.dataset in datasets.names()
        title = datasets.get(self.dataset).title if known else self.dataset
        return f"{title} ({', '.join(self.variant)})" if self.variant else title

    @property
    def variant(self) -> tuple[str, ...]:
        """How it differs from the study's own runs, which are compared apart."""
        protocol, about = (
            found if isinstance(found, dict) else {}
            for found in map(self.run.record.get, ("protocol", "dataset"))
        )
        name = str(protocol.get("name", "notebook"))
        return ((name,) if name != "notebook" else ()) + (
            ("quick",) if about.get("quick") else ()
        )

    @property
    def seed(self) -> Any:
        """What the run says of its seed: a number, as a rule, or None."""
        return self.run.record.get("seed")

    @property
    def leak(self) -> Any:
        """How the test set leaked into the training, or None if it didn't."""
        return self.run.record.get("leak")

    @property
    def page(self) -> Path:
        """Where its page is."""
        return self.run.path(PAGE)

    @property
    def title(self) -> str:
        """Data set, model and seed."""
        return f"{self.dataset_title}, {self.model}" + (
            "" if self.seed is None else f", seed {self.seed}"
        )

    def with_images(self, images: Images) -> FinishedRun:
        """Return the run with its images.

        Raises:
            CheckpointError: there are fewer or more images than predictions.
        """
        if len(images.test) != len(self.labels):
            raise CheckpointError(
                f"{self.run.folder}: expected {len(self.labels)} test images, as many "
                f"as there are predictions, received {len(images.test)}"
            )
        return replace(self, images=images)


def read(run: Run) -> FinishedRun:
    """Read all of a run that a report shows, and check that it fits together.

    Raises:
        CheckpointError: the run is not complete, or a file is missing or damaged.
    """
    record, metrics, history = run.record, run.metrics(), run.history()
    for what in ("dataset", "model"):
        named = isinstance(record.get(what), dict) and record[what].get("name")
        _require(isinstance(named, str), run, f"a name of the {what} in run.json")
    names: Any = record.get("class_names")
    _require(
        isinstance(names, list) and all(isinstance(name, str) for name in names),
        run,
        "'class_names' in run.json as a list of names",
    )
    labels, probabilities = run.predictions()
    labels = labels.reshape(-1)
    _require(
        probabilities.shape == (len(labels), len(names))
        and len(labels) > 0
        and probabilities.dtype.kind == "f"
        and labels.dtype.kind in "iu"
        and bool(np.isfinite(probabilities).all())
        and 0 <= labels.min() <= labels.max() < len(names),
        run,
        f"labels of {len(names)} classes and a finite probability for each in "
        f"predictions.npz, received labels {labels.shape} {labels.dtype} and "
        f"probabilities {probabilities.shape} {probabilities.dtype}",
    )
    reached: list[Any] = [metrics.get(f"test_{name}") for name in ("loss", "accuracy")]
    _require(
        all(type(v) in (int, float) and math.isfinite(v) for v in reached),
        run,
        "numbers 'test_loss' and 'test_accuracy' in metrics.json",
    )
    best = metrics.get("best_epoch")
    return FinishedRun(
        run,
        record["dataset"]["name"],
        record["model"]["name"],
        tuple(names),
        labels,
        probabilities,
        Training(history, best if isinstance(best, int) else None),
        metrics,
        _layers(run),
        superclasses=SUPERCLASSES.get(tuple(names)),
    )


class ImageFinder:
    """Finds the images of runs, and keeps those of the latest data set."""

    loaded: tuple[tuple[str, bool], splits.Splits] | None = None

    def add(self, run: FinishedRun) -> FinishedRun:
        """Return a run with its images, or with the reason why there are none."""
        try:
            found = self._load(run.dataset, "quick" in run.variant)
        except (DatasetError, ValueError) as error:
            return replace(run, why_no_images=str(error))
        if not np.array_equal(found.test[1], run.labels):
            return replace(
                run,
                why_no_images=f"the test set {run.dataset!r} found here has other "
                "labels than the run's",
            )
        x, y = found.training
        return run.with_images(Images(found.test[0], x, y))

    def _load(self, dataset: str, quick: bool) -> splits.Splits:
        if self.loaded is None or self.loaded[0] != (dataset, quick):
            # The training set is shown as it is, whatever part the run held out.
            found = splits.load(dataset, protocol.STUDY, 0, quick=quick)
            self.loaded = (dataset, quick), found
        return self.loaded[1]


def _layers(run: Run) -> dict[str, Any] | None:
    """Read what happened in the layers, if the run recorded anything."""
    if not run.path("layers.json").is_file():
        return None
    record = run.read_json("layers.json")
    try:
        well_formed = _is_record(record)
    except (KeyError, TypeError, AttributeError):
        well_formed = False
    _require(well_formed, run, "a LayerMonitor's record in layers.json")
    return dict(record) if record["steps"] else None


def _is_record(record: Any) -> bool:
    """Tell whether every layer has a number per step, and per epoch its dead units.

    None is a number that was not finite.
    """
    steps, epochs = record["steps"], record["epochs"]
    columns = [
        (steps, values)
        for kind in ("gradient_norm", "update_ratio")
        for values in record[kind].values()
    ]
    for history in record["activations"].values():
        columns.append((epochs, [found["dead"] for found in history]))
    numbers = [*steps, *epochs]
    for positions, values in columns:
        numbers += [0 if value is None else value for value in values]
        if len(values) != len(positions):
            return False
    return all(type(number) in (int, float) for number in numbers)


def _require(condition: bool, run: Run, wanted: str) -> None:
    if not condition:
        raise CheckpointError(f"{run.folder}: expected {wanted}")

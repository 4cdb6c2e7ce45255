"""What a comparison needs of a run, in one small JSON file that git can keep.

``experiments/reference/keras`` holds those of Keras's runs, ``experiments/results``
those of scratchnet's. Both have the same fields:

    format               of this file: `FORMAT`
    library              "keras" or "scratchnet"
    dataset, model, seed what was trained
    parameters           how many, batch normalisation's moving statistics included
    test_loss, test_accuracy
    epochs               how many were trained
    best_epoch           whose weights were tested, counted from 0
    history              metric → one value per epoch
    seconds              wall-clock time of `fit`
    epoch_seconds        wall-clock time of each epoch, validation included
    protocol             fields of `protocol.Protocol`
    order                of the images: `NEW_ORDER`, or `SAME_ORDER` in all epochs
    quick                whether a part of the data was used
    data                 where the data came from, with checksums
    environment          versions, machine, threads and scheduling

A number that is not finite is written as null.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.progress import METRICS
from experiments.protocol import STUDY, Protocol
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import Run
from scratchnet.saving import atomic_write

FORMAT = 2

NEW_ORDER, SAME_ORDER = "new in every epoch", "that of the first epoch"

FIELDS = {
    "library": str,
    "dataset": str,
    "model": str,
    "seed": int,
    "parameters": int,
    "test_loss": float | int | None,
    "test_accuracy": float | int | None,
    "epochs": int,
    "best_epoch": int,
    "history": dict,
    "epoch_seconds": list,
    "protocol": dict,
    "order": str,
    "quick": bool,
    "data": dict,
    "environment": dict,
}

ROOT = Path(__file__).resolve().parent
KERAS = ROOT / "reference" / "keras"
SCRATCHNET = ROOT / "results"

Record = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """What a record is of."""

    dataset: str
    model: str
    seed: int
    protocol: Protocol
    quick: bool = False
    order: str = NEW_ORDER

    @property
    def stem(self) -> str:
        """The file's name, without ``.json``; a quick run takes no other's place."""
        quick = "-quick" if self.quick else ""
        return f"{self.dataset}-{self.model}-seed-{self.seed}{quick}"

    def fields(self) -> Record:
        """Return what every record of this run says."""
        return {
            "format": FORMAT,
            "dataset": self.dataset,
            "model": self.model,
            "seed": self.seed,
            "protocol": asdict(self.protocol),
            "quick": self.quick,
            "order": self.order,
        }

    def path(self, folder: Path) -> Path:
        """Return the record's file."""
        return folder / f"{self.stem}.json"


def write(folder: Path, key: Key, record: Record) -> Path:
    """Write a record, whole or not at all.

    Raises:
        CheckpointError: it can't be written.
    """
    path = key.path(folder)
    content = finite({**key.fields(), **record})
    with atomic_write(path, text=True) as file:
        json.dump(content, file, indent=1, ensure_ascii=False, allow_nan=False)
        file.write("\n")
    return path


def read(path: Path) -> Record:
    """Read a record.

    Raises:
        CheckpointError: it is damaged, of another format, or not of the run that its
            name says.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: can't be read: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(f"{path}: expected a record of format {FORMAT}")
    for name, kind in FIELDS.items():
        if not isinstance(record.get(name, ...), kind):
            raise CheckpointError(
                f"{path}: is damaged: {name!r} is {record.get(name, 'missing')!r}"
            )
    if not isinstance(record["data"].get("sha256"), dict):
        raise CheckpointError(f"{path}: is damaged: 'data' has no 'sha256'")
    key = Key(
        record["dataset"], record["model"], record["seed"], STUDY, record["quick"]
    )
    if path.stem != key.stem:
        raise CheckpointError(
            f"{path}: holds the record of {key.stem}: a record has the name of its run"
        )
    return record


def finished(folder: Path, key: Key) -> Record | None:
    """Return the record of a run, if it is there and of the same settings."""
    try:
        record = read(key.path(folder))
    except CheckpointError:
        return None
    same = all(record.get(name) == value for name, value in key.fields().items())
    return record if same else None


def of_run(run: Run) -> tuple[Key, Record]:
    """Return the record of a finished run of scratchnet.

    Raises:
        CheckpointError: the run did not finish, or a file of it is damaged.
    """
    described, metrics, history = run.record, run.metrics(), run.history()
    key = Key(
        described["dataset"]["name"],
        described["model"]["name"],
        described["seed"],
        Protocol(**described["protocol"]),
        described["dataset"]["quick"],
    )
    return key, {
        "library": "scratchnet",
        "parameters": metrics["parameters"],
        "test_loss": metrics["test_loss"],
        "test_accuracy": metrics["test_accuracy"],
        "epochs": metrics["epochs"],
        "best_epoch": metrics["best_epoch"],
        "seconds": metrics["seconds"],
        "epoch_seconds": history["seconds"],
        "history": {name: history[name] for name in METRICS},
        "data": origin(described["dataset"]["provenance"]),
        "environment": described["environment"],
    }


def origin(provenance: Record) -> Record:
    """Return which files a data set came from, by content: paths are of no use here."""
    contents: Record = {}
    for file in provenance.get("files", ()):
        contents |= file.get("contents") or {file["name"]: file.get("sha256")}
    return {
        "source": provenance["source"],
        "level": provenance.get("level"),
        "sha256": contents,
    }


def finite(value: Any) -> Any:
    """Return JSON-like data with None for every number that is not finite."""
    if isinstance(value, dict):
        return {name: finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

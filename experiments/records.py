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
    epoch_cpu_seconds    processor time of each epoch, of all threads; null if unknown
    protocol             fields of `protocol.Protocol`
    quick                whether a part of the data was used
    data                 where the data came from, with checksums
    environment          versions, machine, threads and scheduling

A number that is not finite is written as null.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from experiments.protocol import Protocol
from scratchnet import datasets
from scratchnet.checkpoint import atomic_write
from scratchnet.errors import CheckpointError

FORMAT = 1

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

    @property
    def stem(self) -> str:
        """The file's name, without ``.json``.

        Only records of the notebook's protocol on all images have the plain name,
        the others can't take their place.
        """
        parts = [self.dataset, self.model, f"seed-{self.seed}"]
        if self.protocol.name != "notebook":
            parts.append(self.protocol.name)
        if self.quick:
            parts.append("quick")
        return "-".join(parts)

    def fields(self) -> Record:
        """Return what every record of this run says."""
        return {
            "format": FORMAT,
            "dataset": self.dataset,
            "model": self.model,
            "seed": self.seed,
            "protocol": asdict(self.protocol),
            "quick": self.quick,
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
        CheckpointError: it is damaged, or its format is another.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: can't be read: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(f"{path}: expected a record of format {FORMAT}")
    return record


def finished(folder: Path, key: Key) -> Record | None:
    """Return the record of a run, if it is there and of the same settings."""
    try:
        record = read(key.path(folder))
    except CheckpointError:
        return None
    same = all(record.get(name) == value for name, value in key.fields().items())
    return record if same else None


def provenance(dataset: str) -> Record:
    """Return which files a data set came from, by content: paths are of no use here."""
    found = datasets.provenance(dataset)
    contents: Record = {}
    for file in found.get("files", ()):
        contents |= file.get("contents") or {file["name"]: file.get("sha256")}
    return {"source": found["source"], "level": found.get("level"), "sha256": contents}


def scheduling() -> Record:
    """Say how this process is scheduled: at idle priority, seconds mean little."""
    found: Record = {"policy": None, "nice": None}
    if hasattr(os, "sched_getscheduler"):
        policies = {
            getattr(os, name): name.removeprefix("SCHED_").lower()
            for name in ("SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE")
            if hasattr(os, name)
        }
        found["policy"] = policies.get(os.sched_getscheduler(0), "other policy")
    if hasattr(os, "getpriority"):
        found["nice"] = os.getpriority(os.PRIO_PROCESS, 0)
    return found


def finite(value: Any) -> Any:
    """Return JSON-like data with None for every number that is not finite."""
    if isinstance(value, dict):
        return {name: finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

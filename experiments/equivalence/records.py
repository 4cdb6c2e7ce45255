"""What a comparison needs of the runs: a file for each side, a line of JSON a run.

``keras.jsonl`` holds Keras's runs and ``scratchnet.jsonl`` scratchnet's, ordered by
data set, model and seed. `FIELDS` are those of every line, behind ``format``, which is
`FORMAT`. A number that is not finite is written as null.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.progress import METRICS
from experiments.protocol import Protocol, Trial
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.lock import exclusive
from scratchnet.runs.run import Run
from scratchnet.saving import atomic_write

FORMAT = 2

FIELDS = {
    "library": str,  # "keras" or "scratchnet"
    "dataset": str,
    "model": str,
    "seed": int,
    "parameters": int,  # batch normalisation's moving statistics included
    "test_loss": float | int | None,
    "test_accuracy": float | int | None,
    "epochs": int,  # how many were trained
    "best_epoch": int,  # whose weights were tested, counted from 0
    "history": dict,  # metric → one value per epoch
    "seconds": float | int,  # wall-clock time of `fit`
    "epoch_seconds": list,  # and of each epoch, validation included
    "protocol": dict,  # the fields of a `Protocol`
    "order": str,  # of the images: `NEW_ORDER` or `SAME_ORDER`
    "quick": bool,  # whether a part of the data was used
    "data": dict,  # where they came from; "sha256": file → checksum
    "environment": dict,  # versions, machine, threads and scheduling
}

ROOT = Path(__file__).resolve().parent
KERAS = ROOT / "keras.jsonl"
KERAS_SAME_ORDER = ROOT / "keras_same_order.jsonl"
SCRATCHNET = ROOT / "scratchnet.jsonl"

Record = dict[str, Any]


def read(path: Path) -> list[Record]:
    """Read all records of a file; none if it is missing.

    Raises:
        CheckpointError: the file can't be read, or a line is damaged, of another
            format, or of the same run as an earlier one.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: can't be read: {error}") from error
    found: dict[tuple[Any, ...], Record] = {}
    for number, line in enumerate(lines, 1):
        if line:
            record = _parse(line, f"{path}: line {number}")
            if _run_of(record) in found:
                raise CheckpointError(
                    f"{path}: line {number}: is of the same run as an earlier line: "
                    f"{_run_of(record)}; remove one of them"
                )
            found[_run_of(record)] = record
    return list(found.values())


def find(path: Path, trial: Trial) -> Record | None:
    """Return the record of a run, if it is there and of the same settings.

    Raises:
        CheckpointError: see `read`.
    """
    wanted = _fields(trial)
    for record in read(path):
        if all(record[name] == value for name, value in wanted.items()):
            return record
    return None


def write(path: Path, trial: Trial, record: Record) -> None:
    """Add a record, or put it in the place of an earlier one of the same run.

    The whole file is written anew, while a lock keeps other processes out.

    Raises:
        CheckpointError: the file can't be written, or what is there is damaged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    added = finite({**_fields(trial), **record})
    with exclusive(path.with_name(f".{path.name}.lock")):
        others = [one for one in read(path) if _run_of(one) != _run_of(added)]
        with atomic_write(path, text=True) as file:
            for one in sorted([*others, added], key=_run_of):
                line = json.dumps(one, ensure_ascii=False, allow_nan=False)
                file.write(f"{line}\n")


def lock(path: Path, trial: Trial) -> Path:
    """Return the lock that a process holds while it trains for a record."""
    return path.with_name(f".{path.stem}-{trial.name}.lock")


def of_run(run: Run) -> tuple[Trial, Record]:
    """Return the record of a finished run of scratchnet.

    Raises:
        CheckpointError: the run did not finish, or a file of it is damaged.
    """
    described, metrics, history = run.record, run.metrics(), run.history()
    trial = Trial(
        described["dataset"]["name"],
        described["model"]["name"],
        described["seed"],
        Protocol(**described["protocol"]),
        described["dataset"]["quick"],
    )
    return trial, {
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


def _parse(line: str, where: str) -> Record:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{where}: can't be read: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise CheckpointError(f"{where}: expected a record of format {FORMAT}")
    for name, kind in FIELDS.items():
        if not isinstance(record.get(name, ...), kind):
            raise CheckpointError(
                f"{where}: is damaged: {name!r} is {record.get(name, 'missing')!r}"
            )
    if not isinstance(record["data"].get("sha256"), dict):
        raise CheckpointError(f"{where}: is damaged: 'data' has no 'sha256'")
    return record


def _run_of(record: Record) -> tuple[Any, ...]:
    """Return which run a record is of: the order of the lines."""
    return record["dataset"], record["model"], record["seed"], record["quick"]


def _fields(trial: Trial) -> Record:
    """Return what every record of a trial says."""
    return {
        "format": FORMAT,
        "dataset": trial.dataset,
        "model": trial.model,
        "seed": trial.seed,
        "protocol": asdict(trial.protocol),
        "quick": trial.quick,
        "order": trial.order,
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

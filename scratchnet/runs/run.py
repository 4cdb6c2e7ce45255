"""The folder that a training run leaves behind, and how to read it again.

    run.json           format, data set, preprocessing, class names, model, protocol,
                       seed, environment
    history.csv        one line per epoch
    best.npz last.npz  weights of the best epoch and of the last one
    layers.json        a `LayerMonitor`'s record: gradients, updates and activations
    predictions.npz    labels and probabilities of the test images
    report.json        scikit-learn's classification report
    metrics.json       loss, accuracy, epochs, seconds; written last: a folder without
                       it holds a run that did not finish
    report.html        what was drawn of all this, on request: a page, and its figures
    figures/*.png
    figures/drawn.json what the report drew of them; others are the user's own

The format has a number, `FORMAT`; a folder of another number is refused. Everything
that a prediction needs is in the folder: an installed scratchnet can make one without
the scripts that trained the model.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from scratchnet._version import __version__
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.models import Model, Sequential

PACKAGE = Path(__file__).resolve().parents[1]  # scratchnet

FORMAT = 1

# What a run of the study says of its pixels: all that `scratchnet predict` can do.
PIXELS = "uint8, 0 to 255; the model's first layer divides them by 255"

# All but run.json, which is written over; metrics.json, which says that the run is
# complete, goes first.
RESULTS = (
    "metrics.json",
    "report.json",
    "predictions.npz",
    "best.npz",
    "last.npz",
    "history.csv",
    "layers.json",
)

PAGE = "report.html"
FIGURES = "figures"
DRAWN = "drawn.json"


@dataclass(frozen=True)
class Run:
    """A run's folder and what ``run.json`` in it says."""

    folder: Path
    record: dict[str, Any]

    @classmethod
    def create(cls, folder: str | os.PathLike[str], record: dict[str, Any]) -> Run:
        """Make the folder and write ``run.json``.

        An earlier run's results, and what was drawn of them, are removed first: what
        the folder holds from here on is all of one run.

        Raises:
            CheckpointError: the folder can't be made or written to.
        """
        run = cls(Path(folder), {"format": FORMAT, **record})
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
            figures = run.path(FIGURES)
            drawn = [run.path(PAGE), *drawn_figures(figures), figures / DRAWN]
            for path in [*map(run.path, RESULTS), *drawn]:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"{folder}: can't hold a run: {error.strerror}; choose another folder"
            ) from error
        run.write_json("run.json", run.record)
        return run

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Run:
        """Read the ``run.json`` of a folder.

        Raises:
            CheckpointError: there is none, it is damaged, or its format is another.
        """
        run = cls(Path(folder), {})
        record = run.read_json("run.json")
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            found = record.get("format") if isinstance(record, dict) else record
            raise CheckpointError(
                f"{folder}: expected a run of format {FORMAT}, received {found!r}; "
                f"this is scratchnet {__version__}"
            )
        return cls(run.folder, record)

    @property
    def complete(self) -> bool:
        """Whether the run finished."""
        return (self.folder / "metrics.json").is_file()

    def path(self, name: str) -> Path:
        """Return the path of one of the folder's files."""
        return self.folder / name

    def model(self, weights: str = "best") -> Model:
        """Rebuild the trained model.

        Args:
            weights: ``"best"`` or ``"last"``.

        Raises:
            CheckpointError: a file is missing or damaged.
        """
        try:
            config = self.record["model"]["config"]
            kind = Model if "input_layers" in config else Sequential
            model = kind.from_config(config)
        except (KeyError, TypeError, ValueError, NotImplementedError) as error:
            raise CheckpointError(
                f"{self.path('run.json')}: no model can be made of it: {error!r}"
            ) from error
        model.load_weights(self.path(f"{weights}.npz"))
        return model

    def history(self) -> dict[str, list[float]]:
        """Return the columns of ``history.csv``, ``epoch`` (from 0) among them.

        Raises:
            CheckpointError: the file is missing, empty or damaged.
        """
        path = self.path("history.csv")
        try:
            with open(path, newline="", encoding="utf-8") as file:
                names, *rows = csv.reader(file)
            columns = zip(*rows, strict=True) if rows else [()] * len(names)
            return {
                name: [float(value) for value in column]
                for name, column in zip(names, columns, strict=True)
            }
        except (OSError, ValueError, csv.Error) as error:
            raise CheckpointError(f"{path}: can't be read: {error}") from error

    def metrics(self) -> dict[str, Any]:
        """Return what ``metrics.json`` says.

        Raises:
            CheckpointError: it is missing (the run did not finish) or damaged.
        """
        if not self.complete:
            raise CheckpointError(f"{self.folder}: this run did not finish")
        metrics = self.read_json("metrics.json")
        if not isinstance(metrics, dict):
            raise CheckpointError(
                f"{self.path('metrics.json')}: expected names and numbers, found "
                f"{metrics!r:.80}"
            )
        return metrics

    def predictions(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the test images' labels, (N,), and probabilities, (N, C).

        Raises:
            CheckpointError: the file is missing or damaged.
        """
        path = self.path("predictions.npz")
        try:
            # Opened here: NumPy leaves the file of a damaged archive open.
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                return arrays["labels"], arrays["probabilities"]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise CheckpointError(f"{path}: can't be read: {error}") from error

    def write_predictions(self, labels: np.ndarray, probabilities: np.ndarray) -> None:
        """Write ``predictions.npz``."""
        with atomic_write(self.path("predictions.npz")) as file:
            np.savez_compressed(file, labels=labels, probabilities=probabilities)

    def write_json(self, name: str, content: Any) -> None:
        """Write one of the folder's JSON files, whole or not at all."""
        with atomic_write(self.path(name), text=True) as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")

    def read_json(self, name: str) -> Any:
        """Read one of the folder's JSON files.

        Raises:
            CheckpointError: it is missing or is no JSON.
        """
        path = self.path(name)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise CheckpointError(
                f"{self.folder}: is no run's folder: there is no {name} in it"
            ) from error
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{path}: can't be read: {error}") from error


def drawn_figures(folder: Path) -> list[Path]:
    """Return the figures in a folder that the latest report drew.

    ``drawn.json`` has their names. A figure that is not named there is the user's own,
    and so are all of them if the file is missing or damaged.
    """
    try:
        names = json.loads((folder / DRAWN).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(names, list):
        return []
    return [path for path in folder.glob("*.png") if path.name in names]


def environment() -> dict[str, Any]:
    """Return what a run's figures depend on beside its configuration."""
    import numba
    import sklearn
    from threadpoolctl import threadpool_info

    from scratchnet import kernels

    return {
        "scratchnet": __version__,
        "source": source_digest(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "scikit-learn": sklearn.__version__,
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": numba.get_num_threads(),
        "scheduling": scheduling(),
        "blas": [
            {key: pool.get(key) for key in ("internal_api", "version", "num_threads")}
            for pool in threadpool_info()
        ],
        "rung": kernels.get_rung(),
    }


def source_digest(package: Path = PACKAGE) -> str:
    """Return the first 12 digits of a SHA-256 of the package's own files.

    A version number stays the same while the code is worked on; this doesn't.
    """
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def scheduling() -> dict[str, Any]:
    """Return how this process is scheduled.

    Returns:
        ``policy`` ("other" is the usual one, "idle" runs when nobody else wants to)
        and ``nice``; None where the system doesn't tell.
    """
    found: dict[str, Any] = {"policy": None, "nice": None}
    if hasattr(os, "sched_getscheduler"):
        policies = {
            getattr(os, name): name.removeprefix("SCHED_").lower()
            for name in ("SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE")
        }
        number = os.sched_getscheduler(0)
        found["policy"] = policies.get(number, str(number))
    if hasattr(os, "getpriority"):
        found["nice"] = os.getpriority(os.PRIO_PROCESS, 0)
    return found


def processor() -> str:
    """Return the processor's name and, in brackets, LLVM's name of its kind.

    A virtual machine may hide the model ("AMD EPYC"), which is years of processors.
    `platform` knows no name at all on Linux.
    """
    from llvmlite import binding

    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    name = line.partition(":")[2].strip()
                    break
    except OSError:
        pass
    return f"{name} ({binding.get_host_cpu_name()})"

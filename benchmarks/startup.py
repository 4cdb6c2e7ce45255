"""How long it takes to get going: imports, the first step, the first compilation.

    python -m benchmarks.startup

Every figure is the time of a whole process, from its start until it says that it is
done, as one would wait for it.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import command, machine, plot, results
from benchmarks.harness.processes import child_environment
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import summary
from benchmarks.harness.tables import markdown
from benchmarks.harness.turns import interleaved

ANNOUNCEMENT = "scratchnet: compiling"

# What the project promises, in seconds.
BOUNDS = {
    "import_above_numba": 0.15,
    "first_step_from_cache": 3.0,
    "cold_compile": 45.0,
}

COLD_ROUNDS, AT_ONCE = 3, 8

SCRIPTS = {
    "python": "print('done', flush=True)",
    "import_numba": "import numba; print('done', flush=True)",
    "import_scratchnet": "import scratchnet; print('done', flush=True)",
}

# One training step, and nothing after it.
FIRST_STEP = """
import numpy as np
import scratchnet as keras
x = np.random.default_rng(0).random((64, *SHAPE), dtype="float32")
y = np.eye(10, dtype="float32")[np.arange(64) % 10]
model = keras.architectures.MODEL(SHAPE, 10)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.train_on_batch(x, y)
print("done", flush=True)
"""

# All that a study asks of a model: uint8 images, a last batch that is smaller, float
# images too, validation, evaluation, prediction.
EVERYTHING = """
import hashlib
import numpy as np
import scratchnet as keras
keras.utils.set_random_seed(0)
x = np.random.default_rng(0).integers(256, size=(96, *SHAPE), dtype="uint8")
y = np.eye(10, dtype="float32")[np.arange(96) % 10]
model = keras.architectures.MODEL(SHAPE, 10)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=64, validation_data=(x, y), verbose=0)
model.fit(x / np.float32(255), y, batch_size=64, verbose=0)
model.evaluate(x, y, verbose=0)
model.predict(x, verbose=0)
weights = b"".join(weight.tobytes() for weight in model.get_weights())
print(hashlib.sha256(weights).hexdigest(), flush=True)
"""

# From <linux/prctl.h> and <linux/capability.h>.
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


class Ended(NamedTuple):
    """How a process went: when it said its first line, and how often "compiling"."""

    seconds: float
    first_line: str
    announcements: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = command.parser("startup", __doc__, rounds=15)
    options = command.parse(parser, arguments)
    document = command.run(options, measure, as_table, picture)
    return 1 if document["failed"] else 0


def measure(options: argparse.Namespace) -> Iterator[Document]:
    """Measure all; a quick run takes the ANN, which has less to compile."""
    model, shape = ("ann", (8, 8, 1)) if options.quick else ("basic_cnn", (28, 28, 1))
    cold_rounds, processes = (1, 2) if options.quick else (COLD_ROUNDS, AT_ONCE)
    first_step, everything = (
        script.replace("MODEL", model).replace("SHAPE", str(shape))
        for script in (FIRST_STEP, EVERYTHING)
    )
    settings = {"model": model, "processes": processes, "cold_rounds": cold_rounds}
    document, _ = results.begin(options, bounds=BOUNDS, **settings)
    threads = options.threads
    with tempfile.TemporaryDirectory() as name:
        caches = [Path(name, f"cache-{number}") for number in range(cold_rounds)]
        document["cold"] = cold(everything, caches, threads)
        document["warm"] = warm(first_step, caches[0], threads, options.rounds)
        shared = Path(name, "at-once")
        document["at_once"] = at_once(everything, shared, threads, processes)
        document["read_only"] = read_only(everything, threads)
    document["failed"] = failed(document)
    yield document


def cold(script: str, caches: list[Path], threads: int) -> dict[str, Any]:
    """Compile everything in a fresh cache, several times."""
    ended = []
    for cache in caches:
        ended.append(process(script, threads, {"NUMBA_CACHE_DIR": str(cache)}))
        say(f"cold: {ended[-1].seconds:.1f} s")
    return {
        "seconds": summary([one.seconds for one in ended]),
        "announcements": [one.announcements for one in ended],
    }


def warm(script: str, cache: Path, threads: int, rounds: int) -> dict[str, Any]:
    """Time imports and the first step, in turn, with a cache that is there."""
    scripts = {**SCRIPTS, "first_step_from_cache": script}

    def turn(script: str) -> float:
        return process(script, threads, {"NUMBA_CACHE_DIR": str(cache)}).seconds

    for script in scripts.values():
        turn(script)  # what is compiled now, .pyc included, is there from now on
    turns = {name: partial(turn, script) for name, script in scripts.items()}
    times = interleaved(turns, rounds)
    pairs = zip(times["import_scratchnet"], times["import_numba"], strict=True)
    times["import_above_numba"] = [ours - numba for ours, numba in pairs]
    found = {name: summary(seconds) for name, seconds in times.items()}
    for name in found:
        say(f"{name}: {found[name]['median']:.2f} s")
    return found


def at_once(script: str, cache: Path, threads: int, processes: int) -> dict[str, Any]:
    """Start several processes with one empty cache, and compare what they learnt."""

    def start(_: int) -> Ended:
        return process(script, threads, {"NUMBA_CACHE_DIR": str(cache)})

    started = time.perf_counter()
    with ThreadPoolExecutor(processes) as pool:
        ended = list(pool.map(start, range(processes)))
    seconds = time.perf_counter() - started
    say(f"{processes} at once: {seconds:.1f} s")
    return {
        "processes": processes,
        "seconds": seconds,
        "different_weights": len({one.first_line for one in ended}),
    }


def read_only(script: str, threads: int) -> dict[str, Any]:
    """Run from an install that can't be written to, with and without a home.

    Python writes bytecode wherever it can: no ``__pycache__`` afterwards shows that the
    install was indeed read-only.
    """
    found: dict[str, Any] = {}
    with read_only_install() as (package, home):
        for name, folder in (("with_home", home), ("without_home", None)):
            variables: dict[str, str | None] = {
                **{"NUMBA_CACHE_DIR": None, "XDG_CACHE_HOME": None},
                "HOME": str(folder or "/dev/null/nowhere"),
                "PYTHONPATH": str(package),
            }
            runs = [process(script, threads, variables, package) for _ in range(2)]
            found[name] = {
                "seconds": [one.seconds for one in runs],
                "announcements": [one.announcements for one in runs],
            }
            say(f"read-only, {name}: {runs[0].seconds:.1f}, {runs[1].seconds:.1f} s")
        found["files_written"] = len(list(package.rglob("__pycache__")))
    return found


@contextmanager
def read_only_install() -> Iterator[tuple[Path, Path]]:
    """Copy the package where it can't be written to, and make a home that can."""
    with tempfile.TemporaryDirectory() as name:
        package, home = Path(name, "install"), Path(name, "home")
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(
            machine.ROOT / "scratchnet", package / "scratchnet", ignore=ignored
        )
        home.mkdir()
        paths = [package, *package.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            yield package, home
        finally:
            for path in paths:
                path.chmod(0o755)


def _obey_permissions() -> None:
    """Give up what lets root write anywhere; runs in the child, before Python does."""
    if sys.platform == "linux" and os.geteuid() == 0:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def process(
    script: str, threads: int, environment: dict[str, Any], folder: Path | None = None
) -> Ended:
    """Run a script in a process of its own, until it has printed a line and ended.

    Args:
        script: Python.
        threads: for Numba.
        environment: further variables; None takes one away.
        folder: to run in; given one, root has to obey its permissions.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder or machine.ROOT,
            env=child_environment(threads, environment),
            preexec_fn=None if folder is None else _obey_permissions,
        ) as child:
            assert child.stdout is not None
            first_line = child.stdout.readline().strip()
            seconds = time.perf_counter() - started
        errors.seek(0)
        printed = errors.read()
    if child.returncode != 0:
        raise RuntimeError(f"a process ended with {child.returncode}:\n{printed}")
    return Ended(seconds, first_line, printed.count(ANNOUNCEMENT))


def failed(document: Document) -> list[str]:
    """Return what went wrong, whatever the times."""
    faults = []
    if document["at_once"]["different_weights"] != 1:
        faults.append("processes that start at once learn different weights")
    if set(document["cold"]["announcements"]) != {1}:
        faults.append("compiling is not announced once")
    if document["read_only"]["files_written"] > 0:
        faults.append("a read-only install is written to")
    return faults


def bounded(document: Document) -> dict[str, dict[str, Any]]:
    """Return the times that have a bound, by the bound's name."""
    times = {**document["warm"], "cold_compile": document["cold"]["seconds"]}
    return {name: times[name] for name in document["bounds"]}


def as_table(document: Document) -> str:
    """Return the result as a table in Markdown."""
    bounds = document["bounds"]
    rows = [
        [
            name.replace("_", " "),
            *(f"{found[part]:.3f}" for part in ("median", "iqr")),
            f"{bounds[name]:g}" if name in bounds else "",
        ]
        for name, found in (bounded(document) | document["warm"]).items()
    ]
    at_once = document["at_once"]
    title = f"{at_once['processes']} cold at once"
    rows.append([title, f"{at_once['seconds']:.1f}", "", ""])
    for name in ("with_home", "without_home"):
        first, second = document["read_only"][name]["seconds"]
        title = f"read-only install, {name.replace('_', ' ')}: first, second run"
        rows.append([title, f"{first:.1f}, {second:.1f}", "", ""])
    table = markdown(["s", "median", "IQR", "bound"], rows)
    return "\n\n".join([table, *(f"FAILED: {fault}" for fault in document["failed"])])


def picture(document: Document) -> Any:
    """Draw each time beside its bound."""
    figure, axes = plot.figure(1, len(BOUNDS), width=3.5)
    for panel, (name, found) in zip(axes[0], bounded(document).items(), strict=True):
        plot.bars(
            panel,
            [""],
            {"measured": [plot.interval(found)]},
            title=name.replace("_", " "),
            label="seconds (whiskers: quartiles)",
            level=("bound", document["bounds"][name]),
        )
    return figure


if __name__ == "__main__":
    raise SystemExit(main())

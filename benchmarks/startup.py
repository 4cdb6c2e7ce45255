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
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import machine, plot, results
from benchmarks.harness.processes import child_environment
from benchmarks.harness.results import say
from benchmarks.harness.statistics import summary
from benchmarks.harness.turns import interleaved
from experiments.arguments import positive
from experiments.table import markdown

ANNOUNCEMENT = "scratchnet: compiling"

# What the project promises, in seconds.
BOUNDS = {
    "import_above_numba": 0.15,
    "first_step_from_cache": 3.0,
    "cold_compile": 45.0,
}

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

# In a read-only install, this tells whether it is one.
PROBE = """
import sys
try:
    open("scratchnet/probe", "w").close()
    print("WRITABLE", file=sys.stderr)
except OSError:
    pass
"""

# From <linux/prctl.h> and <linux/capability.h>.
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


@dataclass(frozen=True)
class Ended:
    """How a process went.

    Attributes:
        seconds: from its start to its first line.
        answer: that line.
        errors: what it printed to standard error.
    """

    seconds: float
    answer: str
    errors: str

    @property
    def announcements(self) -> int:
        """How often it said that it was compiling."""
        return self.errors.count(ANNOUNCEMENT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = results.parser(__doc__.splitlines()[0], rounds=15)
    parser.add_argument(
        "--processes",
        type=positive,
        default=8,
        help="that start at once with an empty cache",
    )
    parser.add_argument(
        "--cold-rounds", type=positive, default=3, help="cold compilations"
    )
    options = results.parse(parser, arguments)
    if options.quick:
        options.rounds, options.cold_rounds, options.processes = 1, 1, 2
    document = run(options)
    print(as_table(document))
    return 0 if document["failed"] == [] else 1


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all; a quick run takes the ANN, which has less to compile."""
    model, shape = ("ann", (8, 8, 1)) if options.quick else ("basic_cnn", (28, 28, 1))
    first_step, everything = (
        script.replace("MODEL", model).replace("SHAPE", str(shape))
        for script in (FIRST_STEP, EVERYTHING)
    )
    document = results.document("startup", options)
    chosen = {"processes": options.processes, "cold_rounds": options.cold_rounds}
    document |= {"model": model, "bounds": BOUNDS, **chosen}
    results.earlier(options, document, alike=("model", *chosen))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document["cold"] = cold(everything, folder, options)
        document["warm"] = warm(first_step, folder / "cache-0", options)
        document["at_once"] = at_once(everything, folder / "at-once", options)
        document["read_only"] = read_only(everything, options.threads)
    document["failed"] = failed(document)
    path = results.write(options.out, document, picture(document))
    say(f"written: {path} and .png")
    return document


def cold(script: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Compile everything in a fresh cache, several times."""
    ended = []
    for number in range(options.cold_rounds):
        cache = {"NUMBA_CACHE_DIR": str(folder / f"cache-{number}")}
        ended.append(process(script, options.threads, cache))
        say(f"cold: {ended[-1].seconds:.1f} s")
    return {
        "seconds": summary([one.seconds for one in ended]),
        "announcements": [one.announcements for one in ended],
    }


def warm(script: str, cache: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Time imports and the first step, in turn, with a cache that is there."""
    environment = {"NUMBA_CACHE_DIR": str(cache)}
    scripts = {**SCRIPTS, "first_step_from_cache": script}

    def turn(script: str) -> float:
        return process(script, options.threads, environment).seconds

    for script in scripts.values():
        turn(script)  # what is compiled now, .pyc included, is there from now on
    times = interleaved(
        {name: partial(turn, script) for name, script in scripts.items()},
        options.rounds,
    )
    pairs = zip(times["import_scratchnet"], times["import_numba"], strict=True)
    times["import_above_numba"] = [ours - numba for ours, numba in pairs]
    for name, seconds in times.items():
        say(f"{name}: {summary(seconds)['median']:.2f} s")
    return {name: summary(seconds) for name, seconds in times.items()}


def at_once(script: str, cache: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Start several processes with one empty cache, and compare what they learnt."""
    ended: list[Ended | Exception] = []

    def start() -> None:
        try:
            variables = {"NUMBA_CACHE_DIR": str(cache)}
            ended.append(process(script, options.threads, variables))
        except RuntimeError as error:
            ended.append(error)

    threads = [threading.Thread(target=start) for _ in range(options.processes)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    say(f"{options.processes} at once: {seconds:.1f} s")
    succeeded = [one for one in ended if isinstance(one, Ended)]
    return {
        "processes": options.processes,
        "seconds": seconds,
        "failures": [str(one) for one in ended if not isinstance(one, Ended)],
        "different_weights": len({one.answer for one in succeeded}),
    }


def read_only(script: str, threads: int) -> dict[str, Any]:
    """Run from an install that can't be written to, with and without a home."""
    found: dict[str, Any] = {"enforced": True}
    with read_only_install() as (package, home):
        for name, folder in (("with_home", home), ("without_home", None)):
            variables: dict[str, str | None] = {
                **{"NUMBA_CACHE_DIR": None, "XDG_CACHE_HOME": None},
                "HOME": str(folder or "/dev/null/nowhere"),
                "PYTHONPATH": str(package),
            }
            runs = [
                process(PROBE + script, threads, variables, package) for _ in range(2)
            ]
            found["enforced"] &= not any("WRITABLE" in one.errors for one in runs)
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
    script: str,
    threads: int,
    environment: dict[str, Any],
    folder: Path | None = None,
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
            answer = child.stdout.readline().strip()
            seconds = time.perf_counter() - started
        errors.seek(0)
        printed = errors.read()
    if child.returncode != 0:
        raise RuntimeError(f"a process ended with {child.returncode}:\n{printed}")
    return Ended(seconds, answer, printed)


def failed(document: dict[str, Any]) -> list[str]:
    """Return what went wrong, whatever the times: processes and their results."""
    at_once, read_only = document["at_once"], document["read_only"]
    faults: dict[str, Callable[[], bool]] = {
        "processes that start at once fail": lambda: bool(at_once["failures"]),
        "they learn different weights": lambda: at_once["different_weights"] != 1,
        "compiling is not announced once": lambda: (
            set(document["cold"]["announcements"]) != {1}
        ),
        "a read-only install is written to": lambda: read_only["files_written"] > 0,
        "the read-only install was none": lambda: not read_only["enforced"],
    }
    return [fault for fault, occurred in faults.items() if occurred()]


def measured(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the times that have a bound, by the bound's name."""
    return {
        "import_above_numba": document["warm"]["import_above_numba"],
        "first_step_from_cache": document["warm"]["first_step_from_cache"],
        "cold_compile": document["cold"]["seconds"],
    }


def as_table(document: dict[str, Any]) -> str:
    """Return the result as a table in Markdown."""
    bounds, bounded = document["bounds"], measured(document)
    rows = [
        [name.replace("_", " "), *_row(found), f"{bounds[name]:g}"]
        for name, found in bounded.items()
    ]
    rows += [
        [name.replace("_", " "), *_row(found), ""]
        for name, found in document["warm"].items()
        if name not in bounded
    ]
    at_once = document["at_once"]
    rows.append(
        [f"{at_once['processes']} cold at once", f"{at_once['seconds']:.1f}", "", ""]
    )
    for name in ("with_home", "without_home"):
        first, second = document["read_only"][name]["seconds"]
        title = f"read-only install, {name.replace('_', ' ')}: first, second run"
        rows.append([title, f"{first:.1f}, {second:.1f}", "", ""])
    table = markdown(["s", "median", "IQR", "bound"], rows)
    return "\n\n".join([table, *(f"FAILED: {fault}" for fault in document["failed"])])


def _row(found: dict[str, Any]) -> list[str]:
    return [f"{found['median']:.3f}", f"{found['iqr']:.3f}"]


def picture(document: dict[str, Any]) -> Any:
    """Draw each time beside its bound; whiskers are quartiles."""
    figure, axes = plot.figure(1, len(BOUNDS), width=3.5)
    for panel, (name, found) in zip(axes[0], measured(document).items(), strict=True):
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

"""How long it takes to get going: imports, the first step, the first compilation.

    python -m benchmarks.startup

Every figure is the time of a whole process, from its start until it says that it is
done, as one would wait for it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import command, machine, plot, results
from benchmarks.harness.processes import child_environment
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import summary
from benchmarks.harness.tables import markdown
from benchmarks.harness.turns import interleaved

# What the project promises, in seconds.
BOUNDS = {
    "import_above_numba": 0.15,
    "first_step_from_cache": 3.0,
    "cold_compile": 45.0,
}

COLD_ROUNDS = 3

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
import numpy as np
import scratchnet as keras
x = np.random.default_rng(0).integers(256, size=(96, *SHAPE), dtype="uint8")
y = np.eye(10, dtype="float32")[np.arange(96) % 10]
model = keras.architectures.MODEL(SHAPE, 10)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=64, validation_data=(x, y), verbose=0)
model.fit(x / np.float32(255), y, batch_size=64, verbose=0)
model.evaluate(x, y, verbose=0)
model.predict(x, verbose=0)
print("done", flush=True)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = command.parser("startup", __doc__, rounds=15)
    command.run(command.parse(parser, arguments), measure, as_table, picture)
    return 0


def measure(options: argparse.Namespace) -> Iterator[Document]:
    """Measure all; a quick run takes the ANN, which has less to compile."""
    model, shape = ("ann", (8, 8, 1)) if options.quick else ("basic_cnn", (28, 28, 1))
    cold_rounds = 1 if options.quick else COLD_ROUNDS
    first_step, everything = (
        script.replace("MODEL", model).replace("SHAPE", str(shape))
        for script in (FIRST_STEP, EVERYTHING)
    )
    settings = {"model": model, "cold_rounds": cold_rounds}
    document, _ = results.begin(options, bounds=BOUNDS, **settings)
    threads = options.threads
    with tempfile.TemporaryDirectory() as name:
        caches = [Path(name, f"cache-{number}") for number in range(cold_rounds)]
        document["cold"] = cold(everything, caches, threads)
        document["warm"] = warm(first_step, caches[0], threads, options.rounds)
    yield document


def cold(script: str, caches: list[Path], threads: int) -> dict[str, Any]:
    """Compile everything in a fresh cache, several times."""
    seconds = []
    for cache in caches:
        seconds.append(process(script, threads, cache))
        say(f"cold: {seconds[-1]:.1f} s")
    return summary(seconds)


def warm(script: str, cache: Path, threads: int, rounds: int) -> dict[str, Any]:
    """Time imports and the first step, in turn, with a cache that is there."""
    scripts = {**SCRIPTS, "first_step_from_cache": script}
    turns = {
        name: partial(process, script, threads, cache)
        for name, script in scripts.items()
    }
    for turn in turns.values():
        turn()  # what is compiled now, .pyc included, is there from now on
    times = interleaved(turns, rounds)
    pairs = zip(times["import_scratchnet"], times["import_numba"], strict=True)
    times["import_above_numba"] = [ours - numba for ours, numba in pairs]
    found = {name: summary(seconds) for name, seconds in times.items()}
    for name in found:
        say(f"{name}: {found[name]['median']:.2f} s")
    return found


def process(script: str, threads: int, cache: Path) -> float:
    """Run a script in a process of its own.

    Args:
        script: Python that prints a line.
        threads: for Numba.
        cache: Numba's.

    Returns:
        The seconds until it had printed the line.

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
            cwd=machine.ROOT,
            env=child_environment(threads, NUMBA_CACHE_DIR=str(cache)),
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            seconds = time.perf_counter() - started
        if child.returncode != 0:
            errors.seek(0)
            raise RuntimeError(
                f"a process ended with {child.returncode}:\n{errors.read()}"
            )
    return seconds


def bounded(document: Document) -> dict[str, dict[str, Any]]:
    """Return the times that have a bound, by the bound's name."""
    times = {**document["warm"], "cold_compile": document["cold"]}
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
    return markdown(["s", "median", "IQR", "bound"], rows)


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

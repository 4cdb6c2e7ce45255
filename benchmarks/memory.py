"""Peak resident memory of a CIFAR-100 Deeper CNN training run.

    python -m benchmarks.memory

The same job for scratchnet and for Keras: load the images (uint8), train with ``fit``
and batches of 64, validate on the test images. The bound: a third of Keras's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness import images, peers, plot, results
from benchmarks.harness.libraries import LIBRARIES as ALL
from benchmarks.harness.networks import CASES, SCALED_PIXELS
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import say
from benchmarks.harness.statistics import summary
from experiments.arguments import positive
from experiments.table import markdown

LIBRARIES = ("scratchnet", "keras")

CASE = CASES["cifar100_deeper_cnn"]

BATCH_SIZE = 64

BOUND = 1 / 3

MEBIBYTE = 1 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = results.parser(__doc__.splitlines()[0], rounds=3)
    parser.add_argument("--epochs", type=positive, default=1, help="epochs of training")
    options = results.parse(parser, arguments)
    if options.quick:
        options.rounds = 1
    document = run(options)
    print(as_table(document))
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Run the job a few times in processes of their own."""
    libraries, missing = peers.choose(LIBRARIES)
    document = results.document("memory", options)
    document |= {"epochs": options.epochs, "missing": missing}
    results.earlier(options, document, alike=("epochs", "missing"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = images.write(CASE, folder, quick=options.quick)
        runs: dict[str, list[dict[str, int]]] = {library: [] for library in libraries}
        for _ in range(options.rounds):
            for library in libraries:
                found = job(library, folder, options)
                runs[library].append(found)
                say(f"{library}: {found['peak'] / MEBIBYTE:.0f} MiB")
    document |= {
        "title": CASE.title,
        "data": source,
        "libraries": {
            library: {
                "peak_bytes": summary([found["peak"] for found in several]),
                "runs": several,
            }
            for library, several in runs.items()
        },
    }
    if "keras" in libraries:
        own, keras = (
            document["libraries"][name]["peak_bytes"]["median"] for name in LIBRARIES
        )
        document |= {"share_of_keras": own / keras, "bound": BOUND}
    path = results.write(options.out, document, picture(document))
    say(f"written: {path} and .png")
    return document


def job(library: str, folder: Path, options: argparse.Namespace) -> dict[str, int]:
    """Train once in a fresh process.

    Returns:
        Resident bytes after the import, with the data loaded, and at the peak.
    """
    network = [SCALED_PIXELS, *CASE.network()]
    with ExitStack() as stack:
        worker = stack.enter_context(Worker(ALL[library], threads=options.threads))
        imported = worker.call("memory")["now"]
        worker.call("read_data", folder, CASE.classes)
        loaded = worker.call("memory")["now"]
        worker.call("build", "model", CASE.image_shape, network)
        worker.call("measure_accuracy", "model")
        worker.call("fit", "model", options.epochs, BATCH_SIZE)
        peak = worker.call("memory")["peak"]
    return {"imported": imported, "loaded": loaded, "peak": peak}


def as_table(document: dict[str, Any]) -> str:
    """Return the result as a table in Markdown, in MiB."""
    rows = []
    for library, entry in document["libraries"].items():
        one = entry["runs"][0]
        sizes = (one["imported"], one["loaded"], entry["peak_bytes"]["median"])
        rows.append([library, *(f"{size / MEBIBYTE:.0f}" for size in sizes)])
    if "share_of_keras" in document:
        share = f"{document['share_of_keras']:.2f} (bound {document['bound']:.2f})"
        rows.append(["share of Keras's peak", "", "", share])
    return markdown(["MiB", "after the import", "with the data", "peak"], rows)


def picture(document: dict[str, Any]) -> Any:
    """Draw a bar per library."""
    figure, axes = plot.figure(width=6)
    libraries = document["libraries"]
    plot.bars(
        axes[0, 0],
        list(libraries),
        {
            "peak": [
                plot.interval(entry["peak_bytes"], 1 / MEBIBYTE)
                for entry in libraries.values()
            ]
        },
        title=f"peak resident memory, {document['title']}",
        label="MiB",
    )
    return figure


if __name__ == "__main__":
    raise SystemExit(main())

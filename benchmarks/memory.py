"""Peak resident memory of a CIFAR-100 Deeper CNN training run.

    python -m benchmarks.memory

The same job for scratchnet and for Keras: load the images (uint8), train an epoch with
``fit`` and batches of 64, validate on the test images. The bound: a third of Keras's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import command, images, peers, plot, results
from benchmarks.harness.libraries import target
from benchmarks.harness.networks import CASES, SCALED_PIXELS
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import summary
from benchmarks.harness.tables import markdown

CASE = CASES["cifar100_deeper_cnn"]

BATCH_SIZE = 64

BOUND = 1 / 3

MEBIBYTE = 1 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = command.parser("memory", __doc__, rounds=3)
    command.run(command.parse(parser, arguments), measure, as_table, picture)
    return 0


def measure(options: argparse.Namespace) -> Iterator[Document]:
    """Run the job a few times, each in a process of its own."""
    libraries, missing = peers.installed(["scratchnet", "keras"])
    document, _ = results.begin(options, missing=missing)
    runs: dict[str, list[dict[str, int]]] = {library: [] for library in libraries}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = images.write(CASE, folder, quick=options.quick)
        for _ in range(options.rounds):
            for library in libraries:
                found = job(library, folder, options.threads)
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
            document["libraries"][name]["peak_bytes"]["median"] for name in libraries
        )
        document |= {"share_of_keras": own / keras, "bound": BOUND}
    yield document


def job(library: str, folder: Path, threads: int) -> dict[str, int]:
    """Train once in a fresh process.

    Returns:
        Resident bytes after the import, with the data loaded, and at the peak.
    """
    network = [SCALED_PIXELS, *CASE.network()]
    with Worker(target(library), threads=threads) as worker:
        imported = worker.call("memory")["now"]
        worker.call("read_data", folder, CASE.classes)
        loaded = worker.call("memory")["now"]
        worker.call("build", "model", CASE.image_shape, network)
        worker.call("measure_accuracy", "model")
        worker.call("fit", "model", BATCH_SIZE)
        peak = worker.call("memory")["peak"]
    return {"imported": imported, "loaded": loaded, "peak": peak}


def as_table(document: Document) -> str:
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


def picture(document: Document) -> Any:
    """Draw a bar per library."""
    figure, axes = plot.figure(width=6)
    peaks = {
        library: plot.interval(entry["peak_bytes"], 1 / MEBIBYTE)
        for library, entry in document["libraries"].items()
    }
    plot.bars(
        axes[0, 0],
        list(peaks),
        {"peak": list(peaks.values())},
        title=f"peak resident memory, {document['title']}",
        label="MiB",
    )
    return figure


if __name__ == "__main__":
    raise SystemExit(main())

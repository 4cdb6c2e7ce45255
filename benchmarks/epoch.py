"""Whole epochs of ``fit``: scratchnet and Keras, all overheads included.

    python -m benchmarks.epoch

Images as they are (uint8), divided by 255 in the model; one-hot labels; batches of 64;
shuffling, accuracy and validation on the test images included, as in the study.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import command, comparison, images, peers, plot
from benchmarks.harness.networks import SCALED_PIXELS, Case
from benchmarks.harness.peers import OWN, Peers
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import against_fastest, summary
from benchmarks.harness.tables import markdown
from benchmarks.harness.turns import interleaved

LIBRARIES = ("scratchnet", "keras", "keras_jit")

BATCH_SIZE = 64

# Of loss and accuracy on the test images before any training: means over all images,
# of which each is as exact as `peers.OUTPUT_TOLERANCE` says.
TOLERANCE = 1e-3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = comparison.parser(
        "epoch", __doc__, rounds=7, libraries=LIBRARIES, default="scratchnet,keras"
    )
    options = command.parse(parser, arguments)
    measure = partial(comparison.measure_models, measure=measure_model)
    command.run(options, measure, as_table, picture)
    return 0


def measure_model(
    case: Case, libraries: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Let everybody train the same model on the same images, epoch by epoch.

    In the first epoch a library compiles: that one is not counted.
    """
    with (
        tempfile.TemporaryDirectory() as name,
        Peers(libraries, options.threads) as several,
    ):
        folder = Path(name)
        source = images.write(case, folder, quick=options.quick)
        weights = peers.initial_weights(several, case)
        network = [SCALED_PIXELS, *case.network()]

        def untrained(worker: Worker) -> list[float]:
            worker.call("read_data", folder, case.classes)
            worker.call("build", "timed", case.image_shape, network, weights)
            worker.call("measure_accuracy", "timed")
            return worker.call("evaluate", "timed", 256)

        def epoch(worker: Worker) -> dict[str, Any]:
            return worker.call("fit", "timed", BATCH_SIZE)

        compare(several.each(untrained))
        first = several.each(epoch)

        def turn(worker: Worker) -> float:
            return epoch(worker)["seconds"]

        workers = several.workers
        times = interleaved(
            {name: partial(turn, worker) for name, worker in workers.items()},
            options.rounds,
        )
        scores = {n: w.call("evaluate", "timed", 256) for n, w in workers.items()}
    found = {
        "title": case.title,
        "data": source,
        "failures": several.failures,
        "libraries": {
            name: {
                "seconds_per_epoch": summary(seconds),
                "rounds": seconds,
                "first_epoch": first[name],
                "test_loss_and_accuracy": scores[name],
            }
            for name, seconds in times.items()
        },
        "against_fastest_peer": against_fastest(times, OWN),
    }
    say(f"  s per epoch: {' | '.join(_cells(found, libraries))}")
    return found


def compare(scores: Mapping[str, list[float]]) -> None:
    """Compare loss and accuracy of the untrained models on the test images.

    Raises:
        DisagreementError: they differ by more than rounding allows.
    """
    for name in scores:
        for theirs, ours in zip(scores[name], scores[OWN], strict=True):
            if not abs(theirs - ours) <= TOLERANCE * max(1, abs(ours)):
                raise peers.DisagreementError(
                    f"{name} and scratchnet disagree before training: loss and "
                    f"accuracy are {scores[name]} and {scores[OWN]}"
                )


def as_table(document: Document) -> str:
    """Return the result as a table in Markdown: medians in seconds."""
    libraries, cases = document["libraries"], document["cases"].values()
    header = ["s per epoch", *libraries, comparison.AGAINST, "images"]
    return markdown(
        header,
        [[case["title"], *_cells(case, libraries), case["data"]] for case in cases],
    )


def _cells(found: dict[str, Any], libraries: list[str]) -> list[str]:
    return comparison.cells(found, libraries, "seconds_per_epoch")


def picture(document: Document) -> Any:
    """Draw a bar per case and library."""
    figure, axes = plot.figure(width=11)
    cases = document["cases"].values()
    plot.bars(
        axes[0, 0],
        [case["title"] for case in cases],
        {
            name: [_interval(case["libraries"].get(name)) for case in cases]
            for name in document["libraries"]
        },
        title="one epoch of fit, validation included; whiskers: quartiles",
        label="seconds",
    )
    return figure


def _interval(entry: dict[str, Any] | None) -> plot.Interval | None:
    return None if entry is None else plot.interval(entry["seconds_per_epoch"])


if __name__ == "__main__":
    raise SystemExit(main())

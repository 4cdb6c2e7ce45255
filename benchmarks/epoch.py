"""Whole epochs of ``fit``: scratchnet and Keras, all overheads included.

    python -m benchmarks.epoch

Images as they are (uint8), divided by 255 in the model; one-hot labels; batches of 64;
shuffling, accuracy and validation on the test images included, as in the study.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import images, peers, plot, results
from benchmarks.harness.networks import CASES, SCALED_PIXELS, Case
from benchmarks.harness.processes import Worker, WorkerError
from benchmarks.harness.results import say
from benchmarks.harness.statistics import ratio_to_fastest, summary
from benchmarks.harness.turns import interleaved
from experiments.arguments import names, positive
from experiments.table import markdown

LIBRARIES = ("scratchnet", "keras", "keras_jit")

BATCH_SIZE = 64

# Of loss and accuracy on the test images before any training: means over all images,
# of which each is as exact as `peers.OUTPUT_TOLERANCE` says.
TOLERANCE = 1e-3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = results.parser(__doc__.splitlines()[0], rounds=7)
    parser.add_argument(
        "--models", type=names(tuple(CASES)), default="all", help=", ".join(CASES)
    )
    parser.add_argument(
        "--libraries",
        type=names(LIBRARIES),
        default="scratchnet,keras",
        help=", ".join(LIBRARIES),
    )
    parser.add_argument(
        "--epochs-per-round",
        type=positive,
        default=1,
        help="epochs in one call of fit",
    )
    options = results.parse(parser, arguments)
    if options.quick:
        options.rounds = min(options.rounds, 2)
    document = run(options)
    print(as_table(document))
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure case after case; what is done is written at once, beside earlier ones."""
    wanted = [peers.OWN, *(n for n in options.libraries if n != peers.OWN)]
    libraries, missing = peers.choose(wanted)
    document = results.document("epoch", options)
    document |= {"libraries": libraries, "missing": missing, "cases": {}}
    document["epochs_per_round"] = options.epochs_per_round
    alike = ("libraries", "epochs_per_round")
    cases = results.kept(results.earlier(options, document, alike=alike))
    for name in options.models:
        found = measure(CASES[name], libraries, options)
        cases[name] = results.measured(document, found)
        document["cases"] = {name: cases[name] for name in CASES if name in cases}
        path = results.write(options.out, document, picture(document))
    say(f"written: {path} and .png")
    return document


def measure(
    case: Case, libraries: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Let everybody train the same model on the same images, epoch by epoch."""
    say(f"{case.title}:")
    failures: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source = images.write(case, folder, quick=options.quick)
        workers = peers.start(stack, libraries, options.threads, failures)
        first = _prepare(workers, case, folder, failures)
        times = interleaved(
            {name: partial(_epochs, workers[name], options) for name in workers},
            options.rounds,
        )
        scores = {n: w.call("evaluate", "timed", 256) for n, w in workers.items()}
    others = {name: times[name] for name in times if name != peers.OWN}
    against = ratio_to_fastest(times[peers.OWN], others) if others else None
    found = {
        "title": case.title,
        "data": source,
        "failures": failures,
        "libraries": {
            name: {
                "seconds_per_epoch": summary(seconds),
                "rounds": seconds,
                "first_epoch": first[name],
                "test_loss_and_accuracy": scores[name],
            }
            for name, seconds in times.items()
        },
        "against_fastest_peer": against and {**against.as_dict(), "text": str(against)},
    }
    say(f"  {_line(found)}")
    return found


def _prepare(
    workers: dict[str, Worker], case: Case, folder: Path, failures: dict[str, str]
) -> dict[str, Any]:
    """Build the same model everywhere, check that, and train a first epoch.

    Returns:
        Library → what `FittingLibrary.fit` says of the first epoch, in which it
        compiles: it is not counted.

    Raises:
        DisagreementError: the untrained models differ.
    """
    weights = peers.initial_weights(workers[peers.OWN], case)
    network = [SCALED_PIXELS, *case.network()]
    scores: dict[str, list[float]] = {}
    first: dict[str, Any] = {}
    for name, worker in list(workers.items()):
        try:
            worker.call("read_data", folder, case.classes)
            worker.call("build", "timed", case.image_shape, network, weights)
            worker.call("measure_accuracy", "timed")
            scores[name] = worker.call("evaluate", "timed", 256)
            first[name] = worker.call("fit", "timed", 1, BATCH_SIZE)
        except WorkerError as error:
            peers.drop(workers, name, error, failures)
            continue
        for theirs, ours in zip(scores[name], scores[peers.OWN], strict=True):
            if not abs(theirs - ours) <= TOLERANCE * max(1, abs(ours)):
                raise peers.DisagreementError(
                    f"{name} and scratchnet disagree before training: loss and "
                    f"accuracy are {scores[name]} and {scores[peers.OWN]}"
                )
    return first


def _epochs(worker: Worker, options: argparse.Namespace) -> float:
    fitted = worker.call("fit", "timed", options.epochs_per_round, BATCH_SIZE)
    return fitted["seconds"]


def _line(found: dict[str, Any]) -> str:
    seconds = ", ".join(
        f"{name} {entry['seconds_per_epoch']['median']:.2f}"
        for name, entry in found["libraries"].items()
    )
    against = found["against_fastest_peer"]
    return f"{seconds} s per epoch{'; ' + against['text'] if against else ''}"


def as_table(document: dict[str, Any]) -> str:
    """Return the result as a table in Markdown: medians in seconds."""
    libraries = document["libraries"]
    header = [
        "s per epoch",
        *libraries,
        "faster than the fastest peer [95 %]",
        "images",
    ]
    rows = []
    for case in document["cases"].values():
        entries, against = case["libraries"], case["against_fastest_peer"]
        seconds = [
            f"{entries[name]['seconds_per_epoch']['median']:.2f}"
            if name in entries
            else "–"
            for name in libraries
        ]
        faster = against["text"] if against else "–"
        rows.append([case["title"], *seconds, faster, case["data"]])
    return markdown(header, rows)


def picture(document: dict[str, Any]) -> Any:
    """Draw a bar per case and library; whiskers are quartiles."""
    figure, axes = plot.figure(width=11)
    cases = document["cases"].values()
    plot.bars(
        axes[0, 0],
        [case["title"] for case in cases],
        {
            name: [_interval(case, name) for case in cases]
            for name in document["libraries"]
        },
        title="one epoch of fit, validation included; whiskers: quartiles",
        label="seconds",
    )
    return figure


def _interval(case: dict[str, Any], name: str) -> plot.Interval | None:
    entry = case["libraries"].get(name)
    return entry and plot.interval(entry["seconds_per_epoch"])


if __name__ == "__main__":
    raise SystemExit(main())

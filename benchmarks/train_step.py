"""Training steps and inference: scratchnet, Keras and PyTorch, side by side.

    python -m benchmarks.train_step

Six models, training with batches of 64 and inference with 64 and 256. No clock starts
before the libraries agree on outputs and losses; then they take turns.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import command, comparison, peers, plot
from benchmarks.harness.libraries import LIBRARIES, SGEMM
from benchmarks.harness.networks import Case, arithmetic
from benchmarks.harness.peers import OWN, Peers
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import against_fastest, summary
from benchmarks.harness.tables import markdown
from benchmarks.harness.turns import interleaved

# What is timed, and with which batch size.
ACTIVITIES = {
    "training_64": ("training", 64),
    "inference_64": ("inference", 64),
    "inference_256": ("inference", 256),
}

TRAINING_BATCHES = 8


# How much is run: images to infer, seconds of warm-up and of a turn for each activity
# of each library, rows and columns of sgemm's matrices.
FULL = (4096, 1.5, 0.25, 2048)
QUICK = (256, 0.0, 0.01, 256)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    names = tuple(LIBRARIES)
    parser = comparison.parser("train_step", __doc__, rounds=15, libraries=names)
    options = command.parse(parser, arguments)
    measure = partial(comparison.measure_models, measure=measure_model)
    command.run(options, measure, as_table, picture)
    return 0


def measure_model(
    case: Case, libraries: list[str], options: argparse.Namespace
) -> dict[str, Any]:
    """Check that the libraries agree on a model, then time every activity."""
    images, warm_up, turn, size = QUICK if options.quick else FULL
    with (
        Peers(libraries, options.threads) as several,
        Worker(SGEMM, threads=options.threads) as sgemm,
    ):
        weights = peers.initial_weights(several, case)
        checked = peers.cross_check(several, case, weights, 64)
        sgemm_flop = sgemm.call("measure", size)
        sgemm.call("warm_up", "sgemm", warm_up, turn)
        training = peers.random_images(case, 64 * TRAINING_BATCHES)
        x, _ = peers.random_images(case, images)

        def prepare(worker: Worker) -> dict[str, Any]:
            worker.call("build", "timed", case.image_shape, case.network(), weights)
            warm = {}
            for activity, (kind, batch_size) in ACTIVITIES.items():
                data = training if kind == "training" else (x,)
                worker.call(f"add_{kind}", activity, "timed", *data, batch_size)
                warm[activity] = worker.call("warm_up", activity, warm_up, turn)
            return warm

        warm = several.each(prepare)
        activities = {}
        for activity in ACTIVITIES:
            turns = {"sgemm": partial(sgemm.call, "turn", "sgemm")} | {
                name: partial(worker.call, "turn", activity)
                for name, worker in several.workers.items()
            }
            times = interleaved(turns, options.rounds)
            found = evaluate(case, activity, times, sgemm_flop)
            for name, entry in found["libraries"].items():
                entry["warm_up"] = warm[name][activity]
            activities[activity] = found
            say(f"  {activity}: {' | '.join(_cells(found, libraries))}")
    return {
        "title": case.title,
        "checked": {name: checked[name] for name in several.workers},
        "failures": several.failures,
        "activities": activities,
    }


def evaluate(
    case: Case, activity: str, times: dict[str, list[float]], sgemm_flop: float
) -> dict[str, Any]:
    """Turn the times of all rounds into what is reported."""
    kind, batch_size = ACTIVITIES[activity]
    flop = arithmetic(case.image_shape, case.network())[kind] * batch_size
    sgemm = [sgemm_flop / seconds for seconds in times.pop("sgemm")]
    return {
        "batch_size": batch_size,
        "flop_per_step": flop,
        "sgemm_flop_per_second": summary(sgemm),
        "libraries": {
            name: {
                "seconds_per_step": summary(seconds),
                "share_of_sgemm": flop / np.median(seconds) / np.median(sgemm),
                "rounds": seconds,
            }
            for name, seconds in times.items()
        },
        "against_fastest_peer": against_fastest(times, OWN),
    }


def as_table(document: Document) -> str:
    """Return the result as a table in Markdown: medians in ms per step."""
    libraries = document["libraries"]
    header = ["ms per step", *libraries, comparison.AGAINST, "share of sgemm"]
    rows = [
        [f"{case['title']}, {activity.replace('_', ' ')}", *_cells(found, libraries)]
        for case in document["cases"].values()
        for activity, found in case["activities"].items()
    ]
    return markdown(header, rows)


def _cells(found: dict[str, Any], libraries: list[str]) -> list[str]:
    share = found["libraries"][OWN]["share_of_sgemm"]
    times = comparison.cells(found, libraries, "seconds_per_step", 1e3)
    return [*times, f"{share:.0%}"]


def picture(document: Document) -> Any:
    """Draw a row of points per activity, in units of scratchnet's median."""
    title = f"time of a step: medians of {document['rounds']} rounds; "
    figure, axes = plot.figure(
        len(ACTIVITIES), width=11, height=3.2, title=f"{title}whiskers: quartiles"
    )
    cases = document["cases"].values()
    for (activity, (kind, batch_size)), (row,) in zip(
        ACTIVITIES.items(), axes, strict=True
    ):
        entries = [case["activities"][activity]["libraries"] for case in cases]
        plot.points(
            row,
            [case["title"] for case in cases],
            {
                library: [_relative(entry, library) for entry in entries]
                for library in document["libraries"]
            },
            title=f"{kind}, batch {batch_size}",
            label="time (scratchnet's median = 1)",
        )
        row.axhline(1, color="black", linewidth=0.8, zorder=0)
    return figure


def _relative(entries: dict[str, Any], library: str) -> plot.Interval | None:
    if library not in entries:
        return None
    own = entries[OWN]["seconds_per_step"]["median"]
    return plot.interval(entries[library]["seconds_per_step"], 1 / own)


if __name__ == "__main__":
    raise SystemExit(main())

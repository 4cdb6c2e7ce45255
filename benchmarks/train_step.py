"""Training steps and inference: scratchnet, Keras and PyTorch, side by side.

    python -m benchmarks.train_step

Six models, training with batches of 64 and inference with 64 and 256.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import peers, plot, results
from benchmarks.harness.libraries import LIBRARIES, SGEMM
from benchmarks.harness.networks import CASES, Case, arithmetic
from benchmarks.harness.processes import Worker, WorkerError
from benchmarks.harness.results import say
from benchmarks.harness.statistics import ratio_to_fastest, summary
from benchmarks.harness.turns import interleaved
from experiments.arguments import names
from experiments.table import markdown


@dataclass(frozen=True)
class Activity:
    """What is timed: training or inference, with a batch size."""

    kind: str
    batch_size: int

    @property
    def name(self) -> str:
        """What the JSON calls it, such as ``inference_256``."""
        return f"{self.kind}_{self.batch_size}"


@dataclass(frozen=True)
class Sizes:
    """How much is run.

    Attributes:
        images: to infer.
        warm_up: seconds, for each activity of each library.
        turn: seconds.
        sgemm: rows and columns of its matrices.
    """

    images: int = 4096
    warm_up: float = 1.5
    turn: float = 0.25
    sgemm: int = 2048


QUICK = Sizes(images=256, warm_up=0.0, turn=0.01, sgemm=256)

ACTIVITIES = (
    Activity("training", 64),
    Activity("inference", 64),
    Activity("inference", 256),
)

TRAINING_BATCHES = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = results.parser(__doc__.splitlines()[0], rounds=15)
    parser.add_argument(
        "--models", type=names(tuple(CASES)), default="all", help=", ".join(CASES)
    )
    parser.add_argument(
        "--libraries",
        type=names(tuple(LIBRARIES)),
        default="all",
        help=", ".join(LIBRARIES),
    )
    options = results.parse(parser, arguments)
    if options.quick:
        options.rounds = min(options.rounds, 2)
    document = run(options, QUICK if options.quick else Sizes())
    print(as_table(document))
    return 0


def run(options: argparse.Namespace, sizes: Sizes) -> dict[str, Any]:
    """Measure case after case; what is done is written at once, beside earlier ones."""
    wanted = [peers.OWN, *(n for n in options.libraries if n != peers.OWN)]
    libraries, missing = peers.choose(wanted)
    document = results.document("train_step", options)
    document |= {"libraries": libraries, "missing": missing, "cases": {}}
    cases = results.kept(results.earlier(options, document, alike=("libraries",)))
    for name in options.models:
        found = measure(CASES[name], libraries, options, sizes)
        cases[name] = results.measured(document, found)
        document["cases"] = {name: cases[name] for name in CASES if name in cases}
        path = results.write(options.out, document, picture(document))
    say(f"written: {path} and .png")
    return document


def measure(
    case: Case, libraries: list[str], options: argparse.Namespace, sizes: Sizes
) -> dict[str, Any]:
    """Check that the libraries agree on a case, then time every activity."""
    say(f"{case.title}:")
    if not any(kind == "Conv2D" for kind, _ in case.network()):
        # Without images between its layers, there is no other memory format.
        libraries = [name for name in libraries if name != "torch_channels_last"]
    failures: dict[str, str] = {}
    with ExitStack() as stack:
        workers = peers.start(stack, libraries, options.threads, failures)
        weights = peers.initial_weights(workers[peers.OWN], case)
        checked = peers.cross_check(workers, case, weights, 64, failures)
        sgemm = stack.enter_context(Worker(SGEMM, threads=options.threads))
        flop = sgemm.call("measure", sizes.sgemm)
        sgemm.call("warm_up", "sgemm", sizes.warm_up, sizes.turn)
        warm = _prepare(workers, case, weights, sizes, failures)
        activities = {}
        for activity in ACTIVITIES:
            turns = {
                "sgemm": partial(sgemm.call, "turn", "sgemm"),
                **{
                    name: partial(worker.call, "turn", activity.name)
                    for name, worker in workers.items()
                },
            }
            times = interleaved(turns, options.rounds)
            found = _evaluate(case, activity, times, flop)
            for name, entry in found["libraries"].items():
                entry["warm_up"] = warm[name][activity.name]
            activities[activity.name] = found
            say(f"  {activity.name}: {_line(found)}")
    return {
        "title": case.title,
        "checked": checked,
        "failures": failures,
        "activities": activities,
    }


def _prepare(
    workers: dict[str, Worker],
    case: Case,
    weights: list[np.ndarray],
    sizes: Sizes,
    failures: dict[str, str],
) -> dict[str, dict[str, Any]]:
    """Build the models that are timed, and warm them up, one library at a time."""
    training = peers.random_images(case, 64 * TRAINING_BATCHES)
    inference = peers.random_images(case, sizes.images)
    warm: dict[str, dict[str, Any]] = {}
    for name, worker in list(workers.items()):
        try:
            worker.call("build", "timed", case.image_shape, case.network(), weights)
            warm[name] = {}
            for activity in ACTIVITIES:
                where = activity.name, "timed"
                if activity.kind == "training":
                    data = training.x, training.labels
                    worker.call("add_training", *where, *data, activity.batch_size)
                else:
                    data_x = inference.x
                    worker.call("add_inference", *where, data_x, activity.batch_size)
                warm[name][activity.name] = worker.call(
                    "warm_up", activity.name, sizes.warm_up, sizes.turn
                )
        except WorkerError as error:
            peers.drop(workers, name, error, failures)
    return warm


def _evaluate(
    case: Case, activity: Activity, times: dict[str, list[float]], sgemm_flop: float
) -> dict[str, Any]:
    """Turn the times of all rounds into what is reported."""
    counted = arithmetic(case.image_shape, case.network())
    flop = getattr(counted, activity.kind) * activity.batch_size
    sgemm = [sgemm_flop / seconds for seconds in times["sgemm"]]
    libraries = {
        name: {
            "seconds_per_step": summary(seconds),
            "share_of_sgemm": flop / np.median(seconds) / np.median(sgemm),
            "rounds": seconds,
        }
        for name, seconds in times.items()
        if name != "sgemm"
    }
    others = {n: times[n] for n in libraries if n != peers.OWN}
    against = ratio_to_fastest(times[peers.OWN], others) if others else None
    return {
        "batch_size": activity.batch_size,
        "flop_per_step": flop,
        "sgemm_flop_per_second": summary(sgemm),
        "libraries": libraries,
        "against_fastest_peer": against and {**against.as_dict(), "text": str(against)},
    }


def _line(found: dict[str, Any]) -> str:
    milliseconds = ", ".join(
        f"{name} {entry['seconds_per_step']['median'] * 1e3:.2f}"
        for name, entry in found["libraries"].items()
    )
    share = found["libraries"][peers.OWN]["share_of_sgemm"]
    against = found["against_fastest_peer"]
    faster = f"; {against['text']}" if against else ""
    return f"{milliseconds} ms; {share:.0%} of sgemm{faster}"


def as_table(document: dict[str, Any]) -> str:
    """Return the result as a table in Markdown: medians in ms per step."""
    libraries = document["libraries"]
    header = [
        "ms per step",
        *libraries,
        "faster than the fastest peer [95 %]",
        "share of sgemm",
    ]
    rows = []
    for case in document["cases"].values():
        for name, found in case["activities"].items():
            entries = found["libraries"]
            against = found["against_fastest_peer"]
            rows.append(
                [
                    f"{case['title']}, {name.replace('_', ' ')}",
                    *(_milliseconds(entries.get(library)) for library in libraries),
                    against["text"] if against else "–",
                    f"{entries[peers.OWN]['share_of_sgemm']:.0%}",
                ]
            )
    return markdown(header, rows)


def _milliseconds(entry: dict[str, Any] | None) -> str:
    return "–" if entry is None else f"{entry['seconds_per_step']['median'] * 1e3:.2f}"


def picture(document: dict[str, Any]) -> Any:
    """Draw a row of points per activity, in units of scratchnet's median."""
    figure, axes = plot.figure(
        *(len(ACTIVITIES), 1),
        width=11,
        height=3.2,
        title=f"time of a step: medians of {document['rounds']} rounds; "
        "whiskers: quartiles",
    )
    cases = document["cases"].values()
    for activity, (row,) in zip(ACTIVITIES, axes, strict=True):
        entries = [case["activities"][activity.name]["libraries"] for case in cases]
        plot.points(
            row,
            [case["title"] for case in cases],
            {
                library: [_relative(entry, library) for entry in entries]
                for library in document["libraries"]
            },
            title=f"{activity.kind}, batch {activity.batch_size}",
            label="time (scratchnet's median = 1)",
        )
        row.axhline(1, color="black", linewidth=0.8, zorder=0)
    return figure


def _relative(entries: dict[str, Any], library: str) -> plot.Interval | None:
    if library not in entries:
        return None
    own = entries[peers.OWN]["seconds_per_step"]["median"]
    return plot.interval(entries[library]["seconds_per_step"], 1 / own)


if __name__ == "__main__":
    raise SystemExit(main())

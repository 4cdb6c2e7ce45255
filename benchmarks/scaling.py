"""How the cost of a training step grows with batch, images, channels and threads.

python -m benchmarks.scaling
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import machine, plot, results
from benchmarks.harness.libraries import LIBRARIES
from benchmarks.harness.networks import CASES, Case, ImageShape, Network, arithmetic
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import say
from benchmarks.harness.statistics import summary
from benchmarks.harness.turns import interleaved
from experiments.table import markdown

CLASSES = 100

BATCH_SIZE = 64

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
IMAGE_SIZES = (16, 20, 24, 28, 32, 40, 48, 64)
# Powers of two, and numbers that leave a tile's last vector partly empty.
CHANNELS = (1, 3, 8, 10, 16, 24, 31, 32, 33, 48, 64, 100, 128)

QUICK_SIZES = {"batch size": (1, 4), "image size": (10, 12), "channels": (1, 3)}


@dataclass(frozen=True)
class Point:
    """One training step to measure.

    Attributes:
        x: where it stands on the horizontal axis.
        image_shape: of one image.
        network: the model.
        batch_size: images per step.
        threads: number of threads.
    """

    x: int
    image_shape: ImageShape
    network: Network
    batch_size: int
    threads: int

    @property
    def flop(self) -> int:
        """Arithmetic of one step."""
        return arithmetic(self.image_shape, self.network).training * self.batch_size


@dataclass(frozen=True)
class Sweep:
    """Points along one axis."""

    name: str
    what: str
    points: list[Point]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = results.parser(__doc__.splitlines()[0], rounds=15)
    options = results.parse(parser, arguments)
    if options.quick:
        options.rounds = min(options.rounds, 2)
    document = run(options)
    print(as_table(document))
    return 0


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure sweep after sweep; what is done is written at once."""
    document = results.document("scaling", options)
    document["sweeps"] = results.kept(results.earlier(options, document), "sweeps")
    for sweep in sweeps(options.threads, quick=options.quick):
        say(f"{sweep.name}:")
        found = measure(sweep, options)
        document["sweeps"][sweep.name] = results.measured(document, found)
        path = results.write(options.out, document, picture(document))
    say(f"written: {path} and .png")
    return document


def sweeps(threads: int, *, quick: bool) -> list[Sweep]:
    """Return the sweeps over batch size, image size, channels and threads."""
    sizes = (
        QUICK_SIZES
        if quick
        else {
            "batch size": BATCH_SIZES,
            "image size": IMAGE_SIZES,
            "channels": CHANNELS,
        }
    )
    image = (10, 10, 3) if quick else (32, 32, 3)
    batch_size = 4 if quick else BATCH_SIZE
    basic, size = _basic_cnn(image), "×".join(map(str, image))
    return [
        Sweep(
            "batch size",
            f"Basic CNN, {size}",
            [Point(n, image, basic, n, threads) for n in sizes["batch size"]],
        ),
        Sweep(
            "image size",
            f"Basic CNN, n×n×3, batch {batch_size}",
            [
                Point(n, (n, n, 3), _basic_cnn((n, n, 3)), batch_size, threads)
                for n in sizes["image size"]
            ],
        ),
        Sweep(
            "channels",
            f"three 3×3 convolutions of n channels, 16×16×n, batch {batch_size}",
            [
                Point(n, (16, 16, n), _convolutions(n), batch_size, threads)
                for n in sizes["channels"]
            ],
        ),
        Sweep(
            "threads",
            f"Basic CNN, {size}, batch {batch_size}",
            [
                Point(n, image, basic, batch_size, n)
                for n in range(1, machine.cores() + 1)
            ],
        ),
    ]


def _basic_cnn(image_shape: ImageShape) -> Network:
    return Case(
        CASES["cifar100_basic_cnn"].dataset, "basic_cnn", image_shape, CLASSES
    ).network()


def _convolutions(channels: int) -> Network:
    convolution = {"filters": channels, "kernel_size": (3, 3), "activation": "relu"}
    return [
        *[("Conv2D", convolution)] * 3,
        ("Flatten", {}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    ]


def measure(sweep: Sweep, options: argparse.Namespace) -> dict[str, Any]:
    """Time all points of a sweep in turn; one worker per number of threads."""
    warm_up, turn = (0.0, 0.01) if options.quick else (0.5, 0.2)
    with ExitStack() as stack:
        workers = {
            threads: stack.enter_context(
                Worker(LIBRARIES["scratchnet"], threads=threads)
            )
            for threads in sorted({point.threads for point in sweep.points})
        }
        turns = {}
        for point in sweep.points:
            worker, name = workers[point.threads], str(point.x)
            x, labels = _samples(point)
            worker.call("build", name, point.image_shape, point.network)
            worker.call("add_training", name, name, x, labels, point.batch_size)
            worker.call("warm_up", name, warm_up, turn)
            turns[name] = partial(worker.call, "turn", name)
        times = interleaved(turns, options.rounds)
    found = []
    for point in sweep.points:
        seconds = times[str(point.x)]
        median = float(np.median(seconds))
        found.append(
            {
                "x": point.x,
                "batch_size": point.batch_size,
                "threads": point.threads,
                "seconds_per_step": summary(seconds),
                "flop_per_step": point.flop,
                "gflops": point.flop / median / 1e9,
            }
        )
        say(f"  {point.x}: {median * 1e3:.2f} ms, {found[-1]['gflops']:.0f} GFLOP/s")
    return {"what": sweep.what, "points": found}


def _samples(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Return two batches of made-up images; classes below 10 suit all models."""
    rng, count = np.random.default_rng(0), 2 * point.batch_size
    x = rng.random((count, *point.image_shape), dtype=np.float32)
    return x, rng.integers(10, size=count)


def as_table(document: dict[str, Any]) -> str:
    """Return the result as tables in Markdown, one per sweep."""
    tables = []
    for name, sweep in document["sweeps"].items():
        rows = []
        for point in sweep["points"]:
            seconds = point["seconds_per_step"]
            milliseconds = plot.interval(seconds, 1e3)
            rows.append(
                [
                    str(point["x"]),
                    _with_quartiles(milliseconds, ".2f"),
                    f"{seconds['median'] / point['batch_size'] * 1e6:.0f}",
                    _with_quartiles(_gflops(point), ".1f"),
                ]
            )
        header = [
            name,
            "ms per step [quartiles]",
            "µs per image",
            "GFLOP/s [quartiles]",
        ]
        tables.append(f"{sweep['what']}:\n\n{markdown(header, rows)}")
    return "\n\n".join(tables)


def _with_quartiles(interval: plot.Interval, form: str) -> str:
    median, lower, upper = (format(value, form) for value in interval)
    return f"{median} [{lower}, {upper}]"


def _gflops(point: dict[str, Any]) -> plot.Interval:
    return plot.speed(point["seconds_per_step"], point["flop_per_step"] / 1e9)


def picture(document: dict[str, Any]) -> Any:
    """Draw GFLOP/s over each swept quantity: a flat line is cost that grows with it."""
    figure, axes = plot.figure(
        *(2, 2),
        width=6,
        title=f"a training step: medians of {document['rounds']} rounds; "
        "whiskers: quartiles",
    )
    for panel, (name, sweep) in zip(
        axes.flat, document["sweeps"].items(), strict=False
    ):
        points = sweep["points"]
        plot.line(
            panel,
            [point["x"] for point in points],
            [_gflops(point) for point in points],
            title=sweep["what"],
            x_label=name,
            label="GFLOP/s",
            logarithmic=name in ("batch size", "channels"),
        )
    for panel in axes.flat[len(document["sweeps"]) :]:
        panel.set_axis_off()
    return figure


if __name__ == "__main__":
    raise SystemExit(main())

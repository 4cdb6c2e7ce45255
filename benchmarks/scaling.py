"""How the cost of a training step grows with batch, images, channels and threads.

python -m benchmarks.scaling
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import command, machine, plot, results
from benchmarks.harness.libraries import target
from benchmarks.harness.networks import CASES, ImageShape, Network, arithmetic
from benchmarks.harness.processes import Worker
from benchmarks.harness.results import Document, say
from benchmarks.harness.statistics import summary
from benchmarks.harness.tables import markdown
from benchmarks.harness.turns import interleaved

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
IMAGE_SIZES = (16, 20, 24, 28, 32, 40, 48, 64)
# Powers of two, and numbers that leave a tile's last vector partly empty.
CHANNELS = (1, 3, 8, 10, 16, 24, 31, 32, 33, 48, 64, 100, 128)


Point = tuple[ImageShape, Network, int, int]
"""One training step to measure: the model, the batch size, the number of threads."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = command.parser("scaling", __doc__, rounds=15)
    command.run(command.parse(parser, arguments), measure, as_table, picture)
    return 0


def measure(options: argparse.Namespace) -> Iterator[Document]:
    """Measure sweep after sweep."""
    document, earlier = results.begin(options)
    document["sweeps"] = earlier.get("sweeps", {})
    for name, (what, points) in sweeps(options.threads, quick=options.quick).items():
        say(f"{name}:")
        found = {"what": what, "points": measure_points(points, options)}
        document["sweeps"][name] = results.dated(document, found)
        yield document


def sweeps(threads: int, *, quick: bool) -> dict[str, tuple[str, dict[int, Point]]]:
    """Return name → (what is measured, its points by their place on the axis)."""
    batch, side = (4, 10) if quick else (64, 32)
    batches, sides, channels = (
        ((1, 4), (10, 12), (1, 3)) if quick else (BATCH_SIZES, IMAGE_SIZES, CHANNELS)
    )
    basic, size = _basic_cnn(side), f"{side}×{side}×3"
    return {
        "batch size": (
            f"Basic CNN, {size}",
            {n: (*basic, n, threads) for n in batches},
        ),
        "image size": (
            f"Basic CNN, n×n×3, batch {batch}",
            {n: (*_basic_cnn(n), batch, threads) for n in sides},
        ),
        "channels": (
            f"three 3×3 convolutions of n channels, 16×16×n, batch {batch}",
            {n: (*_convolutions(n), batch, threads) for n in channels},
        ),
        "threads": (
            f"Basic CNN, {size}, batch {batch}",
            {n: (*basic, batch, n) for n in range(1, machine.cores() + 1)},
        ),
    }


def _basic_cnn(side: int) -> tuple[ImageShape, Network]:
    case = replace(CASES["cifar100_basic_cnn"], image_shape=(side, side, 3))
    return case.image_shape, case.network()


def _convolutions(channels: int) -> tuple[ImageShape, Network]:
    convolution = {"filters": channels, "kernel_size": (3, 3), "activation": "relu"}
    return (16, 16, channels), [
        *[("Conv2D", convolution)] * 3,
        ("Flatten", {}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    ]


def measure_points(
    points: dict[int, Point], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Time all points of a sweep in turn; one worker per number of threads."""
    warm_up, turn = (0.0, 0.01) if options.quick else (0.5, 0.2)
    with ExitStack() as stack:
        workers: dict[int, Worker] = {}
        turns = {}
        for n, (image_shape, network, batch_size, threads) in points.items():
            if threads not in workers:
                made = Worker(target("scratchnet"), threads=threads)
                workers[threads] = stack.enter_context(made)
            worker, name = workers[threads], str(n)
            rng, count = np.random.default_rng(0), 2 * batch_size
            x = rng.random((count, *image_shape), dtype=np.float32)
            labels = rng.integers(10, size=count)  # classes of all models
            worker.call("build", name, image_shape, network)
            worker.call("add_training", name, name, x, labels, batch_size)
            worker.call("warm_up", name, warm_up, turn)
            turns[name] = partial(worker.call, "turn", name)
        times = interleaved(turns, options.rounds)
    found = []
    for n, (image_shape, network, batch_size, threads) in points.items():
        seconds = summary(times[str(n)])
        flop = arithmetic(image_shape, network)["training"] * batch_size
        gflops = flop / seconds["median"] / 1e9
        say(f"  {n}: {seconds['median'] * 1e3:.2f} ms, {gflops:.0f} GFLOP/s")
        found.append(
            {
                **{"x": n, "batch_size": batch_size, "threads": threads},
                **{"seconds_per_step": seconds, "flop_per_step": flop},
                "gflops": gflops,
            }
        )
    return found


def as_table(document: Document) -> str:
    """Return the result as tables in Markdown, one per sweep."""
    columns = ["ms per step [quartiles]", "µs per image", "GFLOP/s [quartiles]"]
    tables = []
    for name, sweep in document["sweeps"].items():
        rows = []
        for point in sweep["points"]:
            seconds = point["seconds_per_step"]
            ms = "{:.2f} [{:.2f}, {:.2f}]".format(*plot.interval(seconds, 1e3))
            gflops = "{:.1f} [{:.1f}, {:.1f}]".format(*_gflops(point))
            per_image = f"{seconds['median'] / point['batch_size'] * 1e6:.0f}"
            rows.append([str(point["x"]), ms, per_image, gflops])
        tables.append(f"{sweep['what']}:\n\n{markdown([name, *columns], rows)}")
    return "\n\n".join(tables)


def _gflops(point: dict[str, Any]) -> plot.Interval:
    return plot.speed(point["seconds_per_step"], point["flop_per_step"] / 1e9)


def picture(document: Document) -> Any:
    """Draw GFLOP/s over each swept quantity: equal bars are cost that grows with it."""
    title = f"a training step: medians of {document['rounds']} rounds; "
    figure, axes = plot.figure(2, 2, width=6, title=f"{title}whiskers: quartiles")
    for panel in axes.flat[len(document["sweeps"]) :]:
        panel.set_axis_off()
    for panel, (name, sweep) in zip(
        axes.flat, document["sweeps"].items(), strict=False
    ):
        points = sweep["points"]
        plot.bars(
            panel,
            [str(point["x"]) for point in points],
            {"scratchnet": [_gflops(point) for point in points]},
            title=sweep["what"],
            label="GFLOP/s",
        )
        panel.set_xlabel(name)
    return figure


if __name__ == "__main__":
    raise SystemExit(main())

"""``scratchnet plan``: what a model runs, as a table."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command to ``scratchnet``'s."""
    parser = subparsers.add_parser(
        "plan",
        help="print what a run's model runs, operation by operation",
        description=(
            "Print the program that a run's model is: each operation, the places it "
            "reads, the shape of its output, the rung of the ladder that runs it, the "
            "bytes of its output for one sample, and the layers whose work it does."
        ),
    )
    parser.add_argument("run_folder", metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--inference",
        action="store_true",
        help="what `predict` runs, instead of a training step",
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="the layers as they are written, without any rule",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the table.

    Raises:
        CheckpointError: the run can't be read.
    """
    from scratchnet.runs.run import Run

    model = Run.open(arguments.run_folder).model()
    if not arguments.inference:
        model.compile(
            "adam", "sparse_categorical_crossentropy", run_eagerly=arguments.plain
        )
    print(model.plan())
    return 0

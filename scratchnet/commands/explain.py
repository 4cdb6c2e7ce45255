"""``scratchnet explain``: the arithmetic behind one number of a trained model."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from scratchnet.commands import integer
from scratchnet.foundation.errors import CheckpointError
from scratchnet.kernels import ladder


def add_parser(subparsers: Any) -> None:
    """Add the command to ``scratchnet``'s."""
    parser = subparsers.add_parser(
        "explain",
        help="print the arithmetic behind one number of a trained model",
        description=(
            "Work one element of a layer's output out again for an image of the run's "
            "test set: which inputs met which weights, the products, their sum, the "
            "bias, the activation; or, with --gradient, one element of a gradient, up "
            "to the loss. Every result is compared with what the kernel computed."
        ),
    )
    parser.add_argument("run_folder", metavar="RUN", help="folder of a finished run")
    parser.add_argument(
        "layer",
        metavar="LAYER",
        nargs="?",
        help="its name, or path such as block/conv; without it: what there is",
    )
    parser.add_argument(
        "--element",
        type=index,
        metavar="I,J,K",
        help="which element of the output, or of the gradient (default: the largest)",
    )
    parser.add_argument(
        "--gradient",
        metavar="OF",
        help="explain the gradient of a parameter, such as kernel, or of the input, x",
    )
    parser.add_argument(
        "--sample",
        type=integer(0),
        default=0,
        help="number of the test image (default: 0)",
    )
    parser.add_argument(
        "--training",
        type=integer(0),
        metavar="N",
        help="run as in training, on a batch of N images from the sample on",
    )
    parser.add_argument(
        "--rows",
        type=integer(0),
        default=12,
        help="how many numbers of a long sum to show (default: 12)",
    )
    parser.add_argument(
        "--weights", choices=("best", "last"), default="best", help="default: best"
    )
    parser.add_argument(
        "--rung",
        choices=ladder.RUNGS,
        help="the kernels to compute with (default: the ones that training runs on)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation.

    Returns:
        0 where all numbers agree with the kernels', 1 where one does not, 2 for a
        layer or an element that does not exist.

    Raises:
        CheckpointError: the run can't be read.
        DatasetError: its data set can't be loaded.
    """
    from scratchnet.runs.run import Run

    try:
        opened = Run.open(arguments.run_folder)
        model = opened.model(arguments.weights)
        if arguments.layer is None:
            model.summary()
            return 0
        with ladder.rung(arguments.rung or ladder.get_rung()):
            explanation = _explain(opened, model, arguments)
    except CheckpointError:
        raise
    except ValueError as error:
        print(f"scratchnet explain: {error}", file=sys.stderr)
        return 2
    print(explanation)
    return 0 if explanation.agrees else 1


def _explain(opened: Any, model: Any, arguments: argparse.Namespace) -> Any:
    from scratchnet.explain import explain, explain_gradient
    from scratchnet.runs.images import load_images

    x, labels = load_images(opened, arguments.sample, arguments.training or 1)
    settings = {"training": arguments.training is not None, "rows": arguments.rows}
    layer, of, element = arguments.layer, arguments.gradient, arguments.element
    if of is None:
        return explain(model, x, layer, element, **settings)
    return explain_gradient(model, x, labels, layer, of, element, **settings)


def index(text: str) -> tuple[int, ...]:
    """Return an element's index from the command line.

    Raises:
        argparse.ArgumentTypeError: it is not a list of integers.

    >>> index("5,7,3")
    (5, 7, 3)
    """
    parts = text.strip("[]()").replace(" ", "").split(",")
    if not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(
            f"expected integers from 0, with commas between them, received {text!r}"
        )
    return tuple(int(part) for part in parts)

"""``scratchnet inspect``: figures of what is inside a trained network."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scratchnet.foundation.errors import CheckpointError

# Enough for histograms, and done in seconds.
SAMPLES = 256


def add_parser(subparsers: Any) -> None:
    """Add the command to ``scratchnet``'s."""
    parser = subparsers.add_parser(
        "inspect",
        help="draw a trained network's filters, feature maps, activations and saliency",
        description=(
            "Draw what is inside a trained network, for an image of the run's test "
            "set: filters.png, feature_maps.png, saliency.png, and activations.png "
            f"for the first {SAMPLES} images."
        ),
    )
    parser.add_argument("run_folder", metavar="RUN", help="folder of a finished run")
    parser.add_argument(
        "--sample", type=int, default=0, help="number of the test image (default: 0)"
    )
    parser.add_argument(
        "--weights", choices=("best", "last"), default="best", help="default: best"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", help="where the figures go (default: RUN/inside)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Draw the figures and print their paths.

    Returns:
        0, 1 where a figure can't be written, 2 for an image that is not there.

    Raises:
        CheckpointError: the run can't be read.
        DatasetError: its data set can't be loaded.
    """
    folder = Path(arguments.out or Path(arguments.run_folder, "inside"))
    try:
        for name, figure in _figures(arguments):
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(folder / name, dpi=150)
            print(folder / name)
    except CheckpointError:
        raise
    except (OSError, ValueError) as error:
        print(f"scratchnet inspect: {error}", file=sys.stderr)
        return 1 if isinstance(error, OSError) else 2
    return 0


def _figures(arguments: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    from scratchnet import inspection
    from scratchnet.runs.images import load_images
    from scratchnet.runs.run import Run

    opened = Run.open(arguments.run_folder)
    model = opened.model(arguments.weights)
    image, _ = load_images(opened, arguments.sample)
    many, _ = load_images(opened, 0, SAMPLES)
    yield "filters.png", inspection.plot_filters(model)
    yield "feature_maps.png", inspection.plot_feature_maps(model, image)
    statistics = inspection.activation_statistics(model, many)
    yield "activations.png", inspection.plot_activations(statistics)
    names = opened.record.get("class_names")
    yield "saliency.png", inspection.plot_saliency(model, image, class_names=names)

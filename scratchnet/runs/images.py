"""The images that a run was tested on."""

from __future__ import annotations

import numpy as np

from scratchnet import datasets
from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.run import Run


def load_images(run: Run, start: int, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Load images of a run's test set, as its model takes them, and their labels.

    Args:
        run: whose ``run.json`` names the data set.
        start: number of the first image.
        count: how many; fewer come where the set ends.

    Shapes:
        images: (count, H, W, C) uint8; labels: (count,)

    Raises:
        ValueError: there is no such image.
        CheckpointError: ``run.json`` names no data set of scratchnet's.
        DatasetError: the data can't be loaded.
    """
    try:
        dataset = datasets.get(run.record["dataset"]["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{run.path('run.json')}: names no data set of scratchnet's; call the "
            "function with images of your own instead"
        ) from error
    _, (x, y) = dataset.load_data()
    if not 0 <= start < len(x) or count < 1:
        raise ValueError(
            f"{dataset.title}: expected a test image from 0 to {len(x) - 1} and at "
            f"least one of them, received {count} from {start} on"
        )
    part = slice(start, start + count)
    return x[part].reshape(-1, *dataset.image_shape), y[part].reshape(-1)

"""A folder of small pictures, with what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def write(root: Path, counts: dict[str, int], size: tuple[int, int] = (5, 7)) -> None:
    """Write PNG files: picture i of class c is 10·i + c throughout."""
    for number, (name, count) in enumerate(counts.items()):
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = np.full((*size, 3), 10 * i + number, np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")

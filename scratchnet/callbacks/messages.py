"""Lines that callbacks print."""

from __future__ import annotations

import sys

from tqdm import tqdm


def say(text: str) -> None:
    """Print a line to standard output, above a progress bar if one is on screen."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()

"""Warnings that point at the user's line, however deep they are given."""

from __future__ import annotations

import sys
import warnings


def warn(message: str) -> None:
    """Warn, as if from the line that called scratchnet."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].startswith("scratchnet."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)

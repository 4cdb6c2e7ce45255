"""Where the parts of a figure are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib

from experiments.report import look


def laid_out(draw: Callable[[], Any]) -> Any:
    """Return a figure whose parts have the places that they have in its file."""
    with matplotlib.rc_context(look.settings()):
        made = draw()
        made.dpi = look.DOTS_PER_INCH
        made.draw_without_rendering()
    return made

"""The look of all figures, and the way from a figure to a PNG file."""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Callable
from typing import Any

# Paul Tol's "bright" scheme: told apart by the colour-blind, and on either background.
SERIES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377")

DOTS_PER_INCH = 120


PAPER, INK, FAINT = "#ffffff", "#1f2328", "#d1d9e0"
RIGHT, WRONG = "#1a7f37", "#cf222e"

# From none to all, in a heat map.
HEAT = ("#ffffff", "#9ecae1", "#3182bd", "#08306b")


def settings() -> Any:
    """Return Matplotlib's settings for all figures."""
    return {
        "axes.edgecolor": FAINT,
        "axes.facecolor": PAPER,
        "axes.grid": False,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 11,
        "figure.facecolor": PAPER,
        "font.family": "sans-serif",
        "font.size": 10,
        "grid.color": FAINT,
        "legend.frameon": False,
        "savefig.facecolor": PAPER,
        "text.color": INK,
        # A class may be called "$5": that is not mathematics.
        "text.parse_math": False,
        "xtick.color": INK,
        "ytick.color": INK,
    }


def colour_map() -> Any:
    """Return the map from 0 … 1 to the colours of a heat map."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("heat", HEAT)


def ink_on(colour: Any) -> str:
    """Return black or white, whichever can be read better on a colour.

    The luminance is that of sRGB. At 0.179 black and white have the same contrast.

    Reference: W3C, "Web Content Accessibility Guidelines 2.1", relative luminance.

    >>> ink_on("#08306b"), ink_on("#ccbb44")
    ('#ffffff', '#000000')
    """
    from matplotlib.colors import to_rgb

    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if luminance > 0.179 else "#ffffff"


def figure(width: float, height: float, rows: int = 1, columns: int = 1) -> Any:
    """Return an empty figure, of a size in inches, and its axes in a flat list.

    It belongs to nobody but the caller: pyplot would keep it for the whole process.
    """
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    return made, list(made.subplots(rows, columns, squeeze=False).flat)


def png(draw: Callable[[], Any]) -> bytes:
    """Return the Matplotlib figure that ``draw`` makes as a PNG file."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context(settings()), warnings.catch_warnings():
        # A class name in a script that the font lacks is drawn as boxes. The page
        # has it as text.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        draw().savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def counted(number: int, noun: str) -> str:
    """Return how many there are of something.

    >>> counted(1, "run"), counted(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def readable(name: str, longest: int = 22) -> str:
    """Return a name as a person would write it, on one line and not too long.

    >>> readable("aquarium_fish")
    'aquarium fish'
    >>> readable("supercalifragilisticexpialidocious", 12)
    'supercalifr…'
    """
    plain = "".join(
        character if unicodedata.category(character)[0] != "C" else " "
        for character in name.replace("_", " ")
    )
    words = " ".join(plain.split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"

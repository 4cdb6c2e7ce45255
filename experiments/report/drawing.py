"""A figure of a report: what it is called, what it says, and how it is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from experiments.report.look import png
from experiments.report.tiles import Tile
from scratchnet.runs.run import DRAWN, drawn_figures
from scratchnet.saving import atomic_write

Kind = Literal["fitting", "wide", "dense", "samples", "predictions", "mistakes", "top"]


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes:
        name: of the file, without ``.png``.
        title: what it shows, in a few words.
        caption: how to read it, in a sentence or two.
        draw: returns the Matplotlib figure.
        kind: ``"fitting"`` figures are made as small as a narrow page is; ``"wide"``
            and, with smaller writing, ``"dense"`` ones are scrolled sideways there.
            The others are made of images, of which a page has a gallery.
        tiles: those images.
        png: the file, once it was drawn.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Any]
    kind: Kind = "fitting"
    tiles: Sequence[Tile] = ()
    png: bytes = b""


def draw_all(drawings: Iterable[Drawing], folder: Path) -> dict[str, Drawing]:
    """Draw figures and write them to a folder.

    Args:
        drawings: with names of their own.
        folder: is made if need be. Figures that were drawn there the last time are
            removed, as they show what is no longer there; files of the user's own stay.

    Returns:
        The figures by name, in the same order, with their files.

    Raises:
        CheckpointError: a file can't be written.
        OSError: the folder can't be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for drawing in drawings:
        drawn[drawing.name] = replace(drawing, png=png(drawing.draw))
        with atomic_write(folder / f"{drawing.name}.png") as file:
            file.write(drawn[drawing.name].png)
    for path in drawn_figures(folder):
        if path.stem not in drawn:
            path.unlink()
    with atomic_write(folder / DRAWN, text=True) as file:
        json.dump([f"{name}.png" for name in drawn], file, indent=1)
        file.write("\n")
    return drawn

"""A figure of a report: what it is called, what it says, and how it is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from experiments.report.look import png
from experiments.report.markup import Html, data_url, element
from scratchnet.runs.run import DRAWN, drawn_figures
from scratchnet.saving import atomic_write


@dataclass(frozen=True)
class Drawing:
    """A figure that is still to be drawn.

    Attributes:
        name: of the file, without ``.png``.
        title: what it shows, in a few words.
        caption: how to read it, in a sentence or two.
        draw: returns the Matplotlib figure.
        size: ``"fitting"`` figures are made as small as a narrow page is; ``"wide"``
            and, with smaller writing, ``"dense"`` ones are scrolled sideways there.
        gallery: the same as HTML, for figures made of images: there, the text is text,
            and the rows are as long as the page is wide.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[], Any]
    size: Literal["fitting", "wide", "dense"] = "fitting"
    gallery: Html | None = None


@dataclass(frozen=True)
class Drawn:
    """A figure and its PNG file."""

    drawing: Drawing
    file: bytes

    def figure(self, *, prefix: str = "") -> Html:
        """Return it for a page, which needs no other file.

        Args:
            prefix: for readers who hear the page: whose figure it is.
        """
        shown = self.drawing.gallery
        if shown is None:
            shown = element(
                "img",
                src=data_url(self.file),
                alt=f"{prefix}{self.drawing.title}",
                class_=f"drawn {self.drawing.size}",
            )
        if self.drawing.size != "fitting":
            shown = element("div", shown, class_="scroll", tabindex="0")
        return element("figure", shown, element("figcaption", self.drawing.caption))


def draw_all(drawings: Iterable[Drawing], folder: Path) -> dict[str, Drawn]:
    """Draw figures and write them to a folder.

    Args:
        drawings: with names of their own.
        folder: is made if need be. Figures that were drawn there the last time are
            removed, as they show what is no longer there; files of the user's own stay.

    Returns:
        The figures by name, in the same order.

    Raises:
        CheckpointError: a file can't be written.
        OSError: the folder can't be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for drawing in drawings:
        made = Drawn(drawing, png(drawing.draw))
        with atomic_write(folder / f"{drawing.name}.png") as file:
            file.write(made.file)
        drawn[drawing.name] = made
    for path in drawn_figures(folder):
        if path.stem not in drawn:
            path.unlink()
    with atomic_write(folder / DRAWN, text=True) as file:
        json.dump([f"{name}.png" for name in drawn], file, indent=1)
        file.write("\n")
    return drawn

"""A model as a drawing: its layers as boxes, what they read as arrows.

The layout is that of layered graphs: a box stands one row behind the last of those that
it reads; an arrow that skips rows takes a place in each of them; rows are ordered so
that few arrows cross, and moved so that arrows run straight.

Reference: K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual Understanding of
Hierarchical System Structures" (1981); `keras/src/utils/model_visualization.py` on what
the boxes say.
"""

from __future__ import annotations

import itertools
import os
import warnings
from dataclasses import dataclass, field
from typing import Any

from scratchnet.foundation.arguments import choice, positive

# In inches: between rows, between boxes of a row, around text, around all, around the
# layers of a model within the model.
ROW_GAP, GAP, PADDING, MARGIN, FRAME = 0.45, 0.35, 0.11, 0.15, 0.18
HEAD, BODY = 12, 10  # points
SWEEPS = 8
SPLINES = ("ortho", "line", "polyline", "curved", "spline")
MOST_PIXELS = 2**16 - 1  # what Matplotlib can draw, either way

Cell = tuple[str, str, str]  # text, colour of the ground, colour of the text


@dataclass(eq=False)
class Box:
    """A layer, or a place where an arrow passes a row (then it has no cells)."""

    rows: list[list[Cell]] = field(default_factory=list)
    reads: list[Box] = field(default_factory=list)
    row: int = 0
    across: float = 0.0  # its middle, along the row
    along: float = 0.0  # its middle, in the direction of the arrows
    size: tuple[float, float] = (0.0, 0.0)  # width and height
    thickness: float = 0.0  # of the row
    clusters: tuple[str, ...] = ()


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> Any:
    """Draw a model into a file; neither Graphviz nor pydot is needed.

    Args:
        model: one that is built.
        to_file: its ending says which format, of those that Matplotlib can write.
        show_shapes: whether to write the shapes that a layer takes and gives.
        show_dtype: whether to write what the numbers are.
        show_layer_names: whether names stand beside the classes.
        rankdir: where the arrows point: "TB" downwards, "LR" to the right, "BT", "RL".
        expand_nested: whether a model within the model is drawn layer by layer.
        dpi: dots per inch.
        show_layer_activations: whether to write which activation a layer ends in.
        show_trainable: whether to write which layers learn.
        splines: how arrows turn: "ortho" at right angles, "line" and "polyline" not at
            all, "curved" and "spline" round.

    Returns:
        In a notebook, what shows the picture; None where IPython is not installed, and
        for a PDF.

    Raises:
        ValueError: the model is not built, or an argument is none of these.

    Reference: `keras/src/utils/model_visualization.py`.
    """
    if not (getattr(model, "nodes", None) and model.built):
        raise ValueError(
            "plot_model: expected a model that is built; begin it with an Input, or "
            f"call build(input_shape) first; received {model!r:.80}"
        )
    choice("plot_model", "splines", splines, SPLINES)
    if rankdir not in ("TB", "LR", "BT", "RL"):
        raise ValueError(
            "plot_model: expected rankdir 'TB', 'LR', 'BT' or 'RL', received "
            f"{rankdir!r}"
        )
    figure = draw(
        model,
        rankdir,
        splines,
        positive("plot_model", "dpi", dpi),
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        expand_nested=expand_nested,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )
    path = os.fspath(to_file)
    ending = os.path.splitext(path)[1][1:] or "png"
    figure.savefig(path, format=ending, dpi=figure.dpi)
    if ending == "pdf":
        return None
    try:
        from IPython.display import Image
    except ImportError:
        return None
    return Image(filename=path)


def draw(model: Any, rankdir: str, splines: str, dpi: float, **shown: bool) -> Any:
    """Return a Matplotlib figure of a model.

    Args:
        model: what is drawn.
        rankdir: where the arrows point: "TB" downwards, "LR" to the right, "BT", "RL".
        splines: "ortho", "line", "polyline", "curved" or "spline".
        dpi: dots per inch; fewer are taken, with a warning, if the picture would have
            more than 65,535 dots either way.
        shown: Keras's arguments ``show_…`` and ``expand_nested``.
    """
    from matplotlib.figure import Figure

    boxes: list[Box] = []
    _add_boxes(model, [[] for _ in model.sources or [None]], boxes, (), shown)
    upright = rankdir in ("TB", "BT")
    for box in boxes:
        box.size = _size(box)
    rows = _rows(boxes)
    _order(rows)
    depth = _place(rows, 0 if upright else 1)
    placed = [box for row in rows for box in row]
    left = min(box.across - box.size[not upright] / 2 for box in placed)
    breadth = max(box.across + box.size[not upright] / 2 for box in placed) - left
    for box in placed:
        box.across -= left
    width, height = (breadth, depth) if upright else (depth, breadth)
    margin = MARGIN + FRAME * any(box.clusters for box in boxes)
    width, height = width + 2 * margin, height + 2 * margin
    figure = Figure((width, height), dpi=_dots(dpi, max(width, height)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-margin, width - margin), ylim=(-margin, height - margin))
    axes.axis("off")

    def at(box: Box) -> tuple[float, float]:
        across, along = box.across, box.along
        if rankdir in ("TB", "RL"):
            along = depth - along
        return (across, along) if upright else (along, breadth - across)

    _draw_clusters(axes, boxes, at)
    for box in placed:
        for other in box.reads:
            _draw_arrow(axes, other, box, at, upright, splines)
    for box in boxes:
        _draw_box(axes, box, *at(box))
    return figure


def _add_boxes(
    model: Any,
    starts: list[list[Box]],
    boxes: list[Box],
    clusters: tuple[str, ...],
    shown: dict[str, bool],
) -> list[list[Box]]:
    """Append a box for each layer, and return those that the model's outputs are of."""
    places = [*starts]
    for node in model.nodes:
        reads = [box for place in node.inputs for box in places[place]]
        layer = node.layer
        if shown["expand_nested"] and layer.nodes:
            inside = (*clusters, f"{layer.name} ({layer.class_name})")
            read = [places[place] for place in node.inputs]
            places += _add_boxes(layer, read, boxes, inside, shown)
            continue
        boxes.append(Box(_cells(layer, shown), reads, clusters=clusters))
        places += [[boxes[-1]]] * layer.output_count
    return [places[end] for end in model._ends or (-1,)]


def _cells(layer: Any, shown: dict[str, bool]) -> list[list[Cell]]:
    """Return the texts of a layer's box, row by row."""
    kind = layer.class_name
    title = f"{layer.name} ({kind})" if shown["show_layer_names"] else kind
    rows: list[list[Cell]] = [[(title, "black", "white")]]
    activation = getattr(layer, "activation", None)
    if shown["show_layer_activations"] and activation is not None:
        name = getattr(activation, "name", None) or activation.__name__
        rows.append([(f"Activation: {name}", "white", "black")])
    last: list[Cell] = []
    if shown["show_shapes"]:
        if kind != "InputLayer":
            last.append((f"Input shape: {layer.input_shape}", "white", "black"))
        last.append((f"Output shape: {layer.output_shape}", "white", "black"))
    if shown["show_dtype"]:
        last.append((f"Output dtype: {layer.dtype.name}", "white", "black"))
    if shown["show_trainable"] and layer.weights:
        learns = ("Trainable", "forestgreen"), ("Non-trainable", "firebrick")
        text, ground = learns[not layer.trainable]
        last.append((text, ground, "white"))
    return [*rows, last] if last else rows


def _rows(boxes: list[Box]) -> list[list[Box]]:
    """Put each box behind all that it reads, and places for long arrows between."""
    for box in boxes:
        box.row = 1 + max((other.row for other in box.reads), default=-1)
    rows: list[list[Box]] = [[] for _ in range(1 + max(box.row for box in boxes))]
    for box in boxes:
        rows[box.row].append(box)
        reads = []
        for other in box.reads:
            for row in range(other.row + 1, box.row):
                other = Box(reads=[other], row=row)
                rows[row].append(other)
            reads.append(other)
        box.reads = reads
    return rows


def _order(rows: list[list[Box]]) -> None:
    """Sort each row by the middle of what its boxes are joined to, to and fro."""
    read_by = _read_by(rows)
    for row in rows:
        _spread(row, 0)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            for box in row:
                joined = box.reads if sweep % 2 == 0 else read_by.get(id(box), [])
                if joined:
                    box.across = sum(one.across for one in joined) / len(joined)
            row.sort(key=lambda box: box.across)
            _spread(row, 0)


def _read_by(rows: list[list[Box]]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {}
    for row in rows:
        for box in row:
            for other in box.reads:
                found.setdefault(id(other), []).append(box)
    return found


def _spread(row: list[Box], side: int) -> None:
    """Move boxes apart that stand too near, without moving the row as a whole."""
    wanted = [box.across for box in row]
    for before, box in itertools.pairwise(row):
        least = before.across + (before.size[side] + box.size[side]) / 2 + GAP
        box.across = max(box.across, least)
    shift = sum(box.across - was for box, was in zip(row, wanted, strict=True))
    for box in row:
        box.across -= shift / len(row)


def _place(rows: list[list[Box]], side: int) -> float:
    """Give every box its place; return the length of the whole."""
    read_by = _read_by(rows)
    for row in rows:
        _spread(row, side)
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            for box in row:
                joined = [*box.reads, *read_by.get(id(box), [])]
                if joined:
                    box.across = sum(one.across for one in joined) / len(joined)
            _spread(row, side)
    _straighten(rows)
    end = 0.0
    for row in rows:
        thickness = max(box.size[1 - side] for box in row)
        for box in row:
            box.along, box.thickness = end + thickness / 2, thickness
        end += thickness + ROW_GAP
    return end - ROW_GAP


def _straighten(rows: list[list[Box]]) -> None:
    """Let a long arrow run in one line where it is outermost in all rows it passes."""
    outer = {id(row[-1]): max for row in rows} | {id(row[0]): min for row in rows}
    for row in rows:
        for box in row:
            for passed in box.reads if box.rows else []:
                line = []
                while not passed.rows:
                    line.append(passed)
                    passed = passed.reads[0]
                sides = {outer.get(id(one)) for one in line}
                if len(sides) == 1 and (side := sides.pop()):
                    across = side(one.across for one in line)
                    for one in line:
                        one.across = across


def _size(box: Box) -> tuple[float, float]:
    widths = [
        sum(_width(cell[0], at) for cell in row) for at, row in enumerate(box.rows)
    ]
    return max(widths), sum(_height(at) for at in range(len(box.rows)))


def _width(text: str, row: int) -> float:
    from matplotlib.textpath import TextPath

    size = HEAD if row == 0 else BODY
    path = TextPath((0, 0), _plain(text), size=size)
    return path.get_extents().width / 72 + 2 * PADDING


def _height(row: int) -> float:
    return (HEAD if row == 0 else BODY) / 72 * 1.2 + 2 * PADDING


def _plain(text: str) -> str:
    """Return a text in which Matplotlib finds no mathematics."""
    return text.replace("$", r"\$")


def _dots(dpi: float, inches: float) -> float:
    if dpi * inches <= MOST_PIXELS:
        return dpi
    fewer = MOST_PIXELS / inches
    warnings.warn(
        f"plot_model: with dpi={dpi:g} the picture would have {dpi * inches:.0f} dots "
        f"in a row; it is drawn with dpi={fewer:.0f}",
        stacklevel=4,
    )
    return int(fewer)


def _draw_box(axes: Any, box: Box, x: float, y: float) -> None:
    from matplotlib.patches import Rectangle

    width, height = box.size
    top = y + height / 2
    for at, row in enumerate(box.rows):
        tall = _height(at)
        widths = [_width(cell[0], at) for cell in row]
        left, more = x - width / 2, (width - sum(widths)) / len(row)
        for (text, ground, ink), wide in zip(row, widths, strict=True):
            corner, wide = (left, top - tall), wide + more
            axes.add_patch(
                Rectangle(
                    corner, wide, tall, facecolor=ground, edgecolor="black", zorder=3
                )
            )
            axes.text(
                left + wide / 2,
                top - tall / 2,
                _plain(text),
                color=ink,
                fontsize=HEAD if at == 0 else BODY,
                ha="center",
                va="center",
                zorder=4,
            )
            left += wide
        top -= tall


def _draw_arrow(
    axes: Any, start: Box, end: Box, at: Any, upright: bool, splines: str
) -> None:
    """Draw one row's part of an arrow, with a head if a box is where it ends."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    side = 1 if upright else 0
    first, last = list(at(start)), list(at(end))
    forward = 1 if last[side] > first[side] else -1
    first[side] += forward * (start.size[side] if start.rows else start.thickness) / 2
    last[side] -= forward * (end.size[side] if end.rows else end.thickness) / 2
    # Bends lie in the gap between the two rows, whatever the heights of the boxes are.
    middle = at(end)[side] - forward * (end.thickness + ROW_GAP) / 2
    bends = [list(first), list(last)]
    bends[0][side] = bends[1][side] = middle
    if abs(first[1 - side] - last[1 - side]) < 0.01 or splines in ("line", "polyline"):
        path = Path([first, last])
    elif splines == "ortho":
        path = Path([first, *bends, last])
    else:
        codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
        path = Path([first, *bends, last], codes)
    axes.add_patch(
        FancyArrowPatch(
            path=path,
            arrowstyle="-|>" if end.rows else "-",
            mutation_scale=10,
            shrinkA=0,
            shrinkB=0,
            color="black",
            linewidth=1,
            zorder=2,
        )
    )
    if not end.rows:  # through the row that it passes
        passed = list(at(end))
        passed[side] += forward * end.thickness / 2
        axes.plot(*zip(last, passed, strict=True), color="black", linewidth=1, zorder=2)


def _draw_clusters(axes: Any, boxes: list[Box], at: Any) -> None:
    """Draw a frame around the layers of each model within the model."""
    from matplotlib.patches import Rectangle

    depths = max(len(box.clusters) for box in boxes)
    for depth in range(1, depths + 1):
        groups: dict[tuple[str, ...], list[Box]] = {}
        for box in boxes:
            if len(box.clusters) >= depth:
                groups.setdefault(box.clusters[:depth], []).append(box)
        for names, inside in groups.items():
            margin = FRAME / depth
            x = [
                at(box)[0] + sign * box.size[0] / 2
                for box in inside
                for sign in (-1, 1)
            ]
            y = [
                at(box)[1] + sign * box.size[1] / 2
                for box in inside
                for sign in (-1, 1)
            ]
            corner = (min(x) - margin, min(y) - margin)
            axes.add_patch(
                Rectangle(
                    corner,
                    max(x) - min(x) + 2 * margin,
                    max(y) - min(y) + 2 * margin,
                    facecolor="whitesmoke",
                    edgecolor="grey",
                    linestyle="--",
                    zorder=depth / 10,
                )
            )
            axes.text(
                corner[0] + 0.04,
                max(y) + margin - 0.03,
                _plain(names[-1]),
                fontsize=7,
                color="grey",
                va="top",
                zorder=5,
            )

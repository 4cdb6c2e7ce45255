"""The table that `Model.summary` prints, laid out as Keras lays it out.

Reference: `keras/src/utils/summary_utils.py`.
"""

from __future__ import annotations

import itertools
import re
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from scratchnet.models.graph import origins

# Heading and alignment of each column, and where it ends, as a share of the line.
COLUMNS = (
    ("Layer (type)", "<", 0.45),
    ("Output Shape", "<", 0.80),
    ("Param #", ">", 1),
)
LINE_LENGTH = 88

# ... of a graph whose layers don't simply follow one another.
GRAPH_COLUMNS = (
    ("Layer (type)", "<", 0.3),
    ("Output Shape", "<", 0.56),
    ("Param #", ">", 0.74),
    ("Connected to", "<", 1),
)
GRAPH_LINE_LENGTH = 108

# One column more tells what learns; the others share nine tenths of the line.
TRAINABLE = ("Trainable", "^", 1)
TRAINABLE_LENGTH = 12

# What frames and spaces take from each of three, four or five columns: one character to
# the right of every cell, one to the left of the line and a space on either side of
# each text, shared out and rounded as Keras's table does it.
FRAMES = {3: (3, 4, 3), 4: (3, 3, 4, 3), 5: (3, 3, 3, 4, 3)}


def text(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """Return the summary of a model as one string; `Model.summary` says more.

    Raises:
        ValueError: the line is too short for the columns, they have other numbers, or
            no layer has the name that is asked for.
    """
    connected = _connections(model)
    columns, length = list(COLUMNS), LINE_LENGTH
    if connected:
        columns, length = list(GRAPH_COLUMNS), GRAPH_LINE_LENGTH
    if positions is not None:
        columns = _at(positions, columns)
    if show_trainable:
        columns = [(name, align, end * 0.9) for name, align, end in columns]
        columns, length = [*columns, TRAINABLE], length + TRAINABLE_LENGTH
    headings, alignments, ends = zip(*columns, strict=True)
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    widths = _widths(length, ends)
    lines = [f'Model: "{model.name}"', _rule("┏━┳┓", widths)]
    lines += _cells(headings, widths, alignments, "┃")
    lines.append(_rule("┡━╇┩", widths))
    layers = _in_range(model.operations, layer_range)
    for number, (level, layer) in enumerate(_listed(layers, expand_nested)):
        if number:
            lines.append(_rule("├─┼┤", widths))
        row = _row(layer, level)
        if connected:
            row += ("-" if level else connected[layer.name],)
        if show_trainable:
            row += (("Y" if layer.trainable else "N") if layer.weights else "-",)
        lines += _cells(row, widths, alignments, "│")
    lines.append(_rule("└─┴┘", widths))
    return "\n".join([*lines, *_totals(model)])


def _at(
    positions: Sequence[float], columns: list[tuple[str, str, float]]
) -> list[tuple[str, str, float]]:
    """Return columns that end at other shares of the line."""
    if len(positions) != len(columns):
        raise ValueError(
            f"summary: expected positions for {len(columns)} columns, received "
            f"{positions!r}"
        )
    return [
        (name, align, end)
        for (name, align, _), end in zip(columns, positions, strict=True)
    ]


def _in_range(layers: list[Any], names: Sequence[str] | None) -> list[Any]:
    """Return the layers from the first that has one name to the last of the other."""
    if names is None:
        return layers
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "summary: expected layer_range to be two names, or regular expressions, "
            f"received {names!r}"
        )
    low, high = (
        [at for at, layer in enumerate(layers) if re.match(name, layer.name)]
        for name in names
    )
    if not (low and high):
        raise ValueError(
            f"summary: expected layer_range to name layers of the model, received "
            f"{names!r}"
        )
    if min(low) > max(high):
        low, high = high, low
    return layers[min(low) : max(high) + 1]


def _listed(
    layers: list[Any], expand_nested: bool, level: int = 0
) -> Iterator[tuple[int, Any]]:
    """Yield layers with their level; after a model its own, if that is wanted."""
    for layer in layers:
        yield level, layer
        if expand_nested and hasattr(layer, "fit"):
            yield from _listed(layer.layers, True, level + 1)


def _connections(model: Any) -> dict[str, str]:
    """Return layer's name → what it reads; nothing where each reads the one before.

    Nor is there anything for a class with a `call`: of it, its layers are listed.
    """
    nodes = model.nodes
    if model.is_traced or all(node.inputs == (at,) for at, node in enumerate(nodes)):
        return {}
    at = origins(model)
    read: dict[str, list[str]] = {}
    for node in nodes:
        read.setdefault(node.layer.name, []).extend(
            "{}[{}][{}]".format(*at[place].history)
            for place in node.inputs
            if place >= len(model.sources)
        )
    return {name: ", ".join(found) or "-" for name, found in read.items()}


def _widths(line_length: int, ends: tuple[float, ...]) -> list[int]:
    """Return how many characters of text each column holds."""
    edges = [0, *(int(end * line_length) for end in ends)]
    columns = [right - left for left, right in itertools.pairwise(edges)]
    if min(columns) < 4:
        raise ValueError(
            f"summary: expected a line long enough for {len(ends)} columns, received "
            f"{line_length} characters"
        )
    return [a - b for a, b in zip(columns, FRAMES[len(ends)], strict=True)]


def _row(layer: Any, level: int) -> tuple[str, ...]:
    shape = str(layer.output_shape) if layer.built else "?"
    count = f"{layer.count_params():,}" if layer.built else "0"
    if not layer.built and not layer.built_at_once:
        count += " (unbuilt)"
    indent = f"{'   ' * level}└ " if level else ""
    return f"{indent}{layer.name} ({layer.class_name})", shape, count


def _cells(
    row: tuple[str, ...], widths: list[int], alignments: tuple[str, ...], frame: str
) -> list[str]:
    """Return the lines of one row: long cells are wrapped, long words cut off."""
    columns = [
        [
            f"{_cut(line, width):{align}{width}}"
            for line in textwrap.wrap(cell, width, break_long_words=False) or [""]
        ]
        for cell, width, align in zip(row, widths, alignments, strict=True)
    ]
    height = max(map(len, columns))
    for column, width in zip(columns, widths, strict=True):
        column += [" " * width] * (height - len(column))
    return [
        f"{frame} " + f" {frame} ".join(line) + f" {frame}"
        for line in zip(*columns, strict=True)
    ]


def _cut(word: str, width: int) -> str:
    return word if len(word) <= width else word[: width - 1] + "…"


def _rule(characters: str, widths: list[int]) -> str:
    left, line, middle, right = tuple(characters)
    return left + middle.join(line * (width + 2) for width in widths) + right


def _totals(model: Any) -> list[str]:
    arrays = model.weights
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    optimizer: list[np.ndarray] = []
    if model.optimizer is not None and model.optimizer.iterations:
        # Keras counts the number of steps and the learning rate as well.
        optimizer = [
            array.astype(np.float32) if name == "learning_rate" else array
            for name, array in model.optimizer.ordered_state().items()
        ]
    lines = [
        f" Total params: {_amount(arrays + optimizer)}",
        f" Trainable params: {_amount(trainable)}",
        f" Non-trainable params: {_amount(frozen)}",
    ]
    if optimizer:
        lines.append(f" Optimizer params: {_amount(optimizer)}")
    return lines


def _amount(arrays: list[np.ndarray]) -> str:
    """Return "109,386 (427.29 KB)"."""
    size = float(sum(array.nbytes for array in arrays))
    unit = "B"
    for larger in ("KB", "MB", "GB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{sum(array.size for array in arrays):,} ({size:.2f} {unit})"

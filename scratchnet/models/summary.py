"""The table that `Sequential.summary` prints, laid out as Keras lays it out.

Reference: `keras/src/utils/summary_utils.py`.
"""

from __future__ import annotations

import itertools
import shutil
import textwrap
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scratchnet.layers.layer import Layer
    from scratchnet.models.sequential import Sequential

HEADINGS: tuple[str, ...] = ("Layer (type)", "Output Shape", "Param #")
ALIGNMENTS: tuple[str, ...] = ("<", "<", ">")
# Where each column ends, as a share of the line.
ENDS: tuple[float, ...] = (0.45, 0.80, 1.0)
LINE_LENGTH = 88

# The same four with a column more, which tells what learns.
TRAINABLE_HEADINGS = (*HEADINGS, "Trainable")
TRAINABLE_ALIGNMENTS = (*ALIGNMENTS, "^")
TRAINABLE_ENDS = (*(end * 0.90 for end in ENDS), 1.0)
TRAINABLE_LINE_LENGTH = 100

# What frames and spaces take from each of three or four columns: one character to the
# right of every cell, one to the left of the line and a space on either side of each
# text, shared out and rounded as Keras's table does it.
FRAMES = {3: (3, 4, 3), 4: (3, 3, 4, 3)}


# Without weights, and for Keras built before they know a shape.
BUILT_AT_ONCE = (
    "Activation",
    "AveragePooling2D",
    "Dropout",
    "GlobalAveragePooling2D",
    "MaxPooling2D",
    "ReLU",
    "Softmax",
)


def text(model: Sequential, line_length: int | None, show_trainable: bool) -> str:
    """Return the summary of a model as one string.

    Raises:
        ValueError: the line is too short for the columns.
    """
    headings, alignments, ends, length = HEADINGS, ALIGNMENTS, ENDS, LINE_LENGTH
    if show_trainable:
        headings, alignments = TRAINABLE_HEADINGS, TRAINABLE_ALIGNMENTS
        ends, length = TRAINABLE_ENDS, TRAINABLE_LINE_LENGTH
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    widths = _widths(length, ends)
    rows = [_row(layer)[: len(headings)] for layer in model.layers]
    lines = [f'Model: "{model.name}"', _rule("┏━┳┓", widths)]
    lines += _cells(headings, widths, alignments, "┃")
    lines.append(_rule("┡━╇┩", widths))
    for number, row in enumerate(rows):
        if number:
            lines.append(_rule("├─┼┤", widths))
        lines += _cells(row, widths, alignments, "│")
    lines.append(_rule("└─┴┘", widths))
    return "\n".join([*lines, *_totals(model)])


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


def _row(layer: Layer) -> tuple[str, ...]:
    kind = type(layer).__name__
    shape = str(layer.output_shape) if layer.built else "?"
    count = f"{layer.count_params():,}"
    if not layer.built and kind not in BUILT_AT_ONCE:
        count += " (unbuilt)"
    trainable = ("Y" if layer.trainable else "N") if layer.weights else "-"
    return f"{layer.name} ({kind})", shape, count, trainable


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


def _totals(model: Sequential) -> list[str]:
    arrays = model.weights
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    optimizer: list[np.ndarray] = []
    if model.optimizer is not None and model.optimizer.iterations:
        # Keras counts the number of steps and the learning rate as well.
        optimizer = [np.zeros(1, np.int64), np.zeros(1, np.float32)]
        for slot in model.optimizer.state.values():
            optimizer += slot.values()
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

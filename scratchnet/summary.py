"""The table that `Sequential.summary` prints, laid out as Keras lays it out.

Reference: `keras/src/utils/summary_utils.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scratchnet.layers.layer import Layer
    from scratchnet.sequential import Sequential

HEADINGS = ("Layer (type)", "Output Shape", "Param #")
# The columns' shares of the line, and the line's default length.
SHARES = (0.45, 0.80, 1.0)
LINE_LENGTH = 76


def text(model: Sequential, line_length: int | None, show_trainable: bool) -> str:
    """Return the summary of a model as one string."""
    widths = _widths(line_length or LINE_LENGTH, show_trainable)
    headings = (*HEADINGS, "Trainable") if show_trainable else HEADINGS
    body = [_row(layer, show_trainable) for layer in model.layers]
    lines = [f'Model: "{model.name}"']
    lines.append(_rule("┏", "━", "┳", "┓", widths))
    lines += _cells(headings, widths, "┃")
    lines.append(_rule("┡", "━", "╇", "┩", widths))
    for number, row in enumerate(body):
        if number:
            lines.append(_rule("├", "─", "┼", "┤", widths))
        lines += _cells(row, widths, "│")
    lines.append(_rule("└", "─", "┴", "┘", widths))
    return "\n".join([*lines, *_totals(model)])


def _widths(line_length: int, show_trainable: bool) -> list[int]:
    shares = (0.40, 0.68, 0.85, 1.0) if show_trainable else SHARES
    edges = [0, *(int(line_length * share) for share in shares)]
    # A frame and a space on either side of each cell.
    return [
        max(right - left - 3, 8)
        for left, right in zip(edges[:-1], edges[1:], strict=True)
    ]


def _row(layer: Layer, show_trainable: bool) -> tuple[str, ...]:
    shape = str(layer.output_shape) if layer.built else "?"
    count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    row = (f"{layer.name} ({type(layer).__name__})", shape, count)
    if not show_trainable:
        return row
    trainable = ("Y" if layer.trainable else "N") if layer.params else "-"
    return (*row, trainable)


def _cells(row: tuple[str, ...], widths: list[int], frame: str) -> list[str]:
    """Return the lines of one row; a first cell that is too long takes two."""
    first, *rest = row
    lines = [first]
    if len(first) > widths[0] and " " in first:
        lines = list(first.rsplit(" ", 1))
    result = []
    for number, line in enumerate(lines):
        others = rest if number == 0 else [""] * len(rest)
        cells = [_fit(line, widths[0], str.ljust)]
        for cell, width, heading in zip(others, widths[1:], (1, 2, 3), strict=False):
            cells.append(_fit(cell, width, str.rjust if heading == 2 else str.ljust))
        result.append(f"{frame} " + f" {frame} ".join(cells) + f" {frame}")
    return result


def _fit(cell: str, width: int, align: Any) -> str:
    return cell[: width - 1] + "…" if len(cell) > width else align(cell, width)


def _rule(left: str, line: str, middle: str, right: str, widths: list[int]) -> str:
    return left + middle.join(line * (width + 2) for width in widths) + right


def _totals(model: Sequential) -> list[str]:
    arrays = [w for layer in model.layers for w in layer.weights.values()]
    trainable = [
        p for layer in model.layers for p in layer.trainable_params.values()
    ]
    learnt = {id(param) for param in trainable}
    frozen = [array for array in arrays if id(array) not in learnt]
    optimizer: list[np.ndarray] = []
    if model.optimizer is not None:
        slots = model.optimizer.state.values()
        optimizer = [array for slot in slots for array in slot.values()]
    if optimizer:
        # Keras counts the number of steps and the learning rate as well.
        optimizer += [np.zeros(1, np.float32), np.zeros(1, np.float32)]
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

"""Tables in Markdown whose source can be read as it is."""

from __future__ import annotations

from collections.abc import Sequence


def markdown(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1
) -> str:
    """Return a table with aligned columns, the first ``left`` of them to the left.

    >>> print(markdown(["model", "epochs"], [["ann", "13"], ["basic_cnn", "7"]]))
    | model     | epochs |
    |-----------|-------:|
    | ann       |     13 |
    | basic_cnn |      7 |
    """
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    ruler = "|".join(
        "-" * (width + 2) if i < left else "-" * (width + 1) + ":"
        for i, width in enumerate(widths)
    )
    lines = [_line(row, widths, left) for row in cells]
    return "\n".join([lines[0], f"|{ruler}|", *lines[1:]])


def _line(row: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = [
        cell.ljust(width) if i < left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"

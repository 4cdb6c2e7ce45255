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
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    aligned = [
        [f"{cell:{'<' if i < left else '>'}{widths[i]}}" for i, cell in enumerate(row)]
        for row in (header, *rows)
    ]
    first, *others = (f"| {' | '.join(row)} |" for row in aligned)
    ruler = (
        f"{'-' * width}{'-' if i < left else ':'}" for i, width in enumerate(widths)
    )
    return "\n".join([first, f"|-{'|-'.join(ruler)}|", *others])

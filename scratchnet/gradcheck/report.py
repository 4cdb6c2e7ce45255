"""What a gradient check found."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """The check of one tensor: the input or a parameter.

    Attributes:
        name: ``"x"`` for the input, ``"x1"`` … of several; else the parameter's name.
        shape: the tensor's shape.
        passed: whether the error is below the tolerance.
        checked: how many of its elements were checked one by one.
        element_error: that of the worst element checked; infinite where the gradient
            can't be compared.
        direction_error: that along a dense random direction; `compare.py` defines both.
        worst_index: the element that is most wrong, None where none could be told.
        analytic: what ``backward`` gave for that element.
        numeric: what central differences gave for it.
        cause: what is likely wrong; empty where it passed.
        kink: whether the disagreement may be a kink's, not the gradient's.
    """

    name: str
    shape: tuple[int, ...]
    passed: bool
    checked: int = 0
    element_error: float = math.inf
    direction_error: float = math.inf
    worst_index: tuple[int, ...] | None = None
    analytic: float = math.nan
    numeric: float = math.nan
    cause: str = ""
    kink: bool = False

    @property
    def relative_error(self) -> float:
        """The larger of both errors."""
        return max(self.element_error, self.direction_error)


@dataclass(frozen=True)
class Report:
    """The check of one layer or loss; ``print`` it.

    Attributes:
        subject: class and name of what was checked.
        rows: one per tensor, the input first.
        faults: what else is wrong, such as a ``forward`` that changes its input.
        tolerance: the relative error that a gradient has to stay below.
        epsilon: the first step of the differences.
        seed: what the random values grew from.
        notes: what could not be checked.
    """

    subject: str
    rows: tuple[Row, ...]
    faults: tuple[str, ...]
    tolerance: float
    epsilon: float
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every gradient agrees and nothing else is wrong."""
        return not self.faults and all(row.passed for row in self.rows)

    @property
    def relative_error(self) -> float:
        """The largest of all tensors; infinite where none could be compared."""
        errors = [row.relative_error for row in self.rows]
        return max(errors, default=math.inf)

    @property
    def causes(self) -> tuple[str, ...]:
        """Faults, then the cause of every tensor that failed."""
        failed = [f"{row.name}: {row.cause}" for row in self.rows if not row.passed]
        return (*self.faults, *failed)

    def __getitem__(self, name: str) -> Row:
        """Return the row of a tensor: ``report["kernel"]``."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r}; there are: {', '.join(r.name for r in self.rows)}")

    def __str__(self) -> str:
        """Write the table, then what is likely wrong."""
        title = (
            f"{self.subject}: float64, step {self.epsilon:g}, "
            f"tolerance {self.tolerance:g}, seed {self.seed}"
        )
        verdict = "passed" if self.passed else "FAILED"
        lines = [title, *_table(self.rows)]
        lines += [f"  note: {note}" for note in self.notes]
        lines += [f"  ! {cause}" for cause in self.causes]
        return "\n".join([*lines, f"  {verdict}"])


HEADINGS = (
    *("tensor", "shape", "checked", "direction", "element"),
    *("worst at", "analytic", "numeric"),
)


def _table(rows: tuple[Row, ...]) -> list[str]:
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "".join(f"  {c:{w}}" for c, w in zip(line, widths, strict=True))
        for line in cells
    ]
    marks = ["", *("" if row.passed else "  <" for row in rows)]
    return [line.rstrip() + mark for line, mark in zip(lines, marks, strict=True)]


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        str(row.shape),
        f"{row.checked} of {math.prod(row.shape)}",
        f"{row.direction_error:.1e}",
        f"{row.element_error:.1e}",
        "" if row.worst_index is None else str(row.worst_index),
        f"{row.analytic:.9g}",
        f"{row.numeric:.9g}",
    )

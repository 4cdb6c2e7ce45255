"""Arithmetic as a text: equations below each other, with what the kernels computed."""

from __future__ import annotations

from dataclasses import dataclass

from scratchnet.explain.equation import Equation, Row

# Columns: what a row is, its factors, their product. A longer text pushes its numbers
# to the right.
TEXT, FACTOR, VALUE = 38, 12, 13


@dataclass(frozen=True)
class Explanation:
    """Equations that lead to one element; `print` shows them.

    Attributes:
        title: what is explained.
        equations: in the order to read them.
        rows: how many numbers of a long sum are shown.
    """

    title: str
    equations: tuple[Equation, ...]
    rows: int = 12

    @property
    def agrees(self) -> bool:
        """Whether every element is what its kernel computed, within rounding."""
        return all(equation.agrees for equation in self.equations)

    def __str__(self) -> str:
        """Return the text."""
        parts, where = [self.title], None
        for equation in self.equations:
            if equation.where != where:
                parts.append(f"\n{equation.where}")
                where = equation.where
            parts += _lines(equation, self.rows)
        return "\n".join(parts)


def _lines(equation: Equation, limit: int) -> list[str]:
    shown, rest = _shorten(equation.rows, limit)
    lines = [f"  {equation.name} = {equation.formula}"]
    lines += [f"    ({note})" for note in equation.notes]
    lines += [_row(row) for row in shown]
    if rest:
        value = sum(row.value for row in rest) if equation.is_sum else None
        lines.append(_line(f"… {len(rest)} smaller ones", value))
    if equation.value == equation.computed:
        said = f"= {equation.name}, as the kernel computed it"
        return [*lines, _line(said, equation.value)]
    return [
        *lines,
        _line(f"= {equation.name}", equation.value),
        _line("the kernel computed", equation.computed),
        f"    {_verdict(equation)}",
    ]


def _row(row: Row) -> str:
    middle = row.mark
    if len(row.factors) > 1:
        middle = " × ".join(_number(factor, 6, FACTOR) for factor in row.factors) + " ="
    return _line(row.text, row.value, middle, "  → " if row.followed else "    ")


def _line(
    text: str, value: float | None, middle: str = "", margin: str = "    "
) -> str:
    """Write a line whose numbers stand below those of the others."""
    if value is None:
        return margin + text
    left = f"{text:<{TEXT}} {middle:>{2 * FACTOR + 5}}"
    if not middle:
        left = f"{text:<{TEXT + 2 * FACTOR + 6}}"
    return f"{margin}{left} {_number(value, 7, VALUE)}"


def _number(value: float, digits: int, width: int) -> str:
    return f"{value + 0.0:>{width}.{digits}g}"  # + 0.0 turns −0 into 0


def _verdict(equation: Equation) -> str:
    verdict = "agrees" if equation.agrees else "DISAGREES"
    return (
        f"{verdict}: {equation.difference:.2g} apart, where rounding explains up to "
        f"{equation.tolerance:.2g}"
    )


def _shorten(rows: tuple[Row, ...], limit: int) -> tuple[list[Row], list[Row]]:
    """Return the largest rows in their order, and the others.

    One row more than the limit is shown, too: the line that would stand for it is no
    shorter.
    """
    if len(rows) <= limit + 1:
        return list(rows), []
    by_size = sorted(range(len(rows)), key=lambda i: -abs(rows[i].value))
    kept = set(by_size[:limit])
    kept |= {i for i, row in enumerate(rows) if row.followed or row.essential}
    shown = [row for i, row in enumerate(rows) if i in kept]
    return shown, [row for i, row in enumerate(rows) if i not in kept]

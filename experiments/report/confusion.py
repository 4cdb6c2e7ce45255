"""Figures: which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.report.look import FAINT, colour_map, figure, ink_on, readable

MOST_ANNOTATED = 20
MOST_NAMED = 130


@dataclass(frozen=True)
class Superclasses:
    """Groups of classes.

    Attributes:
        names: of the groups.
        of_class: the group of each class, as an index into ``names``.
    """

    names: tuple[str, ...]
    of_class: tuple[int, ...]

    def order(self) -> np.ndarray:
        """Return the classes, group by group."""
        return np.argsort(self.of_class, kind="stable")


@dataclass(frozen=True)
class Pair:
    """Two classes that a model confuses.

    Attributes:
        true: what the images show.
        predicted: what the model says.
        count: how often.
        share: of all images of the true class.
    """

    true: int
    predicted: int
    count: int
    share: float


def matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count: rows are the true classes, columns the predicted ones.

    Shapes:
        labels, predicted: (N,) integers, 0 to classes - 1.
        returns: (classes, classes) int64.

    >>> matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    pairs = labels.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def merge(counts: np.ndarray, superclasses: Superclasses) -> np.ndarray:
    """Add up rows and columns of classes that belong together.

    Shapes:
        counts: (C, C); returns: (G, G), G the number of groups.
    """
    member = np.eye(len(superclasses.names), dtype=counts.dtype)
    member = member[list(superclasses.of_class)]
    return member.T @ counts @ member


def shares(counts: np.ndarray) -> np.ndarray:
    """Divide each row by its sum; a row without images stays 0."""
    totals = counts.sum(1, keepdims=True)
    return np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)


def most_confused(counts: np.ndarray, most: int = 15) -> list[Pair]:
    """Return the mistakes that are made most often, the most frequent first."""
    wrong = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
    share = shares(counts)
    found = np.argsort(-wrong, axis=None, kind="stable")[:most]
    return [
        Pair(int(true), int(guess), int(wrong[true, guess]), float(share[true, guess]))
        for true, guess in zip(*np.unravel_index(found, wrong.shape), strict=True)
        if wrong[true, guess]
    ]


def draw(
    counts: np.ndarray,
    names: Sequence[str],
    superclasses: Superclasses | None = None,
    *,
    percent: bool = False,
) -> Any:
    """Draw the matrix: with numbers for few classes, as a heat map for many.

    A colour stands for the share of the row.

    Args:
        counts: (C, C).
        names: of the classes.
        superclasses: in whose order a heat map is, with lines between them.
        percent: whether the numbers are percents of the row instead of counts.
    """
    if len(names) > MOST_ANNOTATED:
        return _draw_heat_map(counts, names, superclasses)
    share = shares(counts)
    labels = [readable(name, 34) for name in names]
    side = 0.8 + 0.52 * len(names) + 0.075 * max(map(len, labels))
    made, (axes,) = figure(side + 0.9, side)
    _picture(made, axes, share)
    colours = colour_map()
    numbers = np.round(100 * share).astype(int) if percent else counts
    for (row, column), number in np.ndenumerate(numbers):
        if number:
            axes.text(
                column,
                row,
                str(number),
                ha="center",
                va="center",
                fontsize=9 if number < 1000 else 8,
                color=ink_on(colours(np.sqrt(share[row, column]))),
            )
    axes.set_xticks(range(len(names)), labels, rotation=90 if len(names) > 5 else 0)
    axes.set_yticks(range(len(names)), labels)
    return made


def _draw_heat_map(
    counts: np.ndarray,
    names: Sequence[str],
    superclasses: Superclasses | None,
) -> Any:
    order = np.arange(len(names)) if superclasses is None else superclasses.order()
    made, (axes,) = figure(12.5 if superclasses is None else 13.5, 11.8)
    _picture(made, axes, shares(counts)[np.ix_(order, order)], below=True)
    if len(names) <= MOST_NAMED:
        labels = [readable(names[int(index)], 18) for index in order]
        size = min(9.0, 660 / len(names))
        axes.set_xticks(range(len(names)), labels, rotation=90, fontsize=size)
        axes.set_yticks(range(len(names)), labels, fontsize=size)
        axes.tick_params(length=2, pad=1)
    if superclasses is not None:
        _mark_superclasses(axes, superclasses)
    return made


def _mark_superclasses(axes: Any, superclasses: Superclasses) -> None:
    """Draw lines between the groups, and write their names to the right."""
    sizes = np.bincount(superclasses.of_class, minlength=len(superclasses.names))
    ends = np.cumsum(sizes)
    for end in ends[:-1]:
        axes.axhline(end - 0.5, color=FAINT, linewidth=0.8)
        axes.axvline(end - 0.5, color=FAINT, linewidth=0.8)
    right = axes.secondary_yaxis("right")
    right.set_yticks(
        ends - sizes / 2 - 0.5,
        [readable(name, 34) for name in superclasses.names],
        fontsize=9,
    )
    right.tick_params(length=0)
    right.spines[:].set_visible(False)


def _picture(made: Any, axes: Any, share: np.ndarray, *, below: bool = False) -> None:
    from matplotlib.colors import PowerNorm

    # The square root of the share: mistakes of a few percent are what one looks for.
    image = axes.imshow(
        share,
        cmap=colour_map(),
        norm=PowerNorm(0.5, 0, 1),
        interpolation="nearest",
    )
    where = {"location": "bottom", "aspect": 50} if below else {"aspect": 20}
    bar = made.colorbar(image, ax=axes, shrink=0.6, pad=0.02, **where)
    marks = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1]
    bar.set_ticks(marks, labels=[f"{mark:.0%}" for mark in marks])
    bar.set_label("share of the true class")
    bar.outline.set_visible(False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")


def draw_pairs(pairs: Sequence[Pair], names: Sequence[str]) -> Any:
    """Draw a bar per pair, as long as the share of the true class."""
    made, (axes,) = figure(8, 0.8 + 0.3 * len(pairs))
    bars = axes.barh(range(len(pairs)), [pair.share for pair in pairs], color="#4477aa")
    axes.bar_label(
        bars, [f"{pair.share:.0%} ({pair.count})" for pair in pairs], padding=3
    )
    labels = [
        f"{readable(names[pair.true], 28)} → {readable(names[pair.predicted], 28)}"
        for pair in pairs
    ]
    axes.set_yticks(range(len(pairs)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.15, y=0.01)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_title("true → predicted: share of the true class, and number of images")
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    return made

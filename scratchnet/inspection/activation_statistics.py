"""How a layer's outputs are spread, and which of its units never fire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from scratchnet.inspection import figures, passes
from scratchnet.inspection.passes import Model

# Counting millions of values would take longer than the network does.
MOST = 1 << 16


@dataclass(frozen=True)
class ActivationStatistics:
    """The outputs of one layer over a batch.

    Attributes:
        counts: of the finite values other than 0, bin by bin.
        edges: of the bins, one more than there are bins.
        zeros: share of the values that are exactly 0, [0, 1].
        dead: share of the units that are 0 for every sample, and in every place for a
            convolution's channel; None for a layer without ReLU.
        mean: of the values, zeros among them.
        deviation: their standard deviation.

    Of a layer that gives out more than 65,536 values, as many are drawn (the same ones
    every time) for counts, mean and deviation; zeros and dead units are those of all.
    """

    counts: list[int]
    edges: list[float]
    zeros: float
    dead: float | None
    mean: float
    deviation: float


def activation_statistics(
    model: Model, x: Any, *, bins: int = 40
) -> dict[str, ActivationStatistics]:
    """Run a batch at inference and sum every layer's outputs up.

    A few hundred samples tell enough. That a unit is dead is a statement about these
    samples: others may wake it.

    Args:
        model: a built model.
        x: a batch, (N, ...).
        bins: of the histograms.

    Returns:
        Layer's path → statistics, without `Flatten` and `Dropout`: at inference both
        give out what they were given.

    Raises:
        ValueError: the model is not built, or x doesn't fit it.

    >>> import scratchnet as keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU(name="relu")])
    >>> found = activation_statistics(model, [[1.0, -1.0], [3.0, -3.0]])["relu"]
    >>> found.dead, found.zeros, found.mean
    (0.5, 0.5, 1.0)
    """
    return {
        path: _summary(step.kind, step.y, bins)
        for path, step in passes.outputs(model, x).items()
        if step.kind not in passes.UNCHANGED
    }


def plot_activations(statistics: dict[str, ActivationStatistics]) -> Any:
    """Draw a histogram per layer; returns a matplotlib figure.

    The bars are shares of the values other than 0; those that are exactly 0, of which
    a ReLU gives many, are counted in the title.
    """
    figure, axes = figures.panels(len(statistics), height=1.9)
    for one, (name, found) in zip(axes, statistics.items(), strict=True):
        one.stairs(found.counts, found.edges, fill=True, color="#4c72b0")
        one.axvline(0, color="black", linewidth=0.6)
        one.set_yticks([])
        one.spines[["top", "right", "left"]].set_visible(False)
        figures.axes_title(one, f"{name}\n{_said(found)}", size=8)
    figures.title(figure, "What the layers give out")
    return figure


def _said(found: ActivationStatistics) -> str:
    said = f"{found.zeros:.0%} zeros"
    return said if found.dead is None else f"{said}, {found.dead:.0%} of units dead"


def _summary(kind: str, y: np.ndarray, bins: int) -> ActivationStatistics:
    drawn = y.reshape(-1)
    if y.size > MOST:
        drawn = drawn[np.random.default_rng(0).integers(y.size, size=MOST)]
    other = drawn[np.isfinite(drawn) & (drawn != 0)]
    counts, edges = np.histogram(other if other.size else [0.0], bins)
    if not other.size:
        counts = np.zeros_like(counts)
    dead = None
    if kind == "relu":
        rows = y.reshape(-1, y.shape[-1])
        dead = float(np.mean(rows.max(axis=0) == 0))
    with np.errstate(invalid="ignore"):  # after a divergence: infinity − infinity
        mean, deviation = (float(f(dtype=np.float64)) for f in (drawn.mean, drawn.std))
    return ActivationStatistics(
        counts=counts.tolist(),
        edges=edges.tolist(),
        zeros=float(1 - np.count_nonzero(y) / y.size),
        dead=dead,
        mean=mean,
        deviation=deviation,
    )

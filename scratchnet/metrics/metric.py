"""What every metric does: add up values of samples, and divide by their number."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import naming
from scratchnet.foundation.shapes import Shape, format_shape


class Metric:
    """A running mean over samples; a subclass writes `values`.

    Args:
        dtype: float32 or None; accepted for Keras's sake.
        name: key in logs and history; by default the class's, in snake case.

    Attributes:
        _direction: "up" where more is better, "down" where less is, None where it is
            not known; the name is Keras's, and a metric of your own may set it.
    """

    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.snake_case(type(self).__name__)
        self.reset_state()

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return one value per sample, shape (N,)."""
        raise NotImplementedError

    def check(self, y_shape: tuple[int, ...], output_shape: Shape) -> None:
        """Compare targets with the model's output, (N, ...), before any is counted.

        Raises:
            ValueError: this metric can't be computed from them.
        """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        values = self.values(np.asarray(y_true), np.asarray(y_pred))
        self.add(values, sample_weight)

    def add(self, values: np.ndarray, weights: Any = None) -> None:
        """Add values, each counted once or by its weight."""
        if weights is None:
            self.total += float(np.sum(values, dtype=np.float64))
            self.count += values.size
        else:
            weights = np.asarray(weights, np.float64).reshape(-1)
            self.total += float(np.sum(values * weights))
            self.count += float(np.sum(weights))

    def result(self) -> float:
        """Return the mean so far; 0 before the first batch, as in Keras."""
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        """Start again."""
        self.total = 0.0
        self.count = 0.0

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        """Add a batch and return the mean so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name}


def check_same_shape(
    metric: Metric, y_shape: tuple[int, ...], output_shape: Shape
) -> None:
    """Require as many values as the output has; dimensions of 1 may be left out."""
    wanted, given = ([n for n in s[1:] if n != 1] for s in (output_shape, y_shape))
    if wanted != given:
        raise ValueError(
            f"metric '{metric.name}': expected y of the output's shape "
            f"{format_shape(output_shape)}, received {y_shape}"
        )


def check_labels(metric: Metric, y_shape: tuple[int, ...], output_shape: Shape) -> None:
    """Require one label per sample."""
    if tuple(y_shape[1:]) not in ((), (1,)):
        raise ValueError(
            f"metric '{metric.name}': expected labels of shape (N,) or (N, 1), "
            f"received y of shape {y_shape}"
        )

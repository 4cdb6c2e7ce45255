"""The harmonic mean of precision and recall."""

from __future__ import annotations

from typing import Any

from scratchnet.metrics.f_beta_score import FBetaScore


class F1Score(FBetaScore):
    """2 · precision · recall / (precision + recall), of each class.

    Shapes:
        y_true, y_pred: (N, C), y_true one-hot

    Args:
        average: None gives one score for each class; ``"micro"`` counts all classes
            together, ``"macro"`` averages the scores, ``"weighted"`` does so by how
            often classes are.
        threshold: above it a prediction is a yes; None takes the largest of each row.
        name: key in logs and history.
        dtype: accepted for Keras's sake.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = super().get_config()
        del config["beta"]
        return config

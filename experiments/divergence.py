"""A run whose loss is no number has no result, and stops no other run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scratchnet.foundation.errors import CheckpointError


class DivergedError(CheckpointError):
    """A training ended in losses that are no numbers."""


def check(history: Mapping[str, Sequence[float]], who: str) -> None:
    """Require losses that are finite, in all epochs.

    Args:
        history: ``loss`` and ``val_loss``, each a value per epoch.
        who: whose they are, for the message.

    Raises:
        DivergedError: one is NaN or infinite.
    """
    losses = np.array([history["loss"], history["val_loss"]])
    lost = np.flatnonzero(~np.isfinite(losses).all(axis=0))
    if lost.size:
        raise DivergedError(
            f"{who}: training diverged: the loss was not finite in epoch {lost[0] + 1}"
        )

"""Medians, spread, and how sure one can be of a ratio of medians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

RESAMPLES = 10_000


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return median, quartiles, their distance (IQR) and the number of values.

    >>> summary([4.0, 1.0, 3.0, 2.0, 5.0])
    {'median': 3.0, 'q1': 2.0, 'q3': 4.0, 'iqr': 2.0, 'n': 5}
    """
    q1, median, q3 = (float(value) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    return {"median": median, "q1": q1, "q3": q3, "iqr": q3 - q1, "n": len(values)}


def against_fastest(
    times: Mapping[str, Sequence[float]], own: str
) -> dict[str, Any] | None:
    """Compare with the fastest of the peers, by medians over rounds.

    The interval is a percentile bootstrap over rounds (Efron & Tibshirani, 1993, "An
    introduction to the bootstrap", chapter 13): rounds are drawn with replacement,
    the same ones for everybody, since what slows a round down slows all down that
    take part in it. The fastest peer is chosen anew in each resample, so that the
    interval covers that choice, too.

    Args:
        times: name → its time in each round, the same rounds for all.
        own: our name; the others are the peers.

    Returns:
        ``peer``, the one with the smallest median; ``ratio``, its median divided by
        ours (above 1, we are faster); ``low`` and ``high``, the ends of the 95 %
        interval; all of it as ``text``. None if there are no peers.
    """
    peers = [name for name in times if name != own]
    if not peers:
        return None
    rounds = np.array([times[name] for name in (own, *peers)])
    medians = np.median(rounds, axis=1)
    fastest = int(np.argmin(medians[1:]))
    ratio = float(medians[1 + fastest] / medians[0])
    count = rounds.shape[1]
    drawn = np.random.default_rng(0).integers(count, size=(RESAMPLES, count))
    resampled = np.median(rounds[:, drawn], axis=2)
    ratios = resampled[1:].min(axis=0) / resampled[0]
    low, high = (float(end) for end in np.quantile(ratios, (0.025, 0.975)))
    text = f"{ratio:.2f}x {peers[fastest]} [{low:.2f}, {high:.2f}]"
    return {
        **{"peer": peers[fastest], "ratio": ratio},
        **{"low": low, "high": high, "text": text},
    }

"""Medians, spread, and how sure one can be of a ratio of medians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Ratio:
    """How many times as long the fastest peer takes; above 1, we are faster.

    Attributes:
        peer: whose median is the smallest.
        ratio: its median divided by ours.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    peer: str
    ratio: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        """Write it for people.

        >>> str(Ratio("keras", 2.0, 1.9, 2.125))
        '2.00x keras [1.90, 2.12]'
        """
        return f"{self.ratio:.2f}x {self.peer} [{self.low:.2f}, {self.high:.2f}]"


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return median, quartiles, their distance (IQR) and the number of values.

    >>> summary([4.0, 1.0, 3.0, 2.0, 5.0])
    {'median': 3.0, 'q1': 2.0, 'q3': 4.0, 'iqr': 2.0, 'n': 5}
    """
    q1, median, q3 = (float(value) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    return {"median": median, "q1": q1, "q3": q3, "iqr": q3 - q1, "n": len(values)}


def ratio_to_fastest(
    own: Sequence[float], peers: Mapping[str, Sequence[float]], *, seed: int = 0
) -> Ratio:
    """Compare with the fastest of the peers, by medians over rounds.

    The interval is a percentile bootstrap over rounds (Efron & Tibshirani, 1993, "An
    introduction to the bootstrap", chapter 13): rounds are drawn with replacement,
    the same ones for everybody, since what slows a round down slows all down that
    take part in it. The fastest peer is chosen anew in each resample, so that the
    interval covers that choice, too.

    Args:
        own: our time in each round.
        peers: name → its time in the same rounds.
        seed: of the resampling.

    Raises:
        ValueError: no peers, no rounds, or different numbers of them.
    """
    if not peers or not own or any(len(own) != len(times) for times in peers.values()):
        raise ValueError(
            "ratio_to_fastest: expected peers with as many rounds as ours, received "
            f"{len(own)} rounds and { {name: len(t) for name, t in peers.items()} }"
        )
    times = np.array([own, *peers.values()])
    medians = np.median(times, axis=1)
    fastest = int(np.argmin(medians[1:]))
    rounds = times.shape[1]
    drawn = np.random.default_rng(seed).integers(rounds, size=(RESAMPLES, rounds))
    resampled = np.median(times[:, drawn], axis=2)
    ratios = resampled[1:].min(axis=0) / resampled[0]
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Ratio(
        list(peers)[fastest],
        float(medians[1 + fastest] / medians[0]),
        float(low),
        float(high),
    )

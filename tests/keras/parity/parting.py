"""Where two correct programs part: CIFAR-100's Deeper CNN, on the study's own pixels.

    python -m tests.keras.parity.parting  (with the extra `reference` installed)

Keras takes the first 40 steps several times over in float64, each time with the images
of every batch in another order, which changes nothing but the order of additions. In
some orders it stays within rounding of itself, in others it parts for good in one of
the first steps; `tests.keras.golden.trajectories.batches` says why. scratchnet may go
either way, and stays within rounding of the Keras that went the same. With (v + 1)/256
for a pixel v, nothing parts.
"""

from __future__ import annotations

import numpy as np

from benchmarks.harness.networks import CASES
from tests.keras.golden import keras_trajectory, trajectories
from tests.keras.golden.trajectories import BATCH, Trajectory

CASE, STEPS, ORDERS = CASES["cifar100_deeper_cnn"], 40, 6


def main() -> None:
    """Print a line for each order: how far Keras and scratchnet are from it."""
    weights = keras_trajectory.initial_weights(CASE)
    for off_the_kink, pixels in ((False, "v/255"), (True, "(v + 1)/256")):
        samples = trajectories.batches(CASE, STEPS, off_the_kink=off_the_kink)
        arguments = CASE, "float64", weights, samples
        ours = trajectories.scratchnet_trajectory(*arguments)
        first = keras_trajectory.keras_trajectory(*arguments)
        print(f"{pixels}: scratchnet from Keras: {apart(ours, first)}", flush=True)
        for seed in range(ORDERS):
            order = np.random.default_rng(seed).permutation(BATCH)
            other = keras_trajectory.keras_trajectory(*arguments, order)
            print(
                f"  order {seed}: Keras from Keras: {apart(first, other)}; "
                f"scratchnet: {apart(ours, other)}",
                flush=True,
            )


def apart(found: Trajectory, reference: Trajectory) -> str:
    """Say how far the losses are apart, and since when."""
    gaps = np.abs(found.losses - reference.losses)
    since = np.flatnonzero(gaps > 1e-9)
    return f"{gaps.max():.1e}" + (f" since step {since[0] + 1}" if since.size else "")


if __name__ == "__main__":
    main()

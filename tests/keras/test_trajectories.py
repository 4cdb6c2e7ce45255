"""The first 20 steps as Keras took them: the three models on digits, stored.

The same for the study's six models and 200 steps, with Keras running beside:
`tests/keras/parity/test_step_by_step.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.keras.golden import trajectories
from tests.keras.golden.trajectories import Trajectory, distance

GOLDEN = Path(__file__).parent / "golden" / "trajectories.npz"


def keras(model: str, dtype: str) -> Trajectory:
    """Return what Keras computed, thinned."""
    start = f"{model}/{dtype}/"
    with np.load(GOLDEN) as stored:
        names = sorted(name for name in stored.files if name.startswith(start))
        losses, *weights = (stored[name] for name in names)
    return Trajectory(losses, weights)


def ours(model: str, dtype: str) -> Trajectory:
    """Return what scratchnet computes from the same start, thinned."""
    case = trajectories.SHORT[model]
    new = trajectories.scratchnet_model(case, dtype).get_weights()
    start = trajectories.drawn(new, seed=0)
    samples = trajectories.short_batches(case)
    return trajectories.scratchnet_trajectory(case, dtype, start, samples).thinned()


@pytest.mark.parametrize("model", trajectories.SHORT)
def test_float64_follows_keras(model: str) -> None:
    found = distance(ours(model, "float64"), keras(model, "float64"))
    assert found.loss_max <= 1e-9
    assert found.weights_max <= 1e-7


@pytest.mark.parametrize("model", trajectories.SHORT)
def test_float32_is_no_farther_than_three_times_keras(model: str) -> None:
    exact = keras(model, "float64")
    found, yardstick = (
        distance(side(model, "float32"), exact) for side in (ours, keras)
    )
    assert found.loss <= 3 * yardstick.loss
    assert found.weights <= 3 * yardstick.weights


def test_a_wrong_mask_is_noticed() -> None:
    exact = keras("deeper_cnn", "float64")
    case = trajectories.SHORT["deeper_cnn"]
    model = trajectories.scratchnet_model(case, "float64")
    model.set_weights(trajectories.drawn(model.get_weights(), seed=0))
    model.layers[-2].buffers["seed_state"][0] += 1
    x, y = trajectories.short_batches(case)[0]
    assert abs(model.train_on_batch(x, y) - exact.losses[0]) > 1e-3

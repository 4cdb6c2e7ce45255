"""Record short trajectories of Keras's, for tests that run without it.

    python -m tests.golden.make_trajectories      (with the extra `reference` installed)

The three models take 20 steps on the digits that come with scikit-learn, in float64 and
in float32; of the weights only a sample is kept. Seeds and shapes are in
`trajectories.py` and in `SHORT`, the versions in the file.
"""

from pathlib import Path

import numpy as np

from tests.golden import keras_trajectory as keras_side
from tests.golden import trajectories

HERE = Path(__file__).parent


def main():
    """Write trajectories.npz."""
    found = {
        "versions": np.array(
            [
                f"keras {keras_side.keras.__version__}",
                f"tensorflow {keras_side.tf.__version__}",
            ]
        )
    }
    for name, case in trajectories.SHORT.items():
        new = keras_side.keras_model(case, "float32").get_weights()
        start = trajectories.drawn(new, seed=0)
        for dtype in ("float64", "float32"):
            one = keras_side.keras_trajectory(
                case, dtype, start, trajectories.SHORT_STEPS
            ).thinned()
            found[f"{name}/{dtype}/losses"] = one.losses
            for i, weight in enumerate(one.weights):
                found[f"{name}/{dtype}/weights_{i:02d}"] = weight
    np.savez_compressed(HERE / "trajectories.npz", **found)
    size = (HERE / "trajectories.npz").stat().st_size
    print(f"trajectories.npz: {len(found)} arrays, {size} bytes")


if __name__ == "__main__":
    main()

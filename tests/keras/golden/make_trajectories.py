"""Record short trajectories of Keras's, for tests that run without it.

    python -m tests.keras.golden.make_trajectories  (extra `reference`)

The three models take 20 steps on the digits that come with scikit-learn, in float64 and
in float32; of the weights only a sample is kept. Seeds and shapes are in
`trajectories.py` and in `SHORT`, the versions in the file.
"""

from tests.keras.golden import keras_trajectory as keras_side
from tests.keras.golden import trajectories
from tests.keras.golden.make import write

SEED = 0


def main():
    """Write trajectories.npz."""
    found = {}
    for name, case in trajectories.SHORT.items():
        new = keras_side.keras_model(case, "float32").get_weights()
        start = trajectories.drawn(new, seed=SEED)
        samples = trajectories.short_batches(case)
        for dtype in ("float64", "float32"):
            one = keras_side.keras_trajectory(case, dtype, start, samples).thinned()
            found[f"{name}/{dtype}/losses"] = one.losses
            for i, weight in enumerate(one.weights):
                found[f"{name}/{dtype}/weights_{i:02d}"] = weight
    write("trajectories", found, SEED)


if __name__ == "__main__":
    main()

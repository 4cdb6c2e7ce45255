"""Make all golden files anew, from Keras.

    python -m tests.keras.golden.make          (with the extra `reference` installed)

Each ``.npz`` holds the versions of what made it and the seed of its numbers. The
default tests read them, and need no Keras.
"""

import os
from pathlib import Path

import numpy as np

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", COLUMNS="80")

HERE = Path(__file__).parent


def write(name, arrays, seed):
    """Write a golden file, with versions and seed."""
    import keras
    import tensorflow

    versions = [
        f"{module.__name__} {module.__version__}" for module in (keras, tensorflow, np)
    ]
    arrays = {"versions": np.array(versions), "seed": np.array(seed), **arrays}
    path = HERE / f"{name}.npz"
    np.savez_compressed(path, **arrays)
    print(f"{path.name}: {len(arrays)} arrays, {path.stat().st_size} bytes")


def main():
    """Write every golden file."""
    from tests.keras.golden import (
        make_callbacks,
        make_core,
        make_layers,
        make_models,
        make_trajectories,
        make_weights_h5,
    )

    make_core.main()
    make_layers.main()
    make_weights_h5.main()
    make_models.main()
    make_trajectories.main()
    make_callbacks.main([])


if __name__ == "__main__":
    main()

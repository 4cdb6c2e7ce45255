"""Run `core_cases` under Keras and store what it returned.

    python tests/golden/make_core.py      (with the extra `reference` installed)

The seeds are those in `core_cases.py`; the versions are in the file's `versions`.
"""

import os
import sys
import warnings
from pathlib import Path

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", COLUMNS="80")
sys.path.insert(0, str(Path(__file__).parent))

import core_cases
import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent


def main():
    """Write core.npz."""
    found = {
        "versions": np.array(
            [f"keras {keras.__version__}", f"tensorflow {tf.__version__}"]
        )
    }
    for name, case in core_cases.CASES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = case(keras)
        for key, value in values.items():
            array = np.array(value)
            # Weights are float32 already; histories are float32 numbers in Keras.
            found[f"{name}/{key}"] = array
            if array.dtype == np.float64:
                found[f"{name}/{key}"] = array.astype(np.float32)
    np.savez_compressed(HERE / "core.npz", **found)
    size = (HERE / "core.npz").stat().st_size
    print(f"core.npz: {len(found)} arrays, {size} bytes")


if __name__ == "__main__":
    main()

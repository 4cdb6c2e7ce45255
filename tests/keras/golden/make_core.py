"""Run `core_cases` under Keras and store what it returned, in ``core.npz``.

Part of `python -m tests.keras.golden.make`.
"""

import warnings

import keras
import numpy as np

from tests.keras.golden import core_cases
from tests.keras.golden.make import write


def main():
    """Write core.npz."""
    found = {}
    for name, case in core_cases.CASES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = case(keras)
        for key, value in values.items():
            array = np.array(value)
            # Weights are float32 already; histories are float32 numbers in Keras.
            if array.dtype == np.float64:
                array = array.astype(np.float32)
            found[f"{name}/{key}"] = array
    write("core", found, [f"{name} {seed}" for name, seed in core_cases.SEEDS.items()])

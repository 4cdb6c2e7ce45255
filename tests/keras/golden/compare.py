"""What Keras returned for a case, what scratchnet returns, and whether they agree."""

import warnings
from pathlib import Path

import numpy as np

import scratchnet
from tests.keras.golden import core_cases

EPSILON = float(np.finfo(np.float32).eps)

with np.load(Path(__file__).with_name("core.npz")) as stored:
    GOLDEN = {name: stored[name] for name in stored.files}


def keras(case):
    """Return what Keras returned: name → array."""
    start = f"{case}/"
    return {k.removeprefix(start): v for k, v in GOLDEN.items() if k.startswith(start)}


def ours(case):
    """Run the case on scratchnet: name → array."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "fit: the input ran out of data")
        found = core_cases.CASES[case](scratchnet)
    return {name: np.array(value) for name, value in found.items()}


def assert_agree(case, tolerance, scale=1.0):
    """Require the same names, shapes and texts, and numbers within the tolerance.

    Args:
        case: name of one of `core_cases.CASES`.
        tolerance: largest difference, relative to ``scale`` or to the number itself,
            whichever is larger.
        scale: size of the numbers that rounding errors come from.
    """
    expected, received = keras(case), ours(case)
    assert sorted(received) == sorted(expected)
    for name, want in expected.items():
        got = received[name]
        if want.dtype.kind == "U":
            assert got.tolist() == want.tolist(), name
            continue
        assert got.shape == want.shape, name
        np.testing.assert_allclose(
            got, want, rtol=tolerance, atol=tolerance * scale, err_msg=name
        )


def rounding(terms, steps=1):
    """Return the error to expect of sums of so many terms, one after another.

    Rounding errors of n terms add up like a random walk, to √n units in the last
    place; two such sums, forward and backward, make a step.
    """
    return 2 * EPSILON * terms**0.5 * steps

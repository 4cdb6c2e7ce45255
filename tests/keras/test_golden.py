"""Every layer and every loss, in all its options, gives what Keras gave.

`python -m tests.keras.golden.make` makes the files, with Keras; reading them needs
none. Optimizers, metrics, initializers and training curves: the test module of each.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from scratchnet import losses
from tests.keras.golden.step import Step, assert_within, loss_results, ours

GOLDEN = Path(__file__).with_name("golden")


def read(name):
    """Return case → key → array, of a file whose names are ``case/key``."""
    cases = {}
    with np.load(GOLDEN / f"{name}.npz") as stored:
        for path in stored.files:
            case, _, key = path.partition("/")
            if key:
                cases.setdefault(case, {})[key] = stored[path]
    return cases


def group(arrays, prefix):
    """Return the arrays whose key begins so, without it."""
    start = f"{prefix}/"
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


LAYERS, LOSSES = read("layers"), read("losses")


@pytest.mark.parametrize("case", LAYERS)
def test_layer(case):
    arrays = LAYERS[case]
    config = json.loads(str(arrays["config"]))
    step = Step(**config, **group(arrays, "in"), weights=group(arrays, "weight"))
    assert_within(ours(step), group(arrays, "out"), group(arrays, "bound"))


@pytest.mark.parametrize("case", LOSSES)
def test_loss(case):
    arrays = LOSSES[case]
    config = json.loads(str(arrays["config"]))
    loss = getattr(losses, config["kind"])(**config["settings"])
    found = loss_results(loss, **group(arrays, "in"))
    expected = {k: v[()] for k, v in group(arrays, "out").items()}
    assert_within(found, expected, group(arrays, "bound"))


@pytest.mark.parametrize("cases", [LAYERS, LOSSES], ids=["layers", "losses"])
def test_results_off_by_a_thousandth_are_found(cases):
    for title, arrays in cases.items():
        # Where x is around 30, the terms of x − μ are 30 times as large as their sum.
        if title.endswith("around 30"):
            continue
        expected, bounds = group(arrays, "out"), group(arrays, "bound")
        for name, value in expected.items():
            # What cancels to nothing, as gradients do in a batch of 1, has no size.
            if np.abs(value).max() < 1e-3:
                continue
            wrong = {**expected, name: value * value.dtype.type(1.001)}
            with pytest.raises(AssertionError, match=f"{name}: .*more than rounding"):
                assert_within(wrong, expected, bounds)


def test_files_are_small_and_say_what_made_them():
    files = sorted(GOLDEN.glob("*.npz"))
    assert len(files) == 9
    assert sum(path.stat().st_size for path in GOLDEN.iterdir()) < 5e6
    for path in files:
        with np.load(path) as stored:
            makers = [str(text).split()[0] for text in stored["versions"]]
            assert makers == ["keras", "tensorflow", "numpy"]
            assert stored["seed"].size

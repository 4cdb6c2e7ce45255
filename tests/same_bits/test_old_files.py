"""Files that users may have from before the house was rebuilt still load."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import scratchnet as keras
from scratchnet.callbacks import BackupAndRestore
from scratchnet.runs import Run
from tests.same_bits.make_files import data, fit, model

FILES = Path(__file__).with_name("files")

# Of another processor: sums may be ordered in another way, and Adam divides by roots.
CLOSE = {"rtol": 1e-4, "atol": 1e-5}


@pytest.fixture(scope="module")
def expected():
    with np.load(FILES / "expected.npz") as file:
        return dict(file)


def assert_weights(net, expected, **close):
    for i, weight in enumerate(net.get_weights()):
        np.testing.assert_allclose(weight, expected[f"weight_{i}"], **close)


@pytest.mark.parametrize("name", ["weights.npz", "model.weights.h5", "model.keras"])
def test_weights(name, expected):
    net = keras.Sequential.from_config(model().get_config())
    net.load_weights(FILES / name)
    assert_weights(net, expected, rtol=0)


def test_a_whole_model(expected):
    net = keras.models.load_model(FILES / "model.keras")
    assert_weights(net, expected, rtol=0)
    assert net.optimizer.iterations == 9
    found = net.predict(data()[0], verbose=0)
    np.testing.assert_allclose(found, expected["predictions"], **CLOSE)


def test_a_backup_goes_on_to_the_same_end(expected, tmp_path):
    shutil.copytree(FILES / "backup", tmp_path / "backup")
    keras.utils.set_random_seed(99)
    net = model()
    history = fit(net, BackupAndRestore(tmp_path / "backup"))
    np.testing.assert_allclose(history["loss"], expected["loss"], **CLOSE)
    assert_weights(net, expected, rtol=1e-3, atol=1e-4)


def test_a_run(expected):
    net = Run.open(FILES / "run").model()
    assert_weights(net, expected, rtol=0)

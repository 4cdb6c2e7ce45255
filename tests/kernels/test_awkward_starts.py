"""The first compilation, where others compile at the same time or nothing is kept."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import hashlib
import numpy as np
import scratchnet as keras
keras.utils.set_random_seed(0)
x = np.random.default_rng(0).random((96, 5), dtype="float32")
y = np.eye(3, dtype="float32")[np.arange(96) % 3]
model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, "softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, batch_size=64, verbose=0)
weights = b"".join(weight.tobytes() for weight in model.get_weights())
print(hashlib.sha256(weights).hexdigest())
"""


def start(package, **changed):
    """Train in a process of its own; return what it printed, and to whom."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "PYTHONDONTWRITEBYTECODE")
    }
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=package,
        env=inherited | {"PYTHONPATH": str(package)} | changed,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout, process.stderr.count("compiling kernels")


@pytest.mark.slow
def test_processes_that_compile_at_once_learn_the_same(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        ended = list(
            pool.map(lambda _: start(ROOT, NUMBA_CACHE_DIR=str(tmp_path)), range(3))
        )
    assert len({weights for weights, _ in ended}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("home", "announced"), [(True, [1, 0]), (False, [1, 1])])
def test_an_install_that_can_not_be_written_to(home, announced, tmp_path):
    # With a home, the second run finds the first one's cache; without, it can't.
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scratchnet", tmp_path / "scratchnet", ignore=ignored)
    folders = [path for path in (tmp_path / "scratchnet").rglob("*") if path.is_dir()]
    for folder in [tmp_path / "scratchnet", *folders]:
        # In its place no cache can be made, not even by root, who may write anywhere.
        (folder / "__pycache__").touch()
    before = sorted((tmp_path / "scratchnet").rglob("*"))
    (tmp_path / "home").mkdir()
    place = str(tmp_path / "home") if home else "/dev/null/nowhere"
    runs = [start(tmp_path, HOME=place) for _ in range(2)]
    assert [compiled for _, compiled in runs] == announced
    assert sorted((tmp_path / "scratchnet").rglob("*")) == before

"""What must hold under settings that Numba reads once per process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, **environment):
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout


def test_any_number_of_threads_gives_the_same_bits():
    output = run("-m", "tests.kernels.run_cases", "digests", NUMBA_NUM_THREADS="3")
    found = json.loads(output)
    assert len(found) > 60
    assert {len(digests) for digests in found.values()} == {2 + hasattr(os, "fork")}
    different = [name for name, digests in found.items() if len(set(digests)) > 1]
    assert not different


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_children_train_while_the_parent_does():
    program = """
import multiprocessing
import threading
import warnings

import numpy as np
import scratchnet as keras

x = np.random.default_rng(0).random((64, 8, 8, 1), dtype="float32")
y = np.arange(64) % 3
done = []

def train(_=None):
    layers = [keras.layers.Conv2D(4, 3, activation="relu"), keras.layers.Flatten()]
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *layers, keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model.fit(x, y, epochs=2, verbose=0).history["loss"]

def again_and_again():
    while not done:
        train()

def child(_):
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        keras.utils.set_random_seed(5)
        return train(), [str(warning.message) for warning in given]

keras.utils.set_random_seed(5)
expected = train()
thread = threading.Thread(target=again_and_again)
thread.start()
try:
    for _ in range(4):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            for found, said in pool.map_async(child, range(2)).get(120):
                assert found == expected, (found, expected)
                assert len(said) <= 1 and all("forked" in text for text in said), said
finally:
    done.append(True)
    thread.join()
train()
print("trained")
"""
    assert run("-c", program) == "trained\n"


@pytest.mark.parametrize("setting", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_rungs_agree_with_the_reference_under(setting):
    output = run("-m", "tests.kernels.run_cases", "check", **{setting: "1"})
    assert json.loads(output)["checked"] >= 20


@pytest.mark.parametrize(
    ("setting", "rung"),
    [
        ({"NUMBA_DISABLE_JIT": "1"}, "reference"),
        ({"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "+sse4.2"}, "im2col"),
    ],
)
def test_where_tiles_do_not_run_a_lower_rung_trains(setting, rung):
    program = """
import numpy as np
import scratchnet as keras
from scratchnet import kernels
from tests.kernels.run_cases import without_warnings

keras.utils.set_random_seed(1)
x, y = np.random.default_rng(0).random((8, 6, 6, 1), np.float32), np.arange(8) % 3
model = keras.Sequential([keras.Input((6, 6, 1))])
model.add(keras.layers.Conv2D(4, 3, activation="relu"))
model.add(keras.layers.MaxPooling2D())
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(4, activation="gelu"))
model.add(keras.layers.Dense(3, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
print(kernels.get_rung(), *without_warnings(model.fit)(x, y, verbose=0).history["loss"])
"""
    used, loss = run("-c", program, **setting).split()
    _, expected = run("-c", program).split()
    assert used == rung
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)


def test_bounds_checks_reach_into_parallel_loops():
    program = """
import numpy as np
from scratchnet import kernels
try:
    kernels.OPERATIONS["dense_forward"].rungs["loops"](
        np.zeros((1, 3)), np.zeros((2, 1)), np.zeros(1), np.zeros((1, 1))
    )
except IndexError:
    print("noticed")
"""
    assert run("-c", program, NUMBA_BOUNDSCHECK="1") == "noticed\n"


def test_waiting_for_the_compiler_is_announced_once(tmp_path):
    program = """
import numpy as np
from scratchnet import kernels
x = np.zeros(3)
kernels.relu_forward(x, x)
kernels.first_non_finite(x)
"""
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0
    assert process.stdout == ""
    assert process.stderr.count("compiling kernels") == 1


def test_threads_that_sleep_leave_no_trace_in_the_environment():
    program = """
import os
import shutil
before = dict(os.environ)
import scratchnet.kernels
print(dict(os.environ) == before)
"""
    assert run("-c", program) == "True\n"


def test_functions_of_other_peoples_modules_compile():
    program = """
import numba
import scratchnet.kernels
names = {}
exec("def f(x): return x + 1", names)
names["f"].__module__ = None
print(numba.njit(names["f"])(1))
"""
    assert run("-c", program) == "2\n"


def test_kernels_follow_the_source_of_what_they_call(tmp_path):
    # relu.py is compiled into dense_chain/backward.py.
    shutil.copytree(
        ROOT / "scratchnet",
        tmp_path / "scratchnet",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    program = """
import numpy as np
from scratchnet import kernels
one = np.ones((1, 1))
gradients = [(np.empty((1, 1)), np.empty((1, 1))), (np.empty(1), np.empty(1))]
d_between = np.empty((1, 1))
kernels.dense_chain_backward(
    one, (one, one), ("relu",), (one,), one, *gradients, (d_between,), None
)
print(d_between.item())
"""

    def result():
        places = {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "c")}
        return subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=os.environ | places,
            capture_output=True,
            text=True,
            timeout=600,
        )

    assert result().stdout == "1.0\n"
    again = result()
    assert again.stdout == "1.0\n" and "compiling" not in again.stderr
    path = tmp_path / "scratchnet" / "kernels" / "activations" / "relu.py"
    source = path.read_text(encoding="utf-8")
    gradient = "dx[i] = gradient if"
    assert source.count(gradient) == 1
    path.write_text(
        source.replace(gradient, "dx[i] = 2 * gradient if"), encoding="utf-8"
    )
    assert result().stdout == "2.0\n"


def test_bounds_checks_reach_the_work_of_every_worker():
    program = """
import numpy as np
from typing import NamedTuple
from scratchnet.kernels.machine.compile import compiled
from scratchnet.kernels.machine.workers import launch, take

class Array(NamedTuple):
    x: np.ndarray

class Size(NamedTuple):
    n: int

@compiled
def fill(worker, waiting, array, size, other):
    array, size = Array(*array), Size(*size)
    n = take(waiting, worker, size.n)
    while n < size.n:
        array.x[n] = 1
        n = take(waiting, worker, size.n)

try:
    launch(fill, 2, Array(np.zeros(3)), Size(4), Size(0))
except IndexError:
    print("noticed")
"""
    assert run("-c", program, NUMBA_BOUNDSCHECK="1") == "noticed\n"

"""Functions that are compiled once, and called from where they are needed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from scratchnet.kernels.machine import links
from scratchnet.kernels.machine.compile import compiled, compiled_once


@compiled_once
def split(pair, array, at):
    """Return numbers of several types and a view of an array, and may fail."""
    a, b = pair
    if at > len(array):
        raise IndexError("beyond the end")
    return a + b, array[at:], at > 0


@compiled
def call(pair, array, at):
    return split(pair, array, at)


@compiled
def call_twice(array):
    return split((1, 2), array, 1)[1].sum() + split((1, 2.5), array, 2)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("writeable", [True, False])
def test_arguments_and_results_are_those_of_a_call(dtype, writeable):
    array = np.arange(5, dtype=dtype)
    array.flags.writeable = writeable
    total, rest, moved = call((2, 0.5), array, 3)
    assert (total, moved) == (2.5, True)
    assert rest.tolist() == [3, 4]
    assert np.shares_memory(rest, array)
    assert rest.flags.writeable == writeable
    before = sys.getrefcount(array)
    for _ in range(100):
        call((2, 0.5), array, 3)
    assert sys.getrefcount(array) <= before


def test_errors_reach_the_caller():
    with pytest.raises(IndexError, match="beyond the end"):
        call((1, 2), np.zeros(3), 4)


def test_each_set_of_types_has_code_of_its_own():
    array = np.arange(4.0)
    assert call_twice(array) == 6 + 3.5
    name = f"{__name__}.split"
    symbols = [symbol for symbol, (own, _) in links._links.items() if own == name]
    assert len(symbols) == len(set(symbols)) >= 2


def test_python_can_not_call_it():
    with pytest.raises(NotImplementedError, match="split"):
        split((1, 2), np.zeros(3), 0)


PROGRAM = """
import json
import sys
from numba.core import event

class Compiled(event.Listener):
    names = []

    def on_start(self, event):
        self.names.append(event.data["dispatcher"].py_func.__name__)

    def on_end(self, event):
        pass

event.register("numba:compile", Compiled())
import numpy as np
from scratchnet import kernels
y, bias = np.empty((3, 4), np.float32), np.ones(4, np.float32)
x, weight = np.ones((3, 2), np.float32), np.ones((2, 4), np.float32)
kernels.OPERATIONS["dense_forward"].rungs["direct"](x, weight, bias, y)
scipy = "scipy.linalg" in sys.modules
print(json.dumps([y.tolist(), Compiled.names, scipy]))
"""


def test_code_from_the_cache_finds_what_it_calls(tmp_path):
    def run():
        process = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert process.returncode == 0, process.stderr[-3000:]
        result, names, scipy = json.loads(process.stdout)
        assert result == [[3] * 4] * 3
        assert not scipy  # no kernel needs it, and it takes long to load
        return names

    names = run()
    assert names.count("product") == names.count("_add_part") == 1
    assert run() == []
    # The code of the one function is gone, that of those that call it is there.
    lost = [path for path in tmp_path.rglob("products.product-*") if path.is_file()]
    assert len(lost) == 1  # the code for float32
    for path in lost:
        path.unlink()
    assert "product" in run()
    assert run() == []


def test_compiled_code_of_others_still_multiplies_matrices():
    program = """
import sys
import numba
import numpy as np
from scratchnet import kernels
kernels.relu_forward(np.ones(3), np.empty(3))
print("scipy.linalg" in sys.modules)
print(numba.njit(lambda a: a @ a)(np.ones((2, 2))).tolist())
"""
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600
    ).stdout
    assert output == "False\n[[2.0, 2.0], [2.0, 2.0]]\n"

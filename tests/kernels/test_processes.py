"""What must hold under settings that Numba reads once per process."""

import json
import os
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
    output = run("-m", "tests.kernels.run_cases", "digests", NUMBA_NUM_THREADS="4")
    found = json.loads(output)
    assert len(found) > 60
    different = [name for name, digests in found.items() if len(set(digests)) > 1]
    assert not different


@pytest.mark.parametrize("setting", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_rungs_agree_with_the_reference_under(setting):
    output = run("-m", "tests.kernels.run_cases", "check", **{setting: "1"})
    assert json.loads(output)["checked"] >= 20


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
before = dict(os.environ)
import scratchnet.kernels
print(dict(os.environ) == before)
"""
    assert run("-c", program) == "True\n"

"""The SIMD tile reads and writes what it should, and nothing beside it."""

import os
import subprocess
import sys

import pytest

from tests.kernels import guarded

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="guard pages need mprotect"
)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_no_width_or_height_reaches_beyond_the_arrays():
    process = run("-m", guarded.__name__)
    assert process.returncode == 0, process.stderr
    assert "no access outside" in process.stdout


def test_the_guard_pages_guard():
    code = (
        "import numpy as np\n"
        "from tests.kernels.guarded import guarded\n"
        "array = guarded(np.zeros(3), 'right')\n"
        "np.lib.stride_tricks.as_strided(array, (4,), array.strides)[3]\n"
    )
    process = run("-c", code)
    assert process.returncode == -11


def test_avx2_tiles_do_the_same(tmp_path):
    # A processor with AVX-512 runs AVX2 code; Numba is told to make that.
    # Of one dtype: every kernel has to be compiled for it.
    process = run(
        "-m",
        guarded.__name__,
        "float32",
        NUMBA_CPU_NAME="haswell",
        NUMBA_CPU_FEATURES="+avx2,+fma",
        NUMBA_CACHE_DIR=str(tmp_path),
    )
    assert process.returncode == 0, process.stderr
    assert "no access outside" in process.stdout

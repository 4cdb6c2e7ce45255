from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import memory
from benchmarks.harness.libraries.fitting import FittingLibrary
from tests.benchmarks.conftest import is_summary, read

MEBIBYTE = 1 << 20


@pytest.mark.usefixtures("alone")
def test_quick_run_without_keras(tmp_path: Path) -> None:
    words = ["--quick", "--rounds", "1", "--threads", "1"]
    assert memory.main([*words, "--out", str(tmp_path)]) == 0
    document = read(tmp_path, "memory")
    assert "share_of_keras" not in document
    entry = document["libraries"]["scratchnet"]
    assert is_summary(entry["peak_bytes"], rounds=1)
    (one,) = entry["runs"]
    # Python with NumPy and Numba takes tens of mebibytes.
    assert 20 * MEBIBYTE < one["imported"] <= one["loaded"] <= one["peak"]


def test_the_peak_remembers_what_is_freed() -> None:
    before = FittingLibrary.memory()
    size = before["peak"] - before["now"] + 64 * MEBIBYTE
    np.ones(size, np.uint8)
    after = FittingLibrary.memory()
    assert after["peak"] >= before["now"] + size - MEBIBYTE
    assert after["now"] < after["peak"]

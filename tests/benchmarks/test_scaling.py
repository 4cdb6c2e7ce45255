from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import scaling
from benchmarks.harness import machine
from tests.benchmarks.conftest import is_summary, read


@pytest.mark.slow
def test_quick_run(tmp_path: Path) -> None:
    assert scaling.main(["--quick", "--threads", "1", "--out", str(tmp_path)]) == 0
    sweeps = read(tmp_path, "scaling")["sweeps"]
    assert list(sweeps) == ["batch size", "image size", "channels", "threads"]
    for sweep in sweeps.values():
        for point in sweep["points"]:
            assert is_summary(point["seconds_per_step"], rounds=2)
            assert point["gflops"] > 0
    threads = [point["x"] for point in sweeps["threads"]["points"]]
    assert threads == list(range(1, machine.cores() + 1))

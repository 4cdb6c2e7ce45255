from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks import startup
from tests.benchmarks.conftest import is_summary, read


@pytest.mark.slow
def test_quick_run(tmp_path: Path) -> None:
    words = ["--quick", "--rounds", "1", "--threads", "1"]
    assert startup.main([*words, "--out", str(tmp_path)]) == 0
    document = read(tmp_path, "startup")
    warm = document["warm"]
    for name in ("import_numba", "import_scratchnet", "first_step_from_cache"):
        assert is_summary(warm[name], rounds=1)
    above = warm["import_scratchnet"]["median"] - warm["import_numba"]["median"]
    assert warm["import_above_numba"]["median"] == pytest.approx(above)
    assert is_summary(document["cold"], rounds=1)


def test_a_process_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="out of beans"):
        startup.process("raise SystemExit('out of beans')", 1, tmp_path)


def test_a_process_is_timed_until_its_first_line(tmp_path: Path) -> None:
    script = "print('done', flush=True); import time; time.sleep(2)"
    started = time.perf_counter()
    seconds = startup.process(script, 1, tmp_path)
    # Two seconds less than it took; a busy machine may notice the line late.
    assert 0 < seconds < time.perf_counter() - started - 1

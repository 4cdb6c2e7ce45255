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
    assert document["failed"] == []
    warm = document["warm"]
    for name in ("import_numba", "import_scratchnet", "first_step_from_cache"):
        assert is_summary(warm[name], rounds=1)
    above = warm["import_scratchnet"]["median"] - warm["import_numba"]["median"]
    assert warm["import_above_numba"]["median"] == pytest.approx(above)
    assert document["cold"]["announcements"] == [1]
    assert document["at_once"]["different_weights"] == 1
    read_only = document["read_only"]
    assert read_only["files_written"] == 0
    # With a home, the second run finds the first one's cache; without, it can't.
    assert read_only["with_home"]["announcements"] == [1, 0]
    assert read_only["without_home"]["announcements"] == [1, 1]


def test_a_process_that_fails_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="out of beans"):
        startup.process("raise SystemExit('out of beans')", 1, {})


def test_a_process_is_timed_until_its_first_line() -> None:
    script = "print('done', flush=True); import time; time.sleep(2)"
    started = time.perf_counter()
    ended = startup.process(script, 1, {})
    assert ended.first_line == "done"
    # Two seconds less than it took; a busy machine may notice the line late.
    assert 0 < ended.seconds < time.perf_counter() - started - 1

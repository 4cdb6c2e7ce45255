from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.harness import machine
from scratchnet.runs import run as runs


def test_threads_go_to_different_cores_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_cpus", lambda: [0, 1, 2, 3])
    monkeypatch.setattr(machine, "_core", lambda cpu: str(cpu // 2))
    assert machine.cpus_for(1) == [0]
    assert machine.cpus_for(2) == [0, 2]
    assert machine.cpus_for(3) == [0, 1, 2]
    assert machine.cpus_for(9) == [0, 1, 2, 3]
    assert machine.cores() == 2


def test_a_result_says_where_it_comes_from() -> None:
    described = machine.describe(2)
    assert described["threads"] == 2
    assert described["cpu"] == runs.processor()
    assert described["versions"]["numba"]
    assert described["date"].endswith("+00:00")


def test_workers_of_other_libraries_do_without_ours() -> None:
    modules = ("processes", "libraries.keras_side", "libraries.torch_side")
    script = "".join(f"import benchmarks.harness.{name}\n" for name in modules)
    script += "import sys; sys.exit('scratchnet' in sys.modules)"
    assert subprocess.call([sys.executable, "-c", script], cwd=machine.ROOT) == 0

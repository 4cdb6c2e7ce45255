"""On which machine, with which versions and threads a result was measured."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.harness.libraries import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]

# Those of the peers follow. TensorFlow for processors alone has a name of its own.
PACKAGES = ("numpy", "numba", "scipy", "tensorflow-cpu")

# Whoever starts threads in a worker reads one of these when it is loaded.
THREAD_VARIABLES = (
    "NUMBA_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def available_cpus() -> list[int]:
    """Return the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def cpus_for(threads: int) -> list[int]:
    """Return processors for so many threads, each on a core of its own if possible.

    A library may hold more threads than it was asked to, or run two operations at
    once; on ``threads`` processors none can take more than its share.
    """
    available = available_cpus()
    first_of_core = list({_core(cpu): cpu for cpu in reversed(available)}.values())
    others = [cpu for cpu in available if cpu not in first_of_core]
    return sorted((sorted(first_of_core) + others)[:threads])


def cores() -> int:
    """Return the number of cores this process may use; SMT siblings count once."""
    return len({_core(cpu) for cpu in available_cpus()})


def _core(cpu: int) -> str:
    path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return path.read_text().strip()
    except OSError:
        return str(cpu)


def describe(threads: int) -> dict[str, Any]:
    """Return what a result needs beside its figures to be read later."""
    # Workers import this module, too, and those of other libraries do without ours.
    from scratchnet.runs.run import processor

    module = Path(sys.argv[0]).stem
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {
        "cpu": processor(),
        "cores": cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": _versions(),
        "threads": threads,
        "load_before": load,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", f"benchmarks.{module}", *sys.argv[1:]]),
        "commit": _commit(),
    }


def _versions() -> dict[str, str]:
    """Return the versions of what is installed and takes part."""
    found = {}
    of_peers = (package for _, needed in LIBRARIES.values() for package in needed)
    for package in dict.fromkeys((*PACKAGES, *of_peers)):
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _commit() -> str | None:
    """Return the checkout's commit, with ``-dirty`` where files differ from it."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--match="]
    try:
        ran = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return ran.stdout.strip() or None

"""Keras in a process of its own: its warnings, threads and dtype stay there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = {"keras": ("keras",), "tensorflow": ("tensorflow-cpu", "tensorflow")}

needs_keras = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in PACKAGES),
    reason="Keras is not installed: pip install -e '.[reference]'",
)


def run(module: str, *arguments: str) -> None:
    """Run ``python -m module arguments`` from the root; its errors are the test's."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[-5000:]}"


def versions() -> dict[str, str]:
    """Return the versions of Keras and TensorFlow, without importing them."""
    found = {}
    for name, distributions in PACKAGES.items():
        for distribution in distributions:
            try:
                found[name] = metadata.version(distribution)
            except metadata.PackageNotFoundError:
                continue
    return found

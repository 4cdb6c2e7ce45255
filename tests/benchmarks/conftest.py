from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import peers


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no package of the `reference` extra be found, installed or not."""
    monkeypatch.setattr(peers, "find_spec", lambda name: None)


def read(folder: Path, name: str, *, picture: bool = True) -> dict[str, Any]:
    """Return a benchmark's JSON, after a look at it and at its picture."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=refuse)
    assert document["benchmark"] == name
    assert document["quick"] is True
    machine = document["machine"]
    assert machine["cpu"] and machine["date"] and machine["threads"] == 1
    assert machine["versions"]["numpy"]
    if picture:
        content = (folder / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) > 2000
    return document


def is_summary(found: dict[str, Any], rounds: int) -> bool:
    """Tell whether medians and quartiles of so many rounds are there, in order."""
    ordered = 0 < found["q1"] <= found["median"] <= found["q3"]
    return ordered and found["n"] == rounds

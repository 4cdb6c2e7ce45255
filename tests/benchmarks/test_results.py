from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from benchmarks import results


def test_no_number_that_json_has_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        results.write(tmp_path, {"benchmark": "x", "value": float("nan")})


def test_names_are_checked() -> None:
    read = results.names("a", "b")
    assert read("all") == ["a", "b"]
    assert read("b") == ["b"]
    with pytest.raises(argparse.ArgumentTypeError, match="expected names out of a, b"):
        read("a,c")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many"])
def test_counts_are_checked(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number"):
        results.positive(text)

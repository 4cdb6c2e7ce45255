from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import epoch
from tests.benchmarks.conftest import is_summary, read


@pytest.mark.usefixtures("alone")
def test_quick_run_without_keras(tmp_path: Path) -> None:
    words = ["--quick", "--threads", "1", "--models", "fashion_ann"]
    assert epoch.main([*words, "--out", str(tmp_path)]) == 0
    document = read(tmp_path, "epoch")
    assert document["missing"] == ["keras"]
    found = document["cases"]["fashion_ann"]
    assert found["data"] == "synthetic"
    entry = found["libraries"]["scratchnet"]
    assert is_summary(entry["seconds_per_epoch"], rounds=2)
    assert "val_accuracy" in entry["first_epoch"]
    assert found["against_fastest_peer"] is None

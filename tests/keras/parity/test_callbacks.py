"""Keras's callbacks and scratchnet's, driven by the same random runs of metrics.

    python -m pytest tests/keras/parity/test_callbacks.py

1,500 cases, 500 of each callback, that `tests/keras/golden/callbacks.jsonl` doesn't
hold; see `tests/keras/golden/callback_cases.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.keras.golden import compare_callbacks
from tests.keras.parity import keras_process

pytestmark = [keras_process.needs_keras, pytest.mark.slow]

FIRST, COUNT = 1000, 1500


def test_callbacks_decide_as_keras_does(tmp_path: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    keras_process.run(
        "tests.keras.golden.make_callbacks",
        *("--first", str(FIRST), "--count", str(COUNT), "--out", str(path)),
    )
    records = compare_callbacks.read(path)
    assert len(records) == COUNT
    for record in records:
        compare_callbacks.assert_decides_as_keras(record)

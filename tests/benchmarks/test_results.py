from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import results
from scratchnet.foundation.errors import CheckpointError


def test_no_number_that_json_has_not(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        results.write_json(tmp_path / "x.json", {"value": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ['{"benchmark": "x", "ca', "\xff"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SystemExit) as raised:
        results.read(path)
    sentence = str(raised.value)
    assert sentence.startswith(f"{path}: can't be read")
    assert "restore the file" in sentence and "--replace" in sentence
    assert "\n" not in sentence


class Unfinished:
    """A figure that fails when half of it is written."""

    def savefig(self, file: Any, **_: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"whole")
    with pytest.raises(CheckpointError, match=r"x\.png: can't be written"):
        results.write_picture(path, Unfinished())
    assert path.read_bytes() == b"whole"


def test_json_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "x.json"
    results.write_json(path, {"value": 1})
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CheckpointError, match=r"x\.json: can't be written"):
        results.write_json(path, {"value": 2})
    monkeypatch.undo()
    assert results.read(path) == {"value": 1}
    assert list(tmp_path.iterdir()) == [path]

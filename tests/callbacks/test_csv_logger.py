from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_model import FakeModel, fit

from scratchnet.callbacks import CSVLogger, csv_logger


def rows(path: Path) -> list[str]:
    text = path.read_bytes().decode()
    assert text == "" or text.endswith("\r\n")
    return text.split("\r\n")[:-1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def test_a_header_and_a_line_per_epoch(path: Path) -> None:
    logs = [{"val_loss": 3.0, "loss": 0.1}, {"val_loss": float("nan"), "loss": 2.0}]
    fit(FakeModel(), CSVLogger(path), logs)
    assert rows(path) == ["epoch,loss,val_loss", "0,0.1,3.0", "1,2.0,nan"]


def test_columns_for_a_validation_that_comes_later(path: Path) -> None:
    logs = [{"loss": 1.0}, {"loss": 2.0, "val_loss": 3.0, "new": 9.0}]
    fit(FakeModel(), CSVLogger(path), logs)
    assert rows(path) == ["epoch,loss,val_loss", "0,1.0,NA", "1,2.0,3.0"]


def test_another_separator_and_values_that_are_no_numbers(path: Path) -> None:
    logs: list[dict[str, Any]] = [{"a": "x;y", "b": np.arange(2), "c": [1, 2]}]
    fit(FakeModel(), CSVLogger(path, separator=";"), logs)
    assert rows(path)[0] == "epoch;a;b;c;val_a;val_b;val_c"
    assert rows(path)[1] == '0;"x;y";"""[0, 1]""";"""[1, 2]""";NA;NA;NA'


@pytest.mark.parametrize("append", [False, True])
def test_a_second_fit_appends_or_overwrites(path: Path, append: bool) -> None:
    logger = CSVLogger(path, append=append)
    fit(FakeModel(), logger, [{"loss": 1.0}])
    fit(FakeModel(), logger, [{"loss": 2.0}])
    second = ["0,2.0,NA"]
    first = ["0,1.0,NA"] if append else []
    assert rows(path) == ["epoch,loss,val_loss", *first, *second]


def test_appended_lines_follow_the_header_that_is_there(path: Path) -> None:
    fit(FakeModel(), CSVLogger(path), [{"accuracy": 0.5, "loss": 1.0, "val_loss": 3.0}])
    logs = [{"loss": 2.0, "learning_rate": 0.1, "val_loss": 4.0}] * 2
    with pytest.warns(UserWarning, match="no column for learning_rate") as caught:
        fit(FakeModel(), CSVLogger(path, append=True), logs)
    assert len(caught) == 1
    assert rows(path)[2:] == ["0,NA,2.0,4.0", "1,NA,2.0,4.0"]


def test_a_half_line_of_another_program_is_ended_first(path: Path) -> None:
    path.write_bytes(b"epoch,loss\r\n0,1.")
    fit(FakeModel(), CSVLogger(path, append=True), [{"loss": 2.0}])
    assert rows(path) == ["epoch,loss", "0,1.", "0,2.0"]


def test_lines_are_there_as_soon_as_the_epoch_is_over(path: Path) -> None:
    logger = CSVLogger(path)
    logger.on_train_begin()
    assert rows(path) == []
    logger.on_epoch_end(0, {"val_loss": 1.0})
    assert rows(path) == ["epoch,val_loss", "0,1.0"]


def test_a_line_that_cannot_be_written_is_taken_back_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"val_loss": 1.0})

    class FullDisk:
        """Writes three bytes, then fails."""

        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            self.file = open(*arguments, **keywords)

        def __enter__(self) -> FullDisk:
            return self

        def __exit__(self, *_: Any) -> None:
            self.file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, content: memoryview) -> int:
            if len(content) < 7:
                raise OSError(28, "No space left on device")
            return self.file.write(content[:3])

    monkeypatch.setattr(csv_logger, "open", FullDisk, raising=False)
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space"):
        logger.on_epoch_end(1, {"val_loss": 2.0})
    monkeypatch.undo()
    assert path.read_bytes() == before
    logger.on_epoch_end(2, {"val_loss": 3.0})
    assert rows(path)[-1] == "2,3.0"


def test_a_folder_that_is_not_there_is_found_out_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CSVLogger(os.path.join(tmp_path, "no", "log.csv")).on_train_begin()

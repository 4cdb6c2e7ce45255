"""The metrics of every epoch in a table file."""

from __future__ import annotations

import csv
import io
import os
import warnings
from collections.abc import Iterable
from typing import Any

from scratchnet.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    r"""Write a line of comma-separated values after every epoch.

    Columns are ``epoch`` (from 0), then the names in the first epoch's logs, sorted,
    then, if there was no validation in it, the same names with ``val_`` before them,
    for a validation that comes later. A value that is missing is written ``NA``.
    Lines end in ``\r\n``, as the csv format asks.

    The file is opened, written and closed once per epoch, a line at a time: whatever
    ends the program, the file has whole lines only. When a line can't be written (the
    disk is full), what of it was written is taken back and the error is raised.

    Where scratchnet deviates from Keras: lines appended to a file that has a header
    follow that header's columns, and a warning names what has no column there. Keras
    writes them in an order of their own.

    Args:
        filename: the file; its folder must exist.
        separator: one character between values.
        append: add to a file that is there, instead of overwriting it.

    Reference: `keras/src/callbacks/csv_logger.py`.
    """

    def __init__(
        self,
        filename: str | os.PathLike[str],
        separator: str = ",",
        append: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(filename, str | os.PathLike):
            raise TypeError(f"CSVLogger: expected a filename, received {filename!r}")
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(
                "CSVLogger: expected one character as separator, received "
                f"{separator!r}"
            )
        self.filename = os.fspath(filename)
        self.sep = separator
        self.append = append
        self.append_header = True
        self.keys: list[str] | None = None
        self._header_was_read = False

    def on_train_begin(self, logs: Logs = None) -> None:
        """Empty the file, or read the header of one to append to."""
        self.keys = None
        self.append_header = True
        self._header_was_read = False
        if not self.append:
            open(self.filename, "wb").close()
            return
        _end_last_line(self.filename)
        with open(self.filename, encoding="utf-8", newline="") as file:
            header = next(csv.reader(file, delimiter=self.sep), None)
        if header is not None:
            self.append_header = False
            if header[:1] == ["epoch"]:
                self.keys = header[1:]
                self._header_was_read = True

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Add a line, and before the first one the header."""
        logs = logs or {}
        lines = io.StringIO()
        writer = csv.writer(lines, delimiter=self.sep)
        if self.keys is None:
            self.keys = _columns(logs)
        if self.append_header:
            writer.writerow(["epoch", *self.keys])
            self.append_header = False
        elif self._header_was_read:
            self._warn_of_unlisted(logs)
            self._header_was_read = False
        writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        _append(self.filename, lines.getvalue().encode())

    def _warn_of_unlisted(self, logs: dict[str, Any]) -> None:
        unlisted = sorted(set(logs) - set(self.keys or ()))
        if unlisted:
            warnings.warn(
                f"CSVLogger: {self.filename}: its header has no column for "
                f"{', '.join(unlisted)}; not written",
                stacklevel=3,
            )


def _columns(logs: dict[str, Any]) -> list[str]:
    names = sorted(logs)
    if not any(name.startswith("val_") for name in names):
        names += [f"val_{name}" for name in names]
    return names


def _cell(value: Any) -> Any:
    """Return a value as csv can write it: sequences as one quoted text."""
    is_single = isinstance(value, str) or getattr(value, "ndim", 1) == 0
    if is_single or not isinstance(value, Iterable):
        return value
    return f'"[{", ".join(map(str, value))}]"'


def _end_last_line(filename: str) -> None:
    """End a last line that another program left open; make the file if need be."""
    with open(filename, "a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\r\n")


def _append(filename: str, lines: bytes) -> None:
    """Add bytes to a file, all or none."""
    # Unbuffered: a buffer would write again, on closing, what had to be taken back.
    with open(filename, "ab", buffering=0) as file:
        end = file.tell()
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[file.write(rest) :]
        except BaseException:
            file.truncate(end)
            raise

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from tiny_files import mutant, tar_bytes

from scratchnet.datasets.tar_stream import read_members
from scratchnet.foundation.errors import DatasetError

LIMITS = {"train": 5000, "test": 2000, "meta": 1000}
CONTENTS = {"train": b"t" * 3000, "test": b"e" * 512, "meta": b""}


def read(archive: bytes) -> dict[str, bytes]:
    return read_members(io.BytesIO(archive), "cifar-100-python", LIMITS, "a.tar.gz")


def header(
    name: bytes = b"cifar-100-python/train",
    size: bytes = b"00000000003",
    kind: bytes = b"0",
    link: bytes = b"",
    checksum: int | None = None,
) -> bytes:
    """One tar header, with nothing held back."""
    block = bytearray(512)
    block[0 : len(name)] = name
    block[100:124] = b"0000644\x000000000\x000000000\x00"
    block[124 : 124 + len(size)] = size
    block[136:148] = b"00000000000\x00"
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[157 : 157 + len(link)] = link
    block[257:265] = b"ustar\x0000"
    total = sum(block) if checksum is None else checksum
    block[148:156] = b"%06o\x00 " % total
    return bytes(block)


END = bytes(1024)
ABC = b"abc".ljust(512, b"\0")


def test_reads_the_members_that_are_wanted():
    archive = tar_bytes({**CONTENTS, "file.txt~": b"x" * 700})
    assert read(archive) == CONTENTS


@pytest.mark.parametrize("folder", ["", "./cifar-100-python/", "cifar-100-python/"])
def test_members_may_lie_with_or_without_their_folder(folder):
    assert read(tar_bytes(CONTENTS, folder)) == CONTENTS


def test_reads_pax_archives_as_python_writes_them_today():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("cifar-100-python/train")
        member.size, member.pax_headers = 3, {"comment": "ü" * 200}
        archive.addfile(member, io.BytesIO(b"abc"))
    assert read(stream.getvalue()) == {"train": b"abc"}


SKIPPED = {
    "parent folder": header(b"../train"),
    "parent of the folder": header(b"cifar-100-python/../train"),
    "absolute path": header(b"/train"),
    "absolute folder": header(b"/cifar-100-python/train"),
    "another folder": header(b"elsewhere/train"),
    "symbolic link": header(size=b"0", kind=b"2", link=b"/etc/passwd") + ABC,
    "hard link": header(size=b"0", kind=b"1", link=b"/etc/passwd") + ABC,
    "character device": header(size=b"0", kind=b"3") + ABC,
    "block device": header(size=b"0", kind=b"4") + ABC,
    "fifo": header(size=b"0", kind=b"6") + ABC,
    "directory": header(size=b"0", kind=b"5") + ABC,
    "sparse file": header(kind=b"S"),
    "continued volume": header(kind=b"M"),
    "long name": header(b"././@LongLink", kind=b"L"),
    "long link": header(b"././@LongLink", kind=b"K"),
    "unknown type": header(kind=b"Z"),
    "global extended header": header(b"pax", kind=b"g"),
}


@pytest.mark.parametrize("name", SKIPPED)
def test_what_is_not_a_wanted_regular_file_is_skipped(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = SKIPPED[name]
    data = b"" if len(first) > 512 else ABC
    if len(first) > 512:
        first = first[:512]
    assert read(first + data + END) == {}
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    "twice": ((header() + ABC) * 2 + END, "there twice"),
    "too large": (header(size=b"00000011611") + END, "has 5001 bytes"),
    "gigantic": (header(size=b"77777777777") + END, "has 8589934591 bytes"),
    "gigantic and skipped": (header(b"x", size=b"77777777777") + END, "bytes"),
    "negative size": (header(size=b"-0000000001") + END, "not octal"),
    "binary size": (header(size=b"\x80" + b"\xff" * 11) + END, "not octal"),
    "binary negative size": (header(size=b"\xff" * 12) + END, "not octal"),
    "no size": (header(size=b"") + END, "not octal"),
    "size in words": (header(size=b"0x10") + END, "not octal"),
    "size with underscore": (header(size=b"0_1") + END, "not octal"),
    "checksum": (header(checksum=1) + ABC + END, "checksum"),
    "no end": (header() + ABC, "truncated"),
    "half a header": (header()[:300], "truncated"),
    "half the data": (header() + b"ab", "truncated"),
    "half the padding": (header() + b"abc", "truncated"),
    "empty": (b"", "truncated"),
    "too many members": (header(b"x", size=b"0") * 101 + END, "more than 100"),
    "data after the end": (header() + ABC + END + b"x", "after the end"),
    "zeros without end": (header() + ABC + bytes(2 << 20), "after the end"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_archives_are_refused(name):
    archive, message = REFUSED[name]
    with pytest.raises(DatasetError, match=rf"^a\.tar\.gz: .*{message}"):
        read(archive)


def test_skipped_members_are_limited_together():
    # 9 x 120 KiB is more than 8500 bytes and a mebibyte.
    big = header(b"x", size=b"%011o" % (120 << 10)) + bytes(120 << 10)
    with pytest.raises(DatasetError, match="bytes"):
        read(big * 9 + END)


def test_nothing_is_written_anywhere(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    read(tar_bytes(CONTENTS))
    assert list(tmp_path.iterdir()) == []


def test_mutants_give_the_members_or_raise():
    rng = np.random.default_rng(11)
    original = tar_bytes({"train": rng.bytes(3000), "test": b"e" * 512})
    refused = 0
    for _ in range(400):
        try:
            contents = read(mutant(original, rng))
        except DatasetError:
            refused += 1
        else:
            assert set(contents) <= set(LIMITS)
            assert all(len(data) <= LIMITS[name] for name, data in contents.items())
    assert 40 < refused < 400

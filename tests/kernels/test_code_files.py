"""Compiled code on disk: read back as it was written, or not at all."""

import errno
import importlib.util
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.kernels.machine import code_files
from scratchnet.kernels.machine.code_files import CodeFiles

KERNEL = """
from scratchnet.kernels.machine.compile import compiled

@compiled
def plus_one(x):
    return x + 1
"""


def files_in(folder):
    return sorted(path.name for path in folder.glob("*.nbc"))


def test_what_was_saved_is_loaded_by_its_key_alone(tmp_path):
    files = CodeFiles(tmp_path, "f", ("1.0", 5))
    assert files.load("key") is None
    files.save("key", {"code": b"123"})
    files.save("other", {"code": b"456"})
    assert CodeFiles(tmp_path, "f", ("1.0", 5)).load("key") == {"code": b"123"}
    assert CodeFiles(tmp_path, "g", ("1.0", 5)).load("key") is None
    assert CodeFiles(tmp_path, "f", ("1.1", 5)).load("key") is None
    assert len(files_in(tmp_path)) == 2


def test_a_newer_text_takes_the_files_of_the_older_away(tmp_path):
    older, other = CodeFiles(tmp_path, "f", 1), CodeFiles(tmp_path, "g", 1)
    for files in (older, other):
        files.save("key", 1)
        files.save("second", 2)
    CodeFiles(tmp_path, "f", 2).save("key", 3)
    assert older.load("key") is None and other.load("key") == 1
    assert len(files_in(tmp_path)) == 3


@given(st.data())
def test_a_damaged_file_is_no_file(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("code")
    files = CodeFiles(folder, "f", 1)
    files.save("key", {"code": bytes(range(200))})
    path = files._path("key")
    whole = path.read_bytes()
    cut = st.integers(0, len(whole) - 1).map(lambda n: whole[:n])
    at = st.tuples(st.integers(0, len(whole) - 1), st.integers(1, 255))
    flipped = at.map(
        lambda a: bytes(b ^ (i == a[0]) * a[1] for i, b in enumerate(whole))
    )
    path.write_bytes(
        data.draw(st.one_of(cut, flipped, st.binary(), st.just(whole * 2)))
    )
    assert files.load("key") is None
    files.save("key", 2)
    assert files.load("key") == 2


def test_a_file_of_another_function_is_no_file(tmp_path):
    files, other = CodeFiles(tmp_path, "f", 1), CodeFiles(tmp_path, "g", 1)
    other.save("key", "other code")
    os.replace(other._path("key"), files._path("key"))
    assert files.load("key") is None


@pytest.fixture
def start(tmp_path):
    """Return what imports the kernel as a new process would."""
    path = tmp_path / f"kernel_of_{tmp_path.name}.py"
    path.write_text(KERNEL)

    def start():
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.plus_one

    yield start
    del sys.modules[path.stem]


def hits(kernel):
    return sum(kernel.stats.cache_hits.values())


def test_a_kernel_is_compiled_again_where_its_file_is_of_no_use(start, monkeypatch):
    assert start()(1) == 2
    kernel = start()
    assert kernel(1) == 2 and hits(kernel) == 1
    (path,) = Path(kernel.stats.cache_path).glob("*.nbc")
    path.write_bytes(path.read_bytes()[:-1])
    kernel = start()
    assert kernel(1) == 2 and hits(kernel) == 0
    kernel = start()
    assert kernel(1) == 2 and hits(kernel) == 1

    def from_another_numba(data):
        raise AttributeError("no such class here")

    monkeypatch.setattr(code_files.pickle, "loads", from_another_numba)
    kernel = start()
    assert kernel(1) == 2 and hits(kernel) == 0


def test_a_kernel_runs_where_its_code_can_not_be_kept(start, monkeypatch, capfd):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device", os.fspath(path))

    monkeypatch.setattr(code_files, "write_whole", full)
    assert start()(1) == 2
    assert start()(1.5) == 2.5
    said = capfd.readouterr().err
    assert said.count("can't be kept (No space left on device)") == 1
    assert "NUMBA_CACHE_DIR" in said

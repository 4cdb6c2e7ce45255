from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from tests.faults import Faults

OLD, NEW = b"old" * 1000, b"new" * 5000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "weights.npz"
    path.write_bytes(OLD)
    return path


def write_new(path: Path) -> None:
    with atomic_write(path) as file:
        file.write(NEW)


def calls_of_one_write(path: Path) -> list[str]:
    with Faults() as faults:
        write_new(path)
    return faults.calls


def test_the_file_gets_its_name_after_its_bytes_and_before_the_folder(target):
    assert calls_of_one_write(target) == [
        "open .tmp",
        "write",
        "flush",
        "fsync file",
        "close",
        "replace",
        "open folder",
        "fsync folder",
    ]
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_a_fault_at_any_call_leaves_the_old_file_or_the_new_one(target, code):
    number_of_calls = len(calls_of_one_write(target))
    for k in range(number_of_calls):
        target.write_bytes(OLD)
        with Faults(fail_at=k, error=OSError(code, os.strerror(code))) as faults:
            with pytest.raises(CheckpointError, match=os.strerror(code)):
                write_new(target)
        replaced = "replace" in faults.calls[:k]
        assert target.read_bytes() == (NEW if replaced else OLD), faults.calls
        assert os.listdir(target.parent) == [target.name], faults.calls


def test_ctrl_c_at_any_call_leaves_the_old_file_or_the_new_one(target):
    number_of_calls = len(calls_of_one_write(target))
    for k in range(number_of_calls):
        target.write_bytes(OLD)
        with Faults(fail_at=k, error=KeyboardInterrupt()) as faults:
            with pytest.raises(KeyboardInterrupt):
                write_new(target)
        replaced = "replace" in faults.calls[:k]
        assert target.read_bytes() == (NEW if replaced else OLD), faults.calls
        assert os.listdir(target.parent) == [target.name], faults.calls


def test_a_process_that_dies_at_any_call_leaves_the_old_file_or_the_new_one(target):
    # A child, because this process may have threads and can't be forked.
    here = Path(__file__).parent
    script = f"""
import os, sys
sys.path[:0] = [{str(here)!r}, {str(here.parents[1])!r}]
from tests.faults import Faults
from test_files import OLD, NEW, write_new, calls_of_one_write
from pathlib import Path
target = Path({str(target)!r})
calls = calls_of_one_write(target)
for k in range(len(calls)):
    target.write_bytes(OLD)
    child = os.fork()
    if not child:
        with Faults(fail_at=k, error=None):
            write_new(target)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == Faults.EXIT_CODE
    expected = NEW if "replace" in calls[:k] else OLD
    assert target.read_bytes() == expected, calls[k]
print(len(calls), "deaths survived")
"""
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "8 deaths survived\n", done.stderr


def test_an_exception_in_the_block_passes_and_leaves_nothing(target):
    with pytest.raises(ZeroDivisionError):
        with atomic_write(target) as file:
            file.write(NEW)
            raise ZeroDivisionError
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize("size", [0, 1, 4096, 8191, 8192, 8193, len(NEW) - 1])
def test_a_file_size_limit_keeps_the_old_file(target, size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        with pytest.raises(CheckpointError, match="File too large"):
            write_new(target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert target.read_bytes() == OLD
    assert os.listdir(target.parent) == [target.name]


def test_a_full_disk_is_named_with_what_to_do(target):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with Faults(fail_at=1, error=full):
        with pytest.raises(CheckpointError) as caught:
            write_new(target)
    message = str(caught.value)
    assert str(target) in message
    assert "No space left on device; free some space" in message


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"absent/a\.npz.*make the folder first"):
        write_new(tmp_path / "absent" / "a.npz")


def test_a_folder_of_that_name_is_named(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(CheckpointError, match="the path is a folder"):
        write_new(tmp_path / "a.npz")
    assert os.listdir(tmp_path) == ["a.npz"]


def test_a_read_only_folder_is_named(target):
    target.parent.chmod(0o555)
    try:
        if os.access(target.parent, os.W_OK):
            # root may write everywhere: the same answer from the system, by hand.
            denied = OSError(errno.EACCES, os.strerror(errno.EACCES))
            with Faults(fail_at=0, error=denied):
                with pytest.raises(CheckpointError, match="that you may write to"):
                    write_new(target)
        else:
            with pytest.raises(CheckpointError, match="that you may write to"):
                write_new(target)
    finally:
        target.parent.chmod(0o755)
    assert target.read_bytes() == OLD


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_the_file_has_the_mode_that_open_would_give_it(target, mask, mode):
    before = os.umask(mask)
    try:
        write_new(target)
    finally:
        assert os.umask(before) == mask
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_an_unfinished_file_is_hidden_and_no_more_readable_than_the_finished(target):
    with atomic_write(target):
        (unfinished,) = set(target.parent.iterdir()) - {target}
        assert unfinished.name.startswith(".weights.npz.")
        assert unfinished.name.endswith(".tmp")
        mode = stat.S_IMODE(unfinished.stat().st_mode)
    assert mode == stat.S_IMODE(target.stat().st_mode)


def test_a_link_stays_a_link(target):
    link = target.parent / "best.npz"
    link.symlink_to(target.name)
    write_new(link)
    assert link.is_symlink()
    assert target.read_bytes() == NEW


def test_a_name_of_the_full_length_works(tmp_path):
    path = tmp_path / ("n" * 251 + ".npz")
    write_new(path)
    assert path.read_bytes() == NEW


def test_text_is_written_as_utf_8_with_plain_line_ends(tmp_path):
    with atomic_write(tmp_path / "a.csv", text=True) as file:
        file.write("épreuve\n")
    assert (tmp_path / "a.csv").read_bytes() == "épreuve\n".encode()


def test_a_disk_without_folder_sync_is_no_error(target):
    unsupported = OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    with Faults(fail_at=7, error=unsupported) as faults:
        write_new(target)
    assert faults.calls[7] == "fsync folder"
    assert target.read_bytes() == NEW


def test_many_writers_of_one_name_leave_one_whole_file(tmp_path):
    path = tmp_path / "shared.npz"
    contents = [bytes([65 + i]) * 100_000 for i in range(8)]

    def write(content: bytes) -> None:
        for _ in range(5):
            with atomic_write(path) as file:
                file.write(content)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, contents))
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == [path.name]

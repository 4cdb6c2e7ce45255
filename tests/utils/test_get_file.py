"""get_file, with files of this machine in the place of the internet's."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from tqdm import tqdm

from scratchnet.utils import get_file

CONTENT = b"one, two, three"
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_thread_stays(monkeypatch):
    monkeypatch.setattr(tqdm, "monitor_interval", 0)


@pytest.fixture
def origin(tmp_path):
    path = tmp_path / "source" / "numbers.txt"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_downloaded_once(tmp_path, origin):
    get = {"origin": origin.as_uri(), "cache_dir": tmp_path / "cache"}
    path = get_file(**get, file_hash=SHA256)
    assert path == str(tmp_path / "cache" / "datasets" / "numbers.txt")
    origin.unlink()
    assert Path(get_file(**get, file_hash=SHA256)).read_bytes() == CONTENT
    assert get_file("numbers.txt", **get, md5_hash=MD5) == path
    with pytest.raises(OSError, match=r"can't be downloaded.*put the file there"):
        get_file(**get, force_download=True)
    assert Path(path).read_bytes() == CONTENT


def test_other_bytes_than_promised_are_not_kept(tmp_path, origin, capsys):
    get = {"origin": origin.as_uri(), "cache_dir": tmp_path / "cache"}
    with pytest.raises(ValueError, match=r"expected sha256 .*nothing was kept"):
        get_file(**get, file_hash="0" * 64)
    assert not list((tmp_path / "cache" / "datasets").iterdir())
    path = get_file(**get)
    Path(path).write_bytes(b"damaged")
    assert Path(get_file(**get, file_hash=SHA256)).read_bytes() == CONTENT
    assert "it is downloaded again" in capsys.readouterr().out


def packed(path, kind, name="folder/numbers.txt"):
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, CONTENT)
        return
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(CONTENT)
        archive.addfile(member, io.BytesIO(CONTENT))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_archives_are_unpacked(tmp_path, kind):
    source = tmp_path / f"packed.{kind}"
    packed(source, kind)
    for fname, folder in (
        (None, source.name),
        (source.name, "packed_extracted"),
        ("other", "other"),
    ):
        cache = tmp_path / f"cache_{fname}"
        origin = source.as_uri()
        path = get_file(fname, origin, extract=True, cache_dir=cache)
        assert path == str(cache / "datasets" / folder)
        assert Path(f"{path}/folder/numbers.txt").read_bytes() == CONTENT


def test_an_archive_does_not_leave_its_folder(tmp_path):
    source = tmp_path / "packed.tar"
    packed(source, "tar", "../../outside.txt")
    with pytest.raises(ValueError, match=r"get_file: .*outside"):
        get_file(origin=source.as_uri(), cache_dir=tmp_path / "cache", untar=True)
    assert not list(tmp_path.rglob("outside.txt"))


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({}, "expected origin"),
        ({"origin": "http://x/"}, "does not end in a file's name"),
        ({"origin": "http://x/y", "fname": "a/b"}, "a name, not a path"),
        ({"origin": "http://x/y", "file_hash": "12"}, "a checksum of MD5 or SHA-256"),
    ],
)
def test_what_is_missing_is_said(tmp_path, settings, rule):
    with pytest.raises(ValueError, match=rule):
        get_file(**settings, cache_dir=tmp_path)

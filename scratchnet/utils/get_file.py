"""Files from the internet, kept in Keras's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from scratchnet.foundation.files import write_whole

CHUNK = 256 * 1024
TIMEOUT = 30.0  # seconds without a byte

# By the length of what they give, in hexadecimal digits.
ALGORITHMS = {32: "md5", 64: "sha256"}


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file; it is downloaded if it is not in the cache.

    The bytes go to a temporary name and get their own only if they have the checksum
    that was given, if there was one.

    Args:
        fname: its name in the cache; None takes the address's last part.
        origin: its address.
        untar: older name of ``extract``.
        md5_hash: older name of ``file_hash``.
        file_hash: its MD5 or SHA-256 in hexadecimal digits; None trusts whoever
            answers.
        cache_subdir: folder in the cache.
        hash_algorithm: ``"auto"``, which goes by the length, ``"md5"`` or ``"sha256"``.
        extract: whether to unpack it, and return the folder.
        archive_format: ``"auto"``, ``"tar"``, ``"zip"`` or a list of such.
        cache_dir: the cache: by default ``$KERAS_HOME`` or ``~/.keras``.
        force_download: whether to download what is there.

    Raises:
        ValueError: there is no address or name, a name is a path, the checksum is
            another one, or an archive names a place outside of its folder.
        OSError: it can't be downloaded or written.

    Reference: `keras/src/utils/file_utils.py`.
    """
    if origin is None:
        raise ValueError("get_file: expected origin, the address of the file")
    name = os.fspath(fname) if fname else _last_part(origin)
    if os.sep in name:
        raise ValueError(
            f"get_file: expected fname to be a name, not a path, received {name!r}; a "
            "folder is given as cache_dir and cache_subdir"
        )
    folder = _cache(cache_dir) / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    unpacked = extract or untar
    target = folder / name
    into = target
    if unpacked and fname and "." in name:
        into = folder / f"{name.partition('.')[0]}_extracted"
    elif unpacked:
        target = folder / f"{name}_archive"
    wanted = file_hash or md5_hash
    algorithm = _algorithm(wanted, "auto" if file_hash else "md5", hash_algorithm)
    if force_download or not _is_there(target, wanted, algorithm):
        _download(origin, target, wanted, algorithm)
    if not unpacked:
        return str(target)
    if not into.exists() or force_download:
        _unpack(target, into, "tar" if untar else archive_format)
    return str(into)


def _last_part(origin: str) -> str:
    name = os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise ValueError(
            f"get_file: expected fname, for {origin!r} does not end in a file's name"
        )
    return name


def _cache(cache_dir: Any) -> Path:
    home = cache_dir or os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    folder = Path(os.path.expanduser(home))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _algorithm(wanted: str | None, default: str, chosen: str) -> str:
    if wanted is None:
        return "sha256"
    if default == "md5":
        return default
    found = ALGORITHMS.get(len(wanted), "") if chosen == "auto" else chosen
    if found not in ALGORITHMS.values():
        raise ValueError(
            f"get_file: expected a checksum of MD5 or SHA-256, received {wanted!r} "
            f"with hash_algorithm={chosen!r}"
        )
    return found


def _is_there(target: Path, wanted: str | None, algorithm: str) -> bool:
    if not target.is_file():
        return False
    if wanted is None:
        return True
    with target.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != wanted.lower():
        print(
            f"{target}: expected {algorithm} {wanted}, found {found}: it is downloaded "
            "again"
        )
    return found == wanted.lower()


def _download(origin: str, target: Path, wanted: str | None, algorithm: str) -> None:
    print(f"Downloading data from {origin}")
    digest = hashlib.new(algorithm)
    request = urllib.request.Request(origin, headers={"User-Agent": "scratchnet"})
    try:
        with (
            urllib.request.urlopen(request, timeout=TIMEOUT) as response,
            write_whole(target) as file,
            tqdm(
                total=int(response.headers.get("Content-Length") or 0) or None,
                unit="B",
                unit_scale=True,
                disable=None,
            ) as bar,
        ):
            while chunk := response.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
                bar.update(len(chunk))
            if wanted is not None and digest.hexdigest() != wanted.lower():
                raise ValueError(
                    f"get_file: {origin}: expected {algorithm} {wanted}, received "
                    f"{digest.hexdigest()}; nothing was kept"
                )
    except urllib.error.URLError as error:
        raise OSError(
            f"get_file: {origin} can't be downloaded ({error}); without a network, put "
            f"the file there yourself: {target}"
        ) from error


def _unpack(archive: Path, into: Path, archive_format: Any) -> None:
    """Unpack into a folder that appears only when it is whole."""
    kinds = ["tar", "zip"] if archive_format in ("auto", None) else archive_format
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        if "tar" in kinds and tarfile.is_tarfile(archive):
            with tarfile.open(archive) as packed:
                try:
                    packed.extractall(folder, filter="data")
                except tarfile.FilterError as error:
                    raise ValueError(f"get_file: {archive}: {error}") from error
        elif "zip" in kinds and zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(folder)  # which keeps names inside of the folder
        else:
            raise ValueError(
                f"get_file: {archive}: expected an archive, {' or '.join(kinds)}"
            )
        if into.exists():
            shutil.rmtree(into)
        whole = Path(folder) / "whole"
        whole.mkdir()
        for entry in list(Path(folder).iterdir()):
            if entry != whole:
                shutil.move(entry, whole / entry.name)
        whole.replace(into)

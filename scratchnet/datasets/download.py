"""Download a file so that its final name never holds unverified bytes.

The bytes go to a temporary name in the same folder, are counted and hashed on the way,
and get their name, in one step, only if they are the published ones. So the way they
come does not matter: mirrors, proxies and redirects may do what they like.
"""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from scratchnet.datasets.dataset import PublishedFile
from scratchnet.datasets.verify import is_published
from scratchnet.foundation.errors import DatasetError
from scratchnet.foundation.files import remove_unfinished, write_whole
from scratchnet.foundation.lock import exclusive

CHUNK = 256 * 1024

TIMEOUT = 30.0
"""Seconds without a byte before a connection is given up."""

ROUNDS = 2
"""How often all mirrors are tried."""


class MirrorError(Exception):
    """A mirror did not give the file."""


def download(file: PublishedFile, folder: Path) -> bool:
    """Download a published file, unless it is there already.

    Processes that want the same file wait for the first of them.

    Args:
        file: what to download.
        folder: where to; made if it is missing.

    Returns:
        Whether it had to be downloaded.

    Raises:
        DatasetError: no mirror gave the file, or the folder can't be written. No part
            of the file is left behind.
    """
    target = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / f".{file.name}.lock") as locked:
            if is_published(target, file):
                return False
            if locked:
                remove_unfinished(target)
            _try_mirrors(file, target)
            return True
    except OSError as error:
        raise DatasetError(
            f"{folder}: can't be written ({error.strerror or error}); free space, or "
            "set XDG_CACHE_HOME to a folder that can be written, or put the file "
            "there yourself and set SCRATCHNET_DATA"
        ) from error


def _try_mirrors(file: PublishedFile, target: Path) -> None:
    faults = {}
    for url in file.urls * ROUNDS:
        try:
            return _fetch(url, file, target)
        except MirrorError as error:
            faults[url] = str(error)
    reasons = "".join(f"\n  {url}: {fault}" for url, fault in faults.items())
    raise DatasetError(f"{file.name} can't be downloaded:{reasons}")


def _fetch(url: str, file: PublishedFile, target: Path) -> None:
    digest = hashlib.sha256()
    with (
        write_whole(target) as stream,
        tqdm(
            total=file.size,
            desc=file.name,
            unit="B",
            unit_scale=True,
            leave=False,
            disable=None,  # where there is no terminal
        ) as bar,
    ):
        for chunk in _receive(url, file.size):
            digest.update(chunk)
            stream.write(chunk)
            bar.update(len(chunk))
        if digest.hexdigest() != file.sha256:
            raise MirrorError(
                f"expected SHA-256 {file.sha256}, received {digest.hexdigest()}"
            )


def _receive(url: str, size: int) -> Iterator[bytes]:
    """Yield exactly `size` bytes; every fault of the network becomes `MirrorError`.

    Being a generator, it does not see the faults of the disk that its bytes go to.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "scratchnet"})
    received = 0
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            while received <= size and (chunk := response.read1(CHUNK)):
                received += len(chunk)
                yield chunk
    except urllib.error.HTTPError as error:
        error.close()
        raise MirrorError(f"HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise MirrorError(str(error.reason)) from error
    except (OSError, http.client.HTTPException) as error:
        raise MirrorError(f"{type(error).__name__}: {error}") from error
    if received != size:
        raise MirrorError(f"expected {size} bytes, received {received}")

"""Download a file so that its final name never holds unverified bytes.

The bytes go to a unique temporary name in the same folder, are counted and hashed on
the way, are forced to the disk, and only then get their name, in one step. What fails
is tried again, on every mirror; what was written is deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scratchnet.datasets.description import PublishedFile
from scratchnet.datasets.verify import has_sha256
from scratchnet.foundation.errors import DatasetError
from scratchnet.foundation.files import remove_unfinished, write_whole
from scratchnet.foundation.lock import exclusive

CHUNK = 256 * 1024


@dataclass(frozen=True)
class Patience:
    """How long a download is waited for.

    Attributes:
        timeout: seconds without a byte before a connection is given up.
        rounds: how often all mirrors are tried.
        pause: seconds before the second round; doubled before every further one.
        slow_after: seconds after which a connection must have kept up `slow_rate`.
        slow_rate: bytes per second, on average from the start.
    """

    timeout: float = 30.0
    rounds: int = 3
    pause: float = 1.0
    slow_after: float = 60.0
    slow_rate: float = 4096.0


PATIENCE = Patience()


class MirrorError(Exception):
    """A mirror failed.

    Args:
        message: what went wrong.
        final: True if trying this mirror again is useless.
    """

    def __init__(self, message: str, *, final: bool = False) -> None:
        """Keep whether another try may help."""
        super().__init__(message)
        self.final = final


def fetch(file: PublishedFile, folder: Path, patience: Patience | None = None) -> Path:
    """Download a published file, unless it is there already.

    Args:
        file: what to download.
        folder: where to; made if it is missing.
        patience: waiting times; default `PATIENCE`.

    Returns:
        The path of the verified file.

    Raises:
        DatasetError: no mirror gave the file, or the folder can't be written. No part
            of the file is left behind.
    """
    target = folder / file.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / f".{file.name}.lock") as locked:
            if not has_sha256(target, file):
                if locked:
                    remove_unfinished(target)
                _fetch_from_mirrors(file, target, patience or PATIENCE)
    except OSError as error:
        raise DatasetError(
            f"{folder}: can't be written ({error.strerror or error}); free space, or "
            "set XDG_CACHE_HOME to a folder that can be written, or put the file "
            "there yourself and set SCRATCHNET_DATA"
        ) from error
    return target


def _fetch_from_mirrors(file: PublishedFile, target: Path, patience: Patience) -> None:
    mirrors = list(file.urls)
    faults: dict[str, str] = {}
    for attempt in range(patience.rounds):
        if attempt:
            time.sleep(patience.pause * 2 ** (attempt - 1))
        for url in list(mirrors):
            try:
                _fetch_once(url, file, target, patience)
            except MirrorError as fault:
                faults[url] = str(fault)
                if fault.final:
                    mirrors.remove(url)
            else:
                return
        if not mirrors:
            break
    reasons = "".join(f"\n  {url}: {fault}" for url, fault in faults.items())
    raise DatasetError(f"{file.name} can't be downloaded:{reasons or ' no mirrors'}")


def _fetch_once(
    url: str, file: PublishedFile, target: Path, patience: Patience
) -> None:
    with _connection(url, file, patience) as response, write_whole(target) as stream:
        _copy(response, stream, file, patience)


@contextlib.contextmanager
def _connection(
    url: str, file: PublishedFile, patience: Patience
) -> Iterator[http.client.HTTPResponse]:
    """Open a URL; every fault of the network becomes `MirrorError`."""
    request = urllib.request.Request(
        url, headers={"User-Agent": "scratchnet", "Accept-Encoding": "identity"}
    )
    try:
        response = _opener().open(request, timeout=patience.timeout)
    except urllib.error.HTTPError as error:
        with error:
            final = 400 <= error.code < 500 and error.code not in (408, 429)
            message = f"HTTP {error.code} {error.reason}"
            raise MirrorError(message, final=final) from None
    except urllib.error.URLError as error:
        unknown_host = isinstance(error.reason, socket.gaierror)
        raise MirrorError(str(error.reason), final=unknown_host) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MirrorError(f"{type(error).__name__}: {error}") from error
    with response:
        _check_head(response, file)
        yield response


def _check_head(response: http.client.HTTPResponse, file: PublishedFile) -> None:
    if response.status != 200:
        raise MirrorError(f"expected HTTP 200, received {response.status}")
    length = response.headers.get("Content-Length")
    if length is not None and length != str(file.size):
        raise MirrorError(f"expected {file.size} bytes, {length} are announced")


def _copy(
    response: http.client.HTTPResponse,
    stream: IO[bytes],
    file: PublishedFile,
    patience: Patience,
) -> None:
    """Copy the body, count and hash it; one byte too many ends the copy."""
    digest = hashlib.sha256()
    received = 0
    start = time.monotonic()
    with _progress(file) as bar:
        while chunk := _read_some(response):
            received += len(chunk)
            if received > file.size:
                raise MirrorError(f"expected {file.size} bytes, more arrived")
            digest.update(chunk)
            stream.write(chunk)
            bar.update(len(chunk))
            elapsed = time.monotonic() - start
            if elapsed > patience.slow_after and (
                received < patience.slow_rate * elapsed
            ):
                raise MirrorError(f"only {received} bytes in {elapsed:.0f} seconds")
    if received != file.size:
        raise MirrorError(f"expected {file.size} bytes, {received} arrived")
    if digest.hexdigest() != file.sha256:
        raise MirrorError(
            f"expected SHA-256 {file.sha256}, received {digest.hexdigest()}"
        )


def _read_some(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise MirrorError(f"{type(error).__name__}: {error}") from error


def _progress(file: PublishedFile) -> Any:
    """Return a progress bar on a terminal, nothing elsewhere."""
    from tqdm import tqdm

    return tqdm(
        total=file.size,
        desc=file.name,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
    )


class _SafeRedirect(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to something weaker."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        allowed = ("https",) if req.type == "https" else ("https", "http")
        if newurl.partition(":")[0].lower() not in allowed:
            raise MirrorError(f"a redirect to {newurl} is refused", final=True)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Return an opener for http and https alone: no file:, ftp: or data: URLs."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _SafeRedirect(),
    ):
        opener.add_handler(handler)
    return opener

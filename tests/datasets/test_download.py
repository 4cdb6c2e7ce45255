from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_files

from scratchnet.datasets import loading
from scratchnet.datasets.dataset import Content, PublishedFile
from scratchnet.datasets.download import download
from scratchnet.foundation.errors import DatasetError

DATA = os.urandom(300_000)
NAME = "data.bin"

DOWNLOAD = """
import json, sys
from pathlib import Path
from scratchnet.datasets.dataset import Content, PublishedFile
from scratchnet.datasets.download import download
name, size, sha256, urls, folder = json.loads(sys.argv[1])
content = Content(name, sha256, size)
file = PublishedFile(name, size, sha256, "none", (content,), (".",), urls=tuple(urls))
download(file, Path(folder))
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("scratchnet.datasets.download.TIMEOUT", 0.6)


def published(*urls: str, data: bytes = DATA) -> PublishedFile:
    checksum = tiny_files.sha256(data)
    content = Content(NAME, checksum, len(data))
    return PublishedFile(
        NAME, len(data), checksum, "none", (content,), (".",), urls=urls
    )


def fetch(file: PublishedFile, folder: Path) -> Path:
    download(file, folder)
    return folder / file.name


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {f".{NAME}.lock"}


def test_downloads_verifies_and_leaves_one_file(server, tmp_path):
    server.files[NAME] = DATA
    path = fetch(published(server.url + NAME), tmp_path / "new" / "folder")
    assert path.read_bytes() == DATA
    assert names_in(path.parent) == {NAME}
    assert server.requests[NAME] == 1


def test_file_that_is_there_is_not_fetched_again(server, tmp_path):
    server.files[NAME] = DATA
    for _ in range(2):
        fetch(published(server.url + NAME), tmp_path)
    assert server.requests[NAME] == 1


@pytest.mark.parametrize("old", [b"", DATA[:-1], DATA[:-1] + b"x", DATA + b"x"])
def test_damaged_file_is_replaced(old, server, tmp_path):
    server.files[NAME] = DATA
    (tmp_path / NAME).write_bytes(old if old != DATA else old[::-1])
    assert fetch(published(server.url + NAME), tmp_path).read_bytes() == DATA


FAULTS = [
    "cut",
    "cut_unannounced",
    "short",
    "long",
    "endless",
    "wrong",
    "404",
    "503",
    "reset",
    "nonsense",
    "hang",
    "redirect",
    "redirect_to_file",
    "redirect_to_ftp",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_survived_by_trying_again(fault, server, tmp_path):
    server.files[NAME] = DATA
    server.scripts[NAME] = [fault]
    path = fetch(published(server.url + NAME), tmp_path)
    assert path.read_bytes() == DATA
    assert names_in(tmp_path) == {NAME}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lasting_fault_leaves_nothing_and_names_the_mirror(fault, server, tmp_path):
    server.files[NAME] = DATA
    server.scripts[NAME] = [fault] * 100
    url = server.url + NAME
    with pytest.raises(DatasetError, match=f"{NAME} can't be downloaded") as caught:
        fetch(published(url), tmp_path)
    assert f"\n  {url}: " in str(caught.value)
    assert names_in(tmp_path) == set()


def test_a_lasting_fault_keeps_the_old_file(server, tmp_path):
    server.files[NAME] = DATA
    server.scripts[NAME] = ["wrong"] * 3
    (tmp_path / NAME).write_bytes(b"old")
    with pytest.raises(DatasetError, match="expected SHA-256"):
        fetch(published(server.url + NAME), tmp_path)
    assert (tmp_path / NAME).read_bytes() == b"old"


@pytest.mark.parametrize("fault", ["404", "500", "wrong"])
def test_the_next_mirror_is_tried(fault, server, tmp_path):
    server.files["b/" + NAME] = DATA
    server.scripts["a/" + NAME] = [fault] * 9
    file = published(server.url + "a/" + NAME, server.url + "b/" + NAME)
    assert fetch(file, tmp_path).read_bytes() == DATA
    assert server.requests == {"a/" + NAME: 1, "b/" + NAME: 1}


def test_nobody_listens(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        with pytest.raises(DatasetError, match=r"Connection refused"):
            fetch(published(url), tmp_path)


def test_unknown_host(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    with pytest.raises(DatasetError, match="Name or service not known"):
        fetch(published("https://data.invalid/x"), tmp_path)


# --- folders that can't be written ---------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_faults_of_the_disk_leave_nothing(call, code, server, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    server.files[NAME] = DATA
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(DatasetError, match=os.strerror(code)) as caught:
        fetch(published(server.url + NAME), tmp_path)
    assert "XDG_CACHE_HOME" in str(caught.value)
    assert names_in(tmp_path) == set()
    # Trying again can't help a full disk.
    assert server.requests[NAME] == 1


def test_a_fault_of_the_folder_s_own_sync_is_reported(server, tmp_path, monkeypatch):
    """The renaming may not last: what checkpoints report, downloads report."""
    real, calls = os.fsync, []

    def fail_second(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    server.files[NAME] = DATA
    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(DatasetError, match=os.strerror(errno.EIO)):
        fetch(published(server.url + NAME), tmp_path)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert fetch(published(server.url + NAME), tmp_path).read_bytes() == DATA
    assert server.requests[NAME] == 1


def test_a_link_to_a_file_elsewhere_is_replaced_and_not_followed(server, tmp_path):
    server.files[NAME] = DATA
    (tmp_path / "theirs").write_bytes(b"not to be touched")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / NAME).symlink_to(tmp_path / "theirs")
    path = fetch(published(server.url + NAME), cache)
    assert path.read_bytes() == DATA and not path.is_symlink()
    assert (tmp_path / "theirs").read_bytes() == b"not to be touched"


def fetch_elsewhere(file: PublishedFile, folder: Path, head: str = "") -> list[str]:
    facts = [file.name, file.size, file.sha256, file.urls, str(folder)]
    return [sys.executable, "-c", head + DOWNLOAD, json.dumps(facts)]


REPOSITORY = Path(__file__).parents[2]


def test_a_disk_that_fills_up_half_way(server, tmp_path):
    server.files[NAME] = DATA
    limit = (
        "import resource; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    )
    command = fetch_elsewhere(published(server.url + NAME), tmp_path, limit)
    finished = subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=REPOSITORY
    )
    assert "DatasetError" in finished.stderr and "File too large" in finished.stderr
    assert names_in(tmp_path) == set()


def test_cache_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match=r"can't be written.*XDG_CACHE_HOME"):
        fetch(published("http://127.0.0.1:9/x"), tmp_path / "file" / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_cache(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(DatasetError, match="Permission denied"):
        fetch(published("http://127.0.0.1:9/x"), tmp_path / "cache")


def test_interruption_leaves_nothing(server, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    server.files[NAME] = DATA
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetch(published(server.url + NAME), tmp_path)
    assert names_in(tmp_path) == set()


# --- several processes ---------------------------------------------------------------


def test_several_processes_download_once(server, tmp_path):
    server.files[NAME] = DATA
    command = fetch_elsewhere(published(server.url + NAME), tmp_path)
    running = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
        for _ in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    assert server.requests[NAME] == 1
    assert (tmp_path / NAME).read_bytes() == DATA
    assert names_in(tmp_path) == {NAME}


def test_killed_download_is_cleaned_up_by_the_next(server, tmp_path):
    server.files[NAME] = DATA
    server.scripts[NAME] = ["hang"]
    command = fetch_elsewhere(published(server.url + NAME), tmp_path)
    process = subprocess.Popen(command, cwd=REPOSITORY)
    assert server.dripping.wait(30)
    deadline = time.monotonic() + 10
    while not list(tmp_path.glob(".*.tmp")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    (leftover,) = names_in(tmp_path)
    assert leftover.endswith(".tmp")
    fetch(published(server.url + NAME), tmp_path)
    assert names_in(tmp_path) == {NAME}


# --- as part of load_data ------------------------------------------------------------


def test_load_downloads_to_the_cache_and_then_finds_it(server, empty_machine):
    dataset, packed = tiny_files.tiny_fashion((server.url,))
    server.files.update(packed)
    for _ in range(2):
        (x_train, _), _ = loading.load(dataset)
        assert x_train.shape == (tiny_files.TRAIN, 28, 28)
    provenance = loading.provenance_of(dataset)
    assert (provenance["source"], provenance["level"]) == ("cache", "archive")
    assert provenance["folder"] == str(
        empty_machine / "cache/scratchnet/datasets/fashion-mnist"
    )
    assert set(server.requests.values()) == {1}


def test_cifar_downloads_as_one_archive(server, empty_machine):
    url = server.url + "cifar-100-python.tar.gz"
    dataset, archive, _ = tiny_files.tiny_cifar((url,))
    server.files["cifar-100-python.tar.gz"] = archive
    _, (x_test, _) = loading.load(dataset)
    assert x_test.shape == (tiny_files.TEST, 32, 32, 3)
    provenance = loading.provenance_of(dataset)
    assert (provenance["source"], provenance["level"]) == ("cache", "archive")
    assert loading.fetch(dataset)[1] is False


def test_damaged_cache_is_downloaded_anew(server, empty_machine):
    dataset, packed = tiny_files.tiny_fashion((server.url,))
    server.files.update(packed)
    loading.load(dataset)
    name = "train-images-idx3-ubyte.gz"
    path = empty_machine / "cache/scratchnet/datasets/fashion-mnist" / name
    path.write_bytes(b"damaged")
    loading.load(dataset)
    assert path.read_bytes() == packed[name]
    assert server.requests == {**dict.fromkeys(packed, 1), name: 2}


def test_offline_error_lists_where_it_looked_and_what_to_do(empty_machine, monkeypatch):
    def no_network(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    dataset, _ = tiny_files.tiny_fashion(("https://data.invalid/",))
    with pytest.raises(DatasetError) as caught:
        loading.load(dataset)
    message = str(caught.value)
    for expected in (
        "Fashion-MNIST was not found, and could not be downloaded",
        str(empty_machine / "cache/scratchnet/datasets") + " (cache): nothing there",
        str(empty_machine / "keras/datasets"),
        str(empty_machine / "debian"),
        "https://data.invalid/train-images-idx3-ubyte.gz: ",
        "Name or service not known",
        "scratchnet datasets download fashion_mnist",
        "SCRATCHNET_DATA",
        "apt-get install dataset-fashion-mnist",
    ):
        assert expected in message


def test_without_a_home_the_error_says_what_to_set(empty_machine, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    dataset, _ = tiny_files.tiny_fashion(("https://data.invalid/",))
    with pytest.raises(DatasetError, match="set XDG_CACHE_HOME"):
        loading.load(dataset)

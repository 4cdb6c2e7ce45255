from __future__ import annotations

import dataclasses
import gzip
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import gadgets
import numpy as np
import pytest
import tiny_files
from tiny_files import (
    TEST,
    TRAIN,
    mutant,
    tiny_cifar,
    tiny_fashion,
    tiny_mnist_npz,
    write_files,
)

from scratchnet.datasets import loading, places
from scratchnet.datasets.places import Place, find
from scratchnet.foundation.errors import DatasetError

FASHION, PACKED = tiny_fashion()
PLAIN = tiny_files.idx_contents(tiny_files.idx_arrays())
# The same content in another gzip wrapper, as Debian has it.
REPACKED = tiny_files.gzipped(PLAIN, level=1)
OTHER = tiny_files.gzipped(tiny_files.idx_contents(tiny_files.idx_arrays(5)))
CIFAR, ARCHIVE, MEMBERS = tiny_cifar()


def own_folder(machine: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = machine / "own"
    folder.mkdir()
    monkeypatch.setenv("SCRATCHNET_DATA", str(folder))
    return folder


def named(splits) -> dict[str, np.ndarray]:
    """The four arrays under the names that `tiny_files` gives them."""
    (x_train, y_train), (x_test, y_test) = splits
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def fashion_arrays_are_right(splits) -> bool:
    arrays, expected = named(splits), tiny_files.idx_arrays()
    return all(np.array_equal(arrays[name], expected[name]) for name in expected)


# --- where it looks ------------------------------------------------------------------


PLACES = {
    "SCRATCHNET_DATA": "own/fashion_mnist",
    "cache": "cache/scratchnet/datasets/fashion-mnist",
    "keras": "keras/datasets/fashion-mnist",
    "debian": "debian/fashion-mnist",
}


@pytest.mark.parametrize("source", PLACES)
def test_files_are_found_in_every_place(source, empty_machine, monkeypatch):
    own_folder(empty_machine, monkeypatch)
    write_files(empty_machine / PLACES[source], PACKED)
    assert fashion_arrays_are_right(loading.load(FASHION))
    provenance = loading.provenance_of(FASHION)
    assert provenance["source"] == source
    assert provenance["folder"] == str(empty_machine / PLACES[source])


def test_places_are_searched_in_the_documented_order(empty_machine, monkeypatch):
    own_folder(empty_machine, monkeypatch)
    for folder in PLACES.values():
        write_files(empty_machine / folder, PACKED)
    for source, folder in PLACES.items():
        loading.load(FASHION)
        assert loading.provenance_of(FASHION)["source"] == source
        shutil.rmtree(empty_machine / folder)


def test_default_folders(monkeypatch):
    for name in ("SCRATCHNET_DATA", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert [(place.source, str(place.folder)) for place in places.places()] == [
        ("cache", "/home/somebody/.cache/scratchnet/datasets"),
        ("keras", "/home/somebody/.keras/datasets"),
        ("debian", "/usr/share/datasets"),
    ]


def test_relative_cache_home_is_ignored(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert places.cache_folder() == Path("/home/somebody/.cache/scratchnet/datasets")


def test_own_folder_that_is_not_there_is_an_error(empty_machine, monkeypatch):
    monkeypatch.setenv("SCRATCHNET_DATA", str(empty_machine / "typo"))
    with pytest.raises(
        DatasetError, match=r"SCRATCHNET_DATA: expected an existing.*typo"
    ):
        loading.load(FASHION)


@pytest.mark.parametrize(
    "folder", ["fashion-mnist", "fashion_mnist", "FashionMNIST/raw"]
)
def test_folders_of_other_programs(folder, empty_machine, monkeypatch):
    write_files(own_folder(empty_machine, monkeypatch) / folder, PACKED)
    assert fashion_arrays_are_right(loading.load(FASHION))


CIFAR_FOLDERS = {
    "own/cifar-100-python": MEMBERS,
    "own/cifar100": MEMBERS,
    "own/cifar100/cifar-100-python": MEMBERS,
    "own": {"cifar-100-python.tar.gz": ARCHIVE},
    "own/./cifar100": {"cifar-100-python.tar.gz": ARCHIVE},
    "keras/datasets": {"cifar-100-python.tar.gz": ARCHIVE},
    "keras/datasets/.": {"cifar-100-python-target_archive": ARCHIVE},
    "keras/datasets/cifar-100-python": MEMBERS,
    "keras/datasets/cifar-100-python-target/cifar-100-python": MEMBERS,
}


@pytest.mark.parametrize("folder", CIFAR_FOLDERS)
def test_cifar_as_folder_or_archive(folder, empty_machine, monkeypatch):
    own_folder(empty_machine, monkeypatch)
    write_files(empty_machine / folder, CIFAR_FOLDERS[folder])
    for mode in ("fine", "coarse"):
        splits = loading.load(CIFAR, label_mode=mode)
        for (x, y), count, seed in zip(splits, (TRAIN, TEST), (0, 1), strict=True):
            expected = tiny_files.cifar_arrays(count, seed)
            np.testing.assert_array_equal(x, expected["x"])
            np.testing.assert_array_equal(y[:, 0], expected[mode])


def test_keras_npz(empty_machine):
    dataset, data, expected = tiny_mnist_npz()
    write_files(empty_machine / "keras/datasets", {"mnist.npz": data})
    arrays = named(loading.load(dataset))
    for name in expected:
        np.testing.assert_array_equal(arrays[name], expected[name])
    assert loading.provenance_of(dataset)["level"] == "archive"


# --- levels and provenance -----------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "level"),
    [
        (PACKED, "archive"),
        (REPACKED, "content"),
        (PLAIN, "content"),
        ({**PACKED, "t10k-labels-idx1-ubyte.gz": b""}, None),
        (
            {
                **PACKED,
                "t10k-labels-idx1-ubyte.gz": REPACKED["t10k-labels-idx1-ubyte.gz"],
            },
            "content",
        ),
        (OTHER, "structure"),
    ],
)
def test_level_is_that_of_the_weakest_file(files, level, empty_machine, monkeypatch):
    write_files(own_folder(empty_machine, monkeypatch) / "fashion-mnist", files)
    if level is None:
        with pytest.raises(DatasetError):
            loading.load(FASHION)
    else:
        loading.load(FASHION)
        assert loading.provenance_of(FASHION)["level"] == level


def test_own_files_that_nobody_has_published_load_without_a_warning(
    empty_machine, monkeypatch, recwarn
):
    write_files(own_folder(empty_machine, monkeypatch) / "fashion-mnist", OTHER)
    (x_train, _), _ = loading.load(FASHION)
    np.testing.assert_array_equal(x_train, tiny_files.idx_arrays(5)["x_train"])
    assert not recwarn.list


@pytest.mark.parametrize("source", ["cache", "keras", "debian"])
def test_unpublished_files_elsewhere_are_refused(source, empty_machine):
    write_files(empty_machine / PLACES[source], OTHER)
    with pytest.raises(DatasetError, match="published SHA-256") as caught:
        loading.load(FASHION)
    assert "SCRATCHNET_DATA" in str(caught.value)


def test_a_damaged_copy_elsewhere_is_passed_over(empty_machine):
    write_files(empty_machine / PLACES["keras"], OTHER)
    write_files(empty_machine / PLACES["debian"], REPACKED)
    loading.load(FASHION)
    assert loading.provenance_of(FASHION)["source"] == "debian"


def test_provenance_holds_the_facts_and_is_json(empty_machine, monkeypatch):
    folder = own_folder(empty_machine, monkeypatch) / "fashion-mnist"
    write_files(folder, REPACKED)
    loading.load(FASHION)
    provenance = loading.provenance_of(FASHION)
    assert json.loads(json.dumps(provenance)) == provenance
    assert provenance["dataset"] == "fashion_mnist"
    for file in provenance["files"]:
        data = REPACKED[file["name"]]
        plain = file["name"].removesuffix(".gz")
        assert file == {
            "name": file["name"],
            "path": str(folder / file["name"]),
            "bytes": len(data),
            "sha256": tiny_files.sha256(data),
            "level": "content",
            "contents": {plain: tiny_files.sha256(PLAIN[plain])},
        }


def test_archive_and_its_unpacked_members_have_the_same_content_checksums(
    empty_machine, monkeypatch
):
    folder = own_folder(empty_machine, monkeypatch)
    (folder / "cifar-100-python.tar.gz").write_bytes(ARCHIVE)
    loading.load(CIFAR)
    packed = loading.provenance_of(CIFAR)["files"]
    (folder / "cifar-100-python.tar.gz").unlink()
    write_files(folder / "cifar-100-python", MEMBERS)
    loading.load(CIFAR)
    unpacked = loading.provenance_of(CIFAR)["files"]
    assert [file["level"] for file in packed] == ["archive"]
    assert [file["level"] for file in unpacked] == ["content"] * 2
    expected = {name: tiny_files.sha256(data) for name, data in MEMBERS.items()}
    assert packed[0]["contents"] == expected
    assert {file["name"]: file["sha256"] for file in unpacked} == expected


# --- contents whose checksum is not known --------------------------------------------


def archive_only(dataset):
    """The same data set, as if no checksum of what its archive holds were known."""
    (file,) = dataset.files
    contents = tuple(content._replace(sha256=None) for content in file.contents)
    return dataclasses.replace(
        dataset, editions=((dataclasses.replace(file, contents=contents),),)
    )


def test_a_pinned_archive_vouches_for_its_members(empty_machine, monkeypatch):
    dataset = archive_only(CIFAR)
    folder = own_folder(empty_machine, monkeypatch) / "cifar100"
    # Members of other bytes beside it are not read.
    write_files(folder, {**MEMBERS, "train": b"", dataset.files[0].name: ARCHIVE})
    (x_train, _), _ = loading.load(dataset)
    np.testing.assert_array_equal(x_train, tiny_files.cifar_arrays(TRAIN)["x"])
    assert loading.provenance_of(dataset)["level"] == "archive"
    assert places.is_here(dataset)


@pytest.mark.parametrize("place", ["own", "keras/datasets"])
def test_unpacked_files_without_a_checksum_are_refused(
    place, empty_machine, monkeypatch
):
    def decode(*_):
        pytest.fail("decoded")

    dataset = dataclasses.replace(archive_only(CIFAR), decode=decode)
    own_folder(empty_machine, monkeypatch)
    write_files(empty_machine / place / "cifar100", MEMBERS)
    assert not places.is_here(dataset)
    message = r"cifar100: unpacked files can't .*; put cifar-100-python\.tar\.gz there"
    with pytest.raises(DatasetError, match=message):
        loading.load(dataset)


# --- faults in the user's own files --------------------------------------------------


def test_missing_file_is_named(empty_machine, monkeypatch):
    files = dict(PACKED)
    del files["t10k-labels-idx1-ubyte.gz"]
    write_files(own_folder(empty_machine, monkeypatch) / "fashion-mnist", files)
    with pytest.raises(DatasetError, match=r"expected t10k-labels-idx1-ubyte\.gz"):
        loading.load(FASHION)


def test_damaged_own_files_are_an_error_even_if_others_are_good(
    empty_machine, monkeypatch
):
    write_files(empty_machine / PLACES["debian"], PACKED)
    name = "train-images-idx3-ubyte.gz"
    damaged = {**PACKED, name: PACKED[name][:-100]}
    write_files(own_folder(empty_machine, monkeypatch) / "fashion-mnist", damaged)
    with pytest.raises(DatasetError, match=f"{name}: EOFError"):
        loading.load(FASHION)


def gz_of(plain: bytes) -> bytes:
    return gzip.compress(plain, mtime=0)


TRAIN_IMAGES = PLAIN["train-images-idx3-ubyte"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not gzip at all",
        TRAIN_IMAGES,
        PACKED["train-images-idx3-ubyte.gz"][:-1],
        PACKED["train-images-idx3-ubyte.gz"] + b"x",
        gz_of(TRAIN_IMAGES[:-1]),
        gz_of(TRAIN_IMAGES + b"x"),
        gz_of(b""),
        gz_of(bytes(20 << 20)),
        bytes(5 << 20),
    ],
    ids=range(10),
)
def test_bad_gzip_files(data, empty_machine, monkeypatch):
    files = {**PACKED, "train-images-idx3-ubyte.gz": data}
    write_files(own_folder(empty_machine, monkeypatch) / "fashion-mnist", files)
    with pytest.raises(DatasetError, match="train-images-idx3-ubyte"):
        loading.load(FASHION)


def test_folder_or_pipe_in_place_of_a_file_is_not_read(empty_machine, monkeypatch):
    folder = own_folder(empty_machine, monkeypatch) / "fashion-mnist"
    write_files(folder, PACKED)
    for make in (os.mkdir, os.mkfifo):
        (folder / "t10k-labels-idx1-ubyte.gz").unlink()
        make(folder / "t10k-labels-idx1-ubyte.gz")
        with pytest.raises(DatasetError, match="expected t10k-labels"):
            loading.load(FASHION)
        shutil.rmtree(folder)
        write_files(folder, PACKED)


REPACKED_ARCHIVE = gz_of(tiny_files.tar_bytes(MEMBERS)) + gz_of(b"")
NPZ, NPZ_DATA, NPZ_ARRAYS = tiny_mnist_npz()


@pytest.mark.parametrize("folder", ["own", "cache/scratchnet/datasets"])
@pytest.mark.parametrize(
    ("dataset", "name", "data"),
    [
        (CIFAR, "cifar-100-python.tar.gz", REPACKED_ARCHIVE),
        (CIFAR, "cifar-100-python.tar.gz", ARCHIVE[:-1]),
        (NPZ, "mnist.npz", NPZ_DATA + b"x"),
        (NPZ, "mnist.npz", b"no zip"),
    ],
    ids=range(4),
)
def test_an_archive_of_other_bytes_is_not_opened(
    folder, dataset, name, data, empty_machine, monkeypatch
):
    def opened(*_, **__):
        pytest.fail("opened")

    own_folder(empty_machine, monkeypatch)
    write_files(empty_machine / folder, {name: data})
    for module, function in ((tarfile, "open"), (np, "load"), (gzip, "GzipFile")):
        monkeypatch.setattr(module, function, opened)
    with pytest.raises(DatasetError, match=f"{name}: expected the published archive"):
        loading.load(dataset)


@pytest.mark.parametrize("source", ["cache", "keras", "debian"])
def test_nothing_unpublished_is_decoded_elsewhere(source, empty_machine):
    def decode(*_):
        pytest.fail("decoded")

    write_files(empty_machine / PLACES[source], OTHER)
    with pytest.raises(DatasetError, match="published SHA-256"):
        loading.load(dataclasses.replace(FASHION, decode=decode))


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("keras/datasets", "neither the file nor its content has a published SHA-256"),
        ("own", "the import of 'os.system' is refused"),
    ],
)
def test_a_pickle_that_runs_code_runs_none(folder, reason, empty_machine, monkeypatch):
    own_folder(empty_machine, monkeypatch)
    marker = empty_machine / "marker"
    train = gadgets.executing(str(marker))["os.system/in a value"]
    write_files(
        empty_machine / folder / "cifar-100-python", {**MEMBERS, "train": train}
    )
    with pytest.raises(DatasetError, match=reason):
        loading.load(CIFAR)
    assert not marker.exists()


# --- mutants: with no checksum to save them ------------------------------------------


def load_mutant(dataset, name: str, data: bytes, folder: Path) -> bool:
    """Whether the file was accepted; whatever else than DatasetError escapes fails."""
    (folder / name).write_bytes(data)
    copy = find(dataset, Place("SCRATCHNET_DATA", folder.parent))
    assert copy is not None
    try:
        ((x_train, y_train), _), _ = loading.read(dataset, copy)
    except DatasetError:
        return False
    assert len(x_train) == len(y_train) == dataset.train_count
    assert x_train.dtype == np.uint8 and y_train.dtype in (np.uint8, np.int64)
    return True


def test_mutants_of_gzip_files(tmp_path):
    rng = np.random.default_rng(1)
    folder = tmp_path / "fashion-mnist"
    write_files(folder, PACKED)
    name = "train-labels-idx1-ubyte.gz"
    accepted = 0
    for number in range(300):
        if number % 2:
            data = mutant(PACKED[name], rng)
        else:
            # With its checksum computed anew, so that the content is what is tested.
            data = gz_of(mutant(PLAIN["train-labels-idx1-ubyte"], rng))
        accepted += load_mutant(FASHION, name, data, folder)
    assert 0 < accepted < 300


def test_mutants_of_cifar_files(tmp_path):
    rng = np.random.default_rng(2)
    folder = tmp_path / "cifar-100-python"
    write_files(folder, MEMBERS)
    accepted = 0
    for _ in range(250):
        accepted += load_mutant(CIFAR, "train", mutant(MEMBERS["train"], rng), folder)
    assert 0 < accepted < 250


# --- memory --------------------------------------------------------------------------


BOMB_LOAD = """
import resource
from scratchnet.datasets import fashion_mnist
from scratchnet.foundation.errors import DatasetError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    fashion_mnist.load_data()
except DatasetError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    print(error)
"""


def memory_of_load(folder: Path) -> tuple[int, str]:
    finished = subprocess.run(
        [sys.executable, "-c", BOMB_LOAD],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "SCRATCHNET_DATA": str(folder)},
    )
    assert finished.returncode == 0, finished.stderr
    kibibytes, message = finished.stdout.split("\n", 1)
    return int(kibibytes) * 1024, message


def test_gzip_bomb_is_refused_within_the_memory_of_the_real_file(tmp_path):
    # A gibibyte of zeros, as 64 gzip members of 16 MiB.
    bomb = gz_of(bytes(16 << 20)) * 64
    files = {f"{name}.gz": bomb for name in PLAIN}
    write_files(tmp_path / "fashion-mnist", files)
    extra, message = memory_of_load(tmp_path)
    assert "expected at most 47040016 bytes" in message
    assert extra < 47_040_016 + (32 << 20)


# --- inspect -------------------------------------------------------------------------


def test_inspect_reports_every_copy_and_its_faults(empty_machine):
    write_files(empty_machine / PLACES["cache"], OTHER)
    write_files(empty_machine / PLACES["debian"], REPACKED)
    (cache, fault), (debian, provenance) = loading.inspect(FASHION)
    assert (cache.source, debian.source) == ("cache", "debian")
    assert isinstance(fault, DatasetError) and "published SHA-256" in str(fault)
    assert provenance["level"] == "content"


def test_counts_of_the_description_are_what_is_expected(empty_machine, monkeypatch):
    write_files(own_folder(empty_machine, monkeypatch) / "fashion-mnist", PACKED)
    larger = dataclasses.replace(FASHION, train_count=13)
    with pytest.raises(
        DatasetError, match=r"images of shape \(13, 28, 28, 1\).*received \(12,"
    ):
        loading.load(larger)

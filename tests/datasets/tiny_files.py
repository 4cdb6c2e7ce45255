"""Small data sets in the official formats, and descriptions that pin them."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np

from scratchnet.datasets import cifar10, cifar100, fashion_mnist, mnist
from scratchnet.datasets.dataset import Dataset, PublishedFile

TRAIN, TEST = 12, 5


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- Fashion-MNIST and MNIST ---------------------------------------------------------


def idx_bytes(array: np.ndarray) -> bytes:
    head = struct.pack(f">{1 + array.ndim}I", 0x0800 | array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


def idx_arrays(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "x_train": rng.integers(0, 256, (TRAIN, 28, 28), np.uint8),
        "y_train": rng.integers(0, 10, TRAIN).astype(np.uint8),
        "x_test": rng.integers(0, 256, (TEST, 28, 28), np.uint8),
        "y_test": rng.integers(0, 10, TEST).astype(np.uint8),
    }


def idx_contents(arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte": idx_bytes(arrays["x_train"]),
        "train-labels-idx1-ubyte": idx_bytes(arrays["y_train"]),
        "t10k-images-idx3-ubyte": idx_bytes(arrays["x_test"]),
        "t10k-labels-idx1-ubyte": idx_bytes(arrays["y_test"]),
    }


def gzipped(contents: dict[str, bytes], level: int = 9) -> dict[str, bytes]:
    return {
        f"{name}.gz": gzip.compress(data, level, mtime=0)
        for name, data in contents.items()
    }


def pinned(
    file: PublishedFile, data: bytes, contents: dict[str, bytes], **changes: object
) -> PublishedFile:
    """The description of a file with other bytes, as long as the official content."""
    return dataclasses.replace(
        file,
        size=len(data),
        sha256=sha256(data),
        contents=tuple(
            content._replace(sha256=content.sha256 and sha256(contents[content.name]))
            for content in file.contents
        ),
        **changes,
    )


def tiny(dataset: Dataset, *files: PublishedFile) -> Dataset:
    return dataclasses.replace(
        dataset, train_count=TRAIN, test_count=TEST, editions=(files,)
    )


def tiny_fashion(mirrors: tuple[str, ...] = ()) -> tuple[Dataset, dict[str, bytes]]:
    """A data set of 12 + 5 images, and its published (gzipped) files."""
    contents = idx_contents(idx_arrays())
    packed = gzipped(contents)
    files = [
        pinned(
            file,
            packed[file.name],
            contents,
            urls=tuple(mirror + file.name for mirror in mirrors),
        )
        for file in fashion_mnist.DATASET.files
    ]
    return tiny(fashion_mnist.DATASET, *files), packed


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def tiny_mnist_npz() -> tuple[Dataset, bytes, dict[str, np.ndarray]]:
    arrays = idx_arrays(1)
    data = npz_bytes(arrays)
    file = pinned(mnist.KERAS_FILE, data, {"mnist.npz": data})
    return tiny(mnist.DATASET, file), data, arrays


# --- CIFAR-100 and CIFAR-10 ----------------------------------------------------------


def cifar_arrays(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    fine = rng.integers(0, 100, count)
    return {
        "x": rng.integers(0, 256, (count, 32, 32, 3), np.uint8),
        "fine": fine,
        "coarse": np.array(cifar100.superclass_of_class)[fine],
    }


def cifar10_arrays(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "x": rng.integers(0, 256, (count, 32, 32, 3), np.uint8),
        "labels": rng.integers(0, 10, count),
    }


def rows(images: np.ndarray) -> np.ndarray:
    """(N, 32, 32, 3) as CIFAR's rows of 1024 red, 1024 green, 1024 blue values."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(-1, 3072)


def _string(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode()


def _list(items: list[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def _integers(values: np.ndarray) -> bytes:
    return _list([b"K" + bytes([int(value)]) for value in values])


def python2_array(array: np.ndarray) -> bytes:
    """An array as Python 2 and its NumPy pickled it, protocol 2."""
    raw = array.tobytes()
    rows_, columns = array.shape
    return (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85"
        + _string("b")
        + b"\x87R(K\x01"
        + b"J" + struct.pack("<i", rows_) + b"J" + struct.pack("<i", columns) + b"\x86"
        + b"cnumpy\ndtype\n" + _string("u1") + b"K\x00K\x01\x87R"
        + b"(K\x03" + _string("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + b"\x89T" + struct.pack("<i", len(raw)) + raw
        + b"tb"
    )  # fmt: skip


def python2_batch(arrays: dict[str, np.ndarray]) -> bytes:
    """A batch as Python 2 wrote the official files: protocol 2, byte strings."""
    names = [_string(f"image_s_{n:06}.png") for n in range(len(arrays["x"]))]
    labels = [
        _string(kind if kind == "labels" else f"{kind}_labels") + _integers(values)
        for kind, values in arrays.items()
        if kind != "x"
    ]
    return (
        b"\x80\x02}q\x01("
        + _string("filenames") + b"q\x02" + _list(names)
        + _string("batch_label") + _string("training batch 1 of 1")
        + b"".join(labels)
        + _string("data") + python2_array(rows(arrays["x"]))
        + b"u."
    )  # fmt: skip


def python3_batch(arrays: dict[str, np.ndarray], protocol: int) -> bytes:
    """The same, as somebody who rebuilds the files with Python 3 would write it."""
    batch = {
        b"fine_labels": [int(label) for label in arrays["fine"]],
        b"coarse_labels": [int(label) for label in arrays["coarse"]],
        b"data": rows(arrays["x"]),
    }
    return pickle.dumps(batch, protocol=protocol)


def cifar_contents() -> dict[str, bytes]:
    return {
        "train": python2_batch(cifar_arrays(TRAIN, 0)),
        "test": python2_batch(cifar_arrays(TEST, 1)),
    }


def tar_bytes(contents: dict[str, bytes], folder: str = "cifar-100-python/") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        if folder:
            directory = tarfile.TarInfo(folder)
            directory.type = tarfile.DIRTYPE
            archive.addfile(directory)
        for name, data in contents.items():
            member = tarfile.TarInfo(folder + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def tiny_cifar(urls: tuple[str, ...] = ()) -> tuple[Dataset, bytes, dict[str, bytes]]:
    """A data set of 12 + 5 images, its archive, and the contents of that."""
    contents = cifar_contents()
    packed = gzip.compress(tar_bytes({**contents, "meta": b"not read"}), mtime=0)
    file = pinned(cifar100.ARCHIVE, packed, contents, urls=urls)
    return tiny(cifar100.DATASET, file), packed, contents


def tiny_cifar10() -> tuple[Dataset, bytes, dict[str, bytes]]:
    """The same of CIFAR-10, whose contents have no checksums."""
    arrays = cifar10_arrays(TRAIN, 0)
    parts = {key: np.array_split(values, 5) for key, values in arrays.items()}
    contents = {
        name: python2_batch({key: parts[key][number] for key in parts})
        for number, name in enumerate(cifar10.TRAINING)
    }
    contents[cifar10.TEST] = python2_batch(cifar10_arrays(TEST, 1))
    packed = gzip.compress(tar_bytes(contents, "cifar-10-batches-py/"), mtime=0)
    file = pinned(cifar10.ARCHIVE, packed, contents, urls=())
    return tiny(cifar10.DATASET, file), packed, contents


# --- files and mutants ---------------------------------------------------------------


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """One random fault: bits, bytes, a cut, an insertion, a repeat or a swap."""
    changed = bytearray(data)
    # Half of the faults hit the head, where the structure is.
    reach = len(data) if rng.random() < 0.5 else min(len(data), 300)
    at = int(rng.integers(reach))
    kind = rng.integers(6)
    if kind == 0:
        changed[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        changed[at] = int(rng.integers(256))
    elif kind == 2:
        del changed[at:]
    elif kind == 3:
        changed[at:at] = rng.bytes(int(rng.integers(1, 9)))
    elif kind == 4:
        changed[at:at] = changed[at : at + int(rng.integers(1, 600))]
    else:
        del changed[at : at + int(rng.integers(1, 9))]
    return bytes(changed)

"""Weights in NumPy's own ``.npz`` format, readable by ``numpy.load`` alone.

The file is a zip archive whose members are stored as they are, never compressed:

    metadata.json        format, versions, the layers with their weights' shapes
    conv2d/kernel.npy    one array per weight, in the order of the metadata
    conv2d/bias.npy
    …
    archive comment      "sha256:" and the SHA-256 of every byte before it

Reading trusts nothing. The file's size is compared with the model's before a byte is
read, the checksum before anything is interpreted, and the layers, names, shapes and
dtypes with the model's before an array is made. An array's header is not parsed at
all: it must *be* the header that NumPy writes for the expected dtype and shape.
Values reach the model only when the last of them has been checked.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from typing import Any

import numpy as np

from scratchnet._version import __version__
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.saving import layout, serialization

FORMAT = "scratchnet weights"
FORMAT_VERSION = 1
METADATA = "metadata.json"
METADATA_LIMIT = 1 << 20
HEADER_LIMIT = 4096
SIZE_LIMIT = (1 << 31) - 1

COMMENT = b"sha256:" + b"0" * 64
DIGEST_LENGTH = 64
# The fixed parts of zip's records: before each member, in the directory, at the end.
LOCAL_RECORD, DIRECTORY_RECORD, END_RECORD = 30, 46, 22


# Writing


def save(model: Any, path: str, *, allow_non_finite: bool = False) -> None:
    """Write a model's weights; `scratchnet.saving.save_weights` says more."""
    entries = layout.layer_entries(model, path)
    if not allow_non_finite:
        layout.refuse_non_finite(entries, path)
    content = encode(model, entries, path)
    with atomic_write(path) as file:
        file.write(content)


def encode(model: Any, entries: list[layout.LayerEntry], path: str) -> bytes:
    """Return a file's bytes: the same for the same weights, whenever written."""
    members = [(METADATA, _metadata_bytes(model, entries, path))]
    for entry in entries:
        for name, weight in entry.weights.items():
            members.append((f"{entry.key}/{name}.npy", _array_bytes(weight)))
    if sum(len(content) for _, content in members) > SIZE_LIMIT:
        raise CheckpointError(
            f"{path}: an .npz file holds at most 2 GiB of weights; save to a name "
            "that ends in .weights.h5"
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            # ZipInfo's own date is 1 January 1980: equal weights give equal files.
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.comment = COMMENT
    return sign(buffer.getvalue())


def sign(content: bytes) -> bytes:
    """Put the SHA-256 of all bytes before it at the end of the archive's comment."""
    body = content[:-DIGEST_LENGTH]
    return body + hashlib.sha256(body).hexdigest().encode()


def _metadata_bytes(model: Any, entries: list[layout.LayerEntry], path: str) -> bytes:
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "scratchnet_version": __version__,
        "layers": [describe_layer(entry) for entry in entries],
        "model": _plain_config(model),
    }
    content = json.dumps(metadata, allow_nan=False).encode()
    if len(content) > METADATA_LIMIT:
        raise CheckpointError(
            f"{path}: the description of the model takes {len(content)} bytes, more "
            f"than the {METADATA_LIMIT} that an .npz file may spend on it; save to a "
            "name that ends in .weights.h5"
        )
    return content


def describe_layer(entry: layout.LayerEntry) -> dict[str, Any]:
    """Return what the metadata says of one layer."""
    return {
        "key": entry.key,
        "class": type(entry.layer).__name__,
        "name": entry.layer.name,
        "weights": [
            {"name": name, "shape": list(weight.shape), "dtype": weight.dtype.name}
            for name, weight in entry.weights.items()
        ],
    }


def _plain_config(model: Any) -> Any:
    """Return the model's configuration for people to read; weights don't need it.

    A layer of the user's own may keep what JSON can't hold; then there is none.
    """
    if not hasattr(model, "get_config"):
        return None
    try:
        config = model.get_config()
        json.dumps(config, allow_nan=False)
    except (TypeError, ValueError, NotImplementedError):
        return None
    return config


def _array_bytes(weight: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    little_endian = weight.astype(weight.dtype.newbyteorder("<"), order="C", copy=False)
    np.lib.format.write_array(buffer, little_endian, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


# Reading


def load(model: Any, path: str) -> None:
    """Read a model's weights; `scratchnet.saving.load_weights` says more."""
    entries = layout.layer_entries(model, path)
    targets = [weight for entry in entries for weight in entry.weights.values()]
    content = _read_bounded(path, _largest_size(targets))
    try:
        values = decode(content, entries, path)
    except CheckpointError:
        raise
    except Exception as error:
        # The checksum was right, so the file was made to look like this; whatever
        # zipfile and json raise on it has one meaning for the caller.
        raise CheckpointError(
            f"{path}: not a weights file of scratchnet: {type(error).__name__}: {error}"
        ) from error
    layout.assign(targets, values)


def _largest_size(targets: list[np.ndarray]) -> int:
    arrays = sum(weight.nbytes + HEADER_LIMIT for weight in targets)
    return arrays + METADATA_LIMIT + HEADER_LIMIT


def _read_bounded(path: str, limit: int) -> bytes:
    """Return a file's bytes, unless there are more than the model can need."""
    layout.require_file(path)
    try:
        size = os.path.getsize(path)
        if size > limit:
            raise CheckpointError(
                f"{path}: holds {size} bytes, and this model's weights take {limit} at "
                "most: it belongs to another model, or is no weights file"
            )
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise CheckpointError(
            f"{path}: can't be read: {error.strerror or error}"
        ) from error


def decode(
    content: bytes, entries: list[layout.LayerEntry], path: str
) -> list[np.ndarray]:
    """Check everything that a file says and return its arrays, in the model's order."""
    check_digest(content, path)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        _check_records(members, len(content), path)
        _check_metadata(_read_metadata(archive, members, path), entries, path)
        wanted = [
            (f"{entry.key}/{name}.npy", weight)
            for entry in entries
            for name, weight in entry.weights.items()
        ]
        _check_names(members, [name for name, _ in wanted], path)
        return [
            _decode_array(archive.read(member), weight, f"{path}: {name}")
            for member, (name, weight) in zip(members[1:], wanted, strict=True)
        ]


def check_digest(content: bytes, path: str) -> None:
    """Compare the checksum in the archive's comment with the bytes before it.

    Raises:
        CheckpointError: there is none (another program's file, or a truncated one),
            or it differs.
    """
    end = len(content) - len(COMMENT) - END_RECORD
    digest_start = len(content) - DIGEST_LENGTH
    prefix = content[len(content) - len(COMMENT) : digest_start]
    if end < 0 or content[end : end + 4] != b"PK\5\6" or prefix != COMMENT[:7]:
        raise CheckpointError(
            f"{path}: truncated, or not written by scratchnet: an archive that ends "
            "in a SHA-256 was expected"
        )
    found = content[digest_start:]
    computed = hashlib.sha256(memoryview(content)[:digest_start]).hexdigest().encode()
    if found != computed:
        raise CheckpointError(
            f"{path}: damaged: its SHA-256 is {computed.decode()}, and "
            f"{found.decode('ascii', 'backslashreplace')} was noted when it was written"
        )


def _check_records(members: list[zipfile.ZipInfo], size: int, path: str) -> None:
    """See that members are stored plainly, one after another, and fill the file."""
    start = directory = 0
    for member in members:
        name_length = len(member.filename.encode())
        if (
            member.compress_type != zipfile.ZIP_STORED
            or member.compress_size != member.file_size
            or member.flag_bits & ~0x800
            or member.header_offset != start
        ):
            raise CheckpointError(
                f"{path}: member {member.filename!r}: expected a plainly stored member "
                f"of {member.file_size} bytes at byte {start}, found it compressed, "
                "encrypted or elsewhere"
            )
        start += LOCAL_RECORD + name_length + member.file_size
        directory += DIRECTORY_RECORD + name_length
    # What else an archive may hold (extra fields, comments, gaps) is not in this sum.
    total = start + directory + END_RECORD + len(COMMENT)
    if total != size:
        raise CheckpointError(
            f"{path}: its members account for {total} bytes, the file has {size}"
        )


def _read_metadata(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], path: str
) -> dict[str, Any]:
    if not members or members[0].filename != METADATA:
        raise CheckpointError(
            f"{path}: expected {METADATA} as its first member, found "
            f"{members[0].filename if members else 'none'!r}"
        )
    if members[0].file_size > METADATA_LIMIT:
        raise CheckpointError(
            f"{path}: {METADATA} takes {members[0].file_size} bytes, more than "
            f"{METADATA_LIMIT}"
        )
    metadata = serialization.parse_json(archive.read(members[0]))
    known = {"format", "format_version", "scratchnet_version", "layers", "model"}
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: {METADATA} does not describe {FORMAT}")
    version = metadata.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: its format has version {version!r}, and this scratchnet reads "
            f"version {FORMAT_VERSION} only; use the scratchnet that wrote it"
        )
    if set(metadata) != known:
        odd = sorted(set(metadata) ^ known)
        raise CheckpointError(f"{path}: {METADATA}: missing or unknown entries {odd}")
    return metadata


def _check_metadata(
    metadata: dict[str, Any], entries: list[layout.LayerEntry], path: str
) -> None:
    """Compare the layers of the file, in order, with the model's."""
    layers = metadata["layers"]
    if not isinstance(layers, list):
        raise CheckpointError(f"{path}: {METADATA}: 'layers' is no list")
    for position, (found, entry) in enumerate(zip(layers, entries, strict=False)):
        expected = describe_layer(entry)
        if not isinstance(found, dict) or set(found) != set(expected):
            raise CheckpointError(f"{path}: {METADATA}: layer {position} is malformed")
        if (found["class"], found["key"]) != (expected["class"], expected["key"]):
            raise CheckpointError(
                f"{path}: belongs to another model: its layer {position} is "
                f"{str(found['class'])[:80]} '{str(found['name'])[:80]}', and this "
                f"model's is {entry.layer.label}"
            )
        if found["weights"] != expected["weights"]:
            raise CheckpointError(
                f"{path}: {entry.layer.label} (layer {position}): expected weights "
                f"{_list_weights(expected['weights'])}, found "
                f"{_list_weights(found['weights'])}"
            )
    if len(layers) != len(entries):
        raise CheckpointError(
            f"{path}: belongs to another model: it has {len(layers)} layers, and this "
            f"model has {len(entries)}"
        )


def _list_weights(weights: Any) -> str:
    try:
        listed = [
            f"{weight['name']} {layout.describe(weight['shape'], weight['dtype'])}"
            for weight in weights
        ]
    except (TypeError, KeyError):
        listed = [repr(weights)]
    return ", ".join(listed)[:500] or "none"


def _check_names(
    members: list[zipfile.ZipInfo], expected: list[str], path: str
) -> None:
    found = [member.filename for member in members[1:]]
    if found == expected:
        return
    missing, unknown = set(expected) - set(found), set(found) - set(expected)
    raise CheckpointError(
        f"{path}: expected the arrays of its metadata, in order and once each; missing "
        f"{sorted(missing)[:5]}, unknown {sorted(unknown)[:5]}, "
        f"{len(found)} found, {len(expected)} expected"
    )


def _decode_array(content: bytes, weight: np.ndarray, who: str) -> np.ndarray:
    """Return one member as an array of exactly the weight's dtype and shape.

    A .npy file is a magic string with a version, the header's length (2 bytes, little
    endian), the header (a Python dict in text, padded), and the values.

    Reference: `numpy/lib/format.py`.
    """
    dtype = weight.dtype.newbyteorder("<")
    expected = (
        f"{{'descr': '{dtype.str}', 'fortran_order': False, 'shape': {weight.shape}, }}"
    )
    header_end = 10 + int.from_bytes(content[8:10], "little")
    header = content[10:header_end].decode("latin1").rstrip(" \n")
    if content[:8] != b"\x93NUMPY\1\0" or header != expected:
        raise CheckpointError(
            f"{who}: expected the array {expected}, found {header[:200]!r}"
        )
    if len(content) - header_end != weight.nbytes:
        raise CheckpointError(
            f"{who}: expected {weight.nbytes} bytes of values, found "
            f"{len(content) - header_end}"
        )
    values = np.frombuffer(content, dtype, count=weight.size, offset=header_end)
    return values.reshape(weight.shape)

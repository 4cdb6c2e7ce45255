"""Weights in NumPy's own ``.npz`` format, readable by ``numpy.load`` alone.

A file of `signed_npz` with these members:

    metadata.json        format, versions, the layers with their weights' shapes
    conv2d/kernel.npy    one array per weight, in the order of the metadata
    conv2d/bias.npy
    …

Reading trusts nothing. The file's size is compared with the model's before a byte is
read, the checksum before anything is interpreted, and the layers, names, shapes and
dtypes with the model's before an array is made. An array's header is not parsed at
all: it must *be* the header that NumPy writes for the expected dtype and shape.
Values reach the model only when the last of them has been checked.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from scratchnet._version import __version__
from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import layout, serialization, signed_npz

FORMAT = "scratchnet weights"
FORMAT_VERSION = 1
METADATA = "metadata.json"
METADATA_LIMIT = 1 << 20
HEADER_LIMIT = 4096
SIZE_LIMIT = 2_000_000_000  # beyond, zip archives have another layout
# The fixed parts of zip's records: before each member, and in the directory.
LOCAL_RECORD, DIRECTORY_RECORD = 30, 46


# Writing


def encode(model: Any, layers: layout.Layers, path: str) -> bytes:
    """Return a file's bytes; `scratchnet.saving.save_weights` says more."""
    if _largest_size(layers) > SIZE_LIMIT:
        raise CheckpointError(
            f"{path}: an .npz file holds at most 2 GB of weights; save to a name "
            "that ends in .weights.h5"
        )
    members: dict[str, Any] = {METADATA: _metadata_bytes(model, layers, path)}
    return signed_npz.encode(members | _named_weights(layers))


def _named_weights(layers: layout.Layers) -> dict[str, np.ndarray]:
    return {
        f"{key}/{name}": weight
        for key, layer in layers.items()
        for name, weight in layout.own_weights(layer).items()
    }


def _largest_size(layers: layout.Layers) -> int:
    weights = layout.weights_of(layers)
    arrays = sum(weight.nbytes + HEADER_LIMIT for weight in weights)
    return arrays + METADATA_LIMIT + HEADER_LIMIT


def _metadata_bytes(model: Any, layers: layout.Layers, path: str) -> bytes:
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "scratchnet_version": __version__,
        "layers": [_describe_layer(key, layer) for key, layer in layers.items()],
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


def _describe_layer(key: str, layer: Any) -> dict[str, Any]:
    return {
        "key": key,
        "class": layer.class_name,
        "name": layer.name,
        "weights": [
            {"name": name, "shape": list(weight.shape), "dtype": weight.dtype.name}
            for name, weight in layout.own_weights(layer).items()
        ],
    }


def _plain_config(model: Any) -> Any:
    """Return the model's configuration for people to read; weights don't need it.

    A layer of the user's own may keep what JSON can't hold; then there is none.
    """
    try:
        config = model.get_config()
        json.dumps(config, allow_nan=False)
    except (TypeError, ValueError, NotImplementedError):
        return None
    return config


# Reading


def load(model: Any, layers: layout.Layers, path: str) -> None:
    """Read a model's weights; `scratchnet.saving.load_weights` says more."""
    weights = {f"{name}.npy": weight for name, weight in _named_weights(layers).items()}
    with (
        signed_npz.open_signed(path, _largest_size(layers)) as content,
        zipfile.ZipFile(io.BytesIO(content)) as archive,
    ):
        members = archive.infolist()
        _check_records(members, len(content), path)
        _check_metadata(_read_metadata(archive, members, path), layers, path)
        names = [member.filename for member in members[1:]]
        if names != list(weights):
            missing, unknown = set(weights) - set(names), set(names) - set(weights)
            raise CheckpointError(
                f"{path}: expected the arrays of its metadata, in order and once each; "
                f"missing {sorted(missing)[:5]}, unknown {sorted(unknown)[:5]}, "
                f"{len(names)} found, {len(weights)} expected"
            )
        values = [
            _decode_array(archive.read(name), weight, f"{path}: {name}")
            for name, weight in weights.items()
        ]
    layout.assign(layers, values)


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
    total = start + directory + signed_npz.END_RECORD + len(signed_npz.COMMENT)
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


def _check_metadata(metadata: dict[str, Any], layers: layout.Layers, path: str) -> None:
    """Compare the layers of the file, in order, with the model's."""
    described = metadata["layers"]
    if not isinstance(described, list):
        raise CheckpointError(f"{path}: {METADATA}: 'layers' is not a list")
    for i, (found, key) in enumerate(zip(described, layers, strict=False)):
        layer, expected = layers[key], _describe_layer(key, layers[key])
        if not isinstance(found, dict) or set(found) != set(expected):
            raise CheckpointError(f"{path}: {METADATA}: layer {i} is malformed")
        if (found["class"], found["key"]) != (expected["class"], key):
            raise CheckpointError(
                f"{path}: belongs to another model: its layer {i} is "
                f"{str(found['class'])[:80]} '{str(found['name'])[:80]}', and this "
                f"model's is {layer.label}"
            )
        if found["weights"] != expected["weights"]:
            raise CheckpointError(
                f"{path}: {layer.label} (layer {i}): expected weights "
                f"{_list_weights(expected['weights'])}, found "
                f"{_list_weights(found['weights'])}"
            )
    if len(described) != len(layers):
        raise CheckpointError(
            f"{path}: belongs to another model: it has {len(described)} layers, and "
            f"this model has {len(layers)}"
        )


def _list_weights(weights: Any) -> str:
    try:
        listed = [
            f"{weight['name']} {tuple(weight['shape'])} {weight['dtype']}"
            for weight in weights
        ]
    except (TypeError, KeyError):
        listed = [repr(weights)]
    return ", ".join(listed)[:500] or "none"


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

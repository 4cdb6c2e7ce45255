"""Whole models in Keras 3's ``.keras`` files: a zip archive of three members.

    metadata.json       the version of Keras whose format it is
    config.json         layers, optimizer, loss and metrics (`serialization`)
    model.weights.h5    weights and the optimizer's state (`h5`)

Members are stored as they are, never compressed, and are read in memory: nothing is
unpacked to the disk. A file may hold these three members and no others, and name the
classes of scratchnet and no others. `models.load_model` makes a model of what is read
here; what its layers would allocate is compared with the weights in the file before
anything is allocated.

Reference: `keras/src/saving/saving_lib.py`.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from typing import Any

from scratchnet._version import __version__
from scratchnet.foundation import registry
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.structure import leaves
from scratchnet.saving import h5, layout, serialization

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
MEMBERS = (METADATA, CONFIG, WEIGHTS)
JSON_LIMIT = 1 << 20
# The release of Keras whose files these are.
KERAS_VERSION = "3.15.1"
ENCRYPTED = 0x1


# Writing


def encode(model: Any, layers: layout.Layers, path: str) -> memoryview:
    """Return a file's bytes; `scratchnet.saving.save_model` says more."""
    weights = h5.encode(model, layers, path)
    metadata = {"keras_version": KERAS_VERSION, "scratchnet_version": __version__}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        # ZipInfo's own date is 1 January 1980: equal models give equal files.
        archive.writestr(zipfile.ZipInfo(METADATA), json.dumps(metadata))
        archive.writestr(zipfile.ZipInfo(CONFIG), _config_bytes(model, layers, path))
        archive.writestr(zipfile.ZipInfo(WEIGHTS), weights)
    return buffer.getbuffer()


def record(model: Any, layers: layout.Layers, path: str) -> dict[str, Any]:
    """Return what a file says of a model, if Keras and `load_model` can make it again.

    Raises:
        CheckpointError: one of them could not.
    """
    try:
        found = serialization.record(model)
        made = [one for one in leaves(model.loss) if not isinstance(one, str | dict)]
        theirs = [model, *layers.values(), model.optimizer, *made]
        with registry.custom_object_scope(serialization.things_of_the_user(theirs)):
            _, compile_config = serialization.model_parts(found)
            compiled = serialization.plain(compile_config or {}, "compile")
        for loss in leaves(compiled.get("loss")):
            _require_keras_s(loss)
    except ValueError as error:
        raise CheckpointError(
            f"{path}: not saved: {error}. A model's file can hold what Keras and "
            "scratchnet both have; save_weights keeps the weights of any model"
        ) from error
    return found


def _config_bytes(model: Any, layers: layout.Layers, path: str) -> bytes:
    """Return config.json."""
    content = json.dumps(record(model, layers, path), allow_nan=False).encode()
    if len(content) > JSON_LIMIT:
        raise CheckpointError(
            f"{path}: not saved: the description of the model takes {len(content)} "
            f"bytes, more than the {JSON_LIMIT} that a .keras file may spend on it; "
            "save_weights keeps the weights of any model"
        )
    return content


def _require_keras_s(loss: Any) -> None:
    """Refuse the one setting that would make Keras fail to read the file."""
    if isinstance(loss, dict) and loss["class_name"] == "SparseCategoricalCrossentropy":
        smoothing = loss["config"].get("label_smoothing")
        if smoothing is not None:
            raise ValueError(
                f"compile.loss: SparseCategoricalCrossentropy has "
                f"label_smoothing={smoothing!r}, which Keras's does not have"
            )


# Reading


def load(model: Any, layers: layout.Layers, path: str) -> None:
    """Read the weights alone; `scratchnet.saving.load_weights` says more."""
    h5.import_h5py(path)  # without it, advice about the file would be of no use
    restore(model, layers, _read_members(path)[WEIGHTS], path)


def read(path: str) -> tuple[Any, bytes]:
    """Read a file's record of a model and its weights, neither of them checked yet.

    Returns:
        The content of config.json, for `serialization.model_parts`, and that of
        model.weights.h5, for `check_size` and `restore`.

    Raises:
        CheckpointError: the file is missing, damaged or not of Keras 3.
        ImportError: h5py is not installed.
    """
    h5.import_h5py(path)
    members = _read_members(path)
    metadata = _read_json(members, METADATA, path)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version.startswith("3."):
        raise CheckpointError(
            f"{path}: {METADATA}: expected a file of Keras 3, found version "
            f"{version!r:.80}; load it in Keras 3 and save it again"
        )
    return _read_json(members, CONFIG, path), members[WEIGHTS]


def check_size(model: Any, size: int) -> None:
    """Compare what a model would allocate with the weights that came with it.

    Args:
        model: not built.
        size: bytes of the weights.

    Raises:
        ValueError: it needs more, no input shape is known, or a layer can't take what
            comes to it.
    """
    if not model.layers or not model.has_input:
        raise ValueError(
            "the model was never built and has no weights; call it on a batch, or "
            "give it an Input, before saving it"
        )
    shapes = model.weight_shapes(model.input_shape)
    needed = sum(map(math.prod, shapes.values())) * model.dtype.itemsize
    if needed > size:
        raise ValueError(
            f"its layers ask for at least {needed} bytes of weights, and {WEIGHTS} "
            f"has {size}: the two don't belong together"
        )


def restore(
    model: Any,
    layers: layout.Layers,
    weights: bytes,
    path: str,
    *,
    make_slots: bool = False,
) -> None:
    """Give a model the weights and, if it is compiled, the optimizer's state.

    Args:
        model: a built model.
        layers: its layers by their keys.
        weights: the content of model.weights.h5.
        path: the file's name, for messages.
        make_slots: whether an optimizer without slots gets those that the file has.
    """
    with h5.open_datasets(io.BytesIO(weights), f"{path}: {WEIGHTS}") as datasets:
        optimizer = model.optimizer if make_slots else None
        if optimizer is not None and h5.has_slots(datasets, optimizer):
            optimizer.build(model.trainable_params)
        h5.restore(model, layers, datasets, path)


def _read_members(path: str) -> dict[str, bytes]:
    layout.require_file(path)
    with layout.damage_named(path, ".keras file"), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        _check_members(members, os.path.getsize(path), path)
        return {member.filename: archive.read(member) for member in members}


def _check_members(members: list[zipfile.ZipInfo], size: int, path: str) -> None:
    """See that there are the three members, each a plain piece of the file."""
    names = [member.filename for member in members]
    if sorted(names) != sorted(MEMBERS):
        odd = sorted(set(names) - set(MEMBERS))[:3]
        missing = sorted(set(MEMBERS) - set(names))
        raise CheckpointError(
            f"{path}: expected the members {', '.join(MEMBERS)}, once each and no "
            f"others; found {len(names)}, unknown {odd!r:.200}, missing {missing}"
        )
    for member in members:
        if (
            member.compress_type != zipfile.ZIP_STORED
            or member.compress_size != member.file_size
            or member.flag_bits & ENCRYPTED
            or member.header_offset + member.file_size > size
        ):
            raise CheckpointError(
                f"{path}: {member.filename}: expected a plainly stored member, found "
                f"it compressed, encrypted or outside the file ({member.file_size} "
                f"bytes in a file of {size}); save the model anew in Keras"
            )
        if member.filename != WEIGHTS and member.file_size > JSON_LIMIT:
            raise CheckpointError(
                f"{path}: {member.filename}: expected at most {JSON_LIMIT} bytes, "
                f"found {member.file_size}"
            )


def _read_json(members: dict[str, bytes], name: str, path: str) -> Any:
    with layout.damage_named(f"{path}: {name}", "JSON"):
        return serialization.parse_json(members[name])

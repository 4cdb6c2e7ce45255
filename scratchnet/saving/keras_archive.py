"""Whole models in Keras 3's ``.keras`` files: a zip archive of three members.

    metadata.json       the version of Keras whose format it is
    config.json         layers, optimizer, loss and metrics
    (`scratchnet.saving.serialization`) model.weights.h5    weights and the optimizer's
    state (`h5`)

Members are stored as they are, never compressed, and are read in memory: nothing is
unpacked to the disk. A file may hold these three members and no others, and name the
classes of scratchnet and no others. What its layers would allocate is compared with
the weights that it holds before anything is allocated.

Reference: `keras/src/saving/saving_lib.py`.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

from scratchnet._version import __version__
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.saving import h5, layout, serialization

if TYPE_CHECKING:
    from scratchnet.models.sequential import Sequential

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
MEMBERS = (METADATA, CONFIG, WEIGHTS)
JSON_LIMIT = 1 << 20
# The release of Keras whose files these are.
KERAS_VERSION = "3.15.1"
ENCRYPTED = 0x1
# Class → the settings that Keras's class of that name doesn't take.
BEYOND_KERAS = {"SparseCategoricalCrossentropy": ("label_smoothing",)}


# Writing


def save(model: Any, path: str, *, allow_non_finite: bool = False) -> None:
    """Write a whole model; `scratchnet.saving.save_model` says more."""
    weights = h5.encode(model, path, allow_non_finite=allow_non_finite)
    metadata = {"keras_version": KERAS_VERSION, "scratchnet_version": __version__}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        # ZipInfo's own date is 1 January 1980: equal models give equal files.
        archive.writestr(zipfile.ZipInfo(METADATA), json.dumps(metadata))
        archive.writestr(zipfile.ZipInfo(CONFIG), _config_bytes(model, path))
        archive.writestr(zipfile.ZipInfo(WEIGHTS), weights)
    with atomic_write(path) as file:
        file.write(buffer.getbuffer())


def _config_bytes(model: Any, path: str) -> bytes:
    """Return config.json, if both Keras and `load_model` could make a model of it."""
    record = serialization.record(model)
    try:
        config, compile_config = serialization.model_parts(record)
        _refuse_beyond_keras(serialization.plain(config, "model"), "model")
        _refuse_beyond_keras(serialization.plain(compile_config, "compile"), "compile")
    except ValueError as error:
        raise CheckpointError(
            f"{path}: not saved: {error}. A .keras file can hold what Keras and "
            "scratchnet both have; save_weights keeps the weights of any model"
        ) from error
    content = json.dumps(record, allow_nan=False).encode()
    if len(content) > JSON_LIMIT:
        raise CheckpointError(
            f"{path}: not saved: the description of the model takes {len(content)} "
            f"bytes, more than the {JSON_LIMIT} that a .keras file may spend on it; "
            "save_weights keeps the weights of any model"
        )
    return content


def _refuse_beyond_keras(node: Any, where: str) -> None:
    """Refuse settings that would make Keras fail to read the file.

    Args:
        node: a configuration made `plain`, or a part of one.
        where: what to call it in messages.

    Raises:
        ValueError: there is one.
    """
    if isinstance(node, list):
        for i, part in enumerate(node):
            _refuse_beyond_keras(part, f"{where}[{i}]")
    elif isinstance(node, dict):
        name = node.get("class_name")
        for setting in BEYOND_KERAS.get(name, ()) if isinstance(name, str) else ():
            if setting in node["config"]:
                raise ValueError(
                    f"{where}: {name} has {setting}={node['config'][setting]!r}, which "
                    "Keras's has not"
                )
        for key, part in node.items():
            _refuse_beyond_keras(part, f"{where}.{key}")


# Reading


def load(model: Any, path: str) -> None:
    """Read the weights alone; `scratchnet.saving.load_weights` says more."""
    h5.import_h5py(path)  # without it, advice about the file would be of no use
    entries = layout.layer_entries(model, path)
    weights = io.BytesIO(_read_members(path)[WEIGHTS])
    with h5.open_datasets(weights, f"{path}: {WEIGHTS}") as datasets:
        h5.restore(model, entries, datasets, path)


def load_model(path: str, *, compile: bool = True) -> Sequential:
    """Read a whole model; `scratchnet.saving.load_model` says more."""
    h5.import_h5py(path)
    members = _read_members(path)
    _check_version(_read_json(members, METADATA, path), path)
    record = _read_json(members, CONFIG, path)
    model, compile_config = _make_model(record, len(members[WEIGHTS]), path)
    if compile and compile_config is not None:
        _compile(model, compile_config, path)
    entries = layout.layer_entries(model, path)
    weights = io.BytesIO(members[WEIGHTS])
    with h5.open_datasets(weights, f"{path}: {WEIGHTS}") as datasets:
        if model.optimizer is not None and h5.has_slots(datasets):
            model.optimizer.build(model.trainable_params)
        h5.restore(model, entries, datasets, path)
    return model


def _read_members(path: str) -> dict[str, bytes]:
    layout.require_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(members, os.path.getsize(path), path)
            return {member.filename: archive.read(member) for member in members}
    except CheckpointError:
        raise
    except Exception as error:
        # zipfile answers damage with half a dozen kinds of exceptions.
        raise CheckpointError(
            f"{path}: damaged, or no .keras file: {type(error).__name__}: {error}"
        ) from error


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
    try:
        return serialization.parse_json(members[name])
    except ValueError as error:
        raise CheckpointError(
            f"{path}: {name}: not the JSON of Keras: {error}"
        ) from error


def _check_version(metadata: Any, path: str) -> None:
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version.startswith("3."):
        raise CheckpointError(
            f"{path}: {METADATA}: expected a file of Keras 3, found version "
            f"{version!r:.80}; load it in Keras 3 and save it again"
        )


def _make_model(
    record: Any, size: int, path: str
) -> tuple[Sequential, dict[str, Any] | None]:
    """Return the model that a configuration describes, and how it was compiled."""
    from scratchnet.models.sequential import Sequential

    try:
        config, compile_config = serialization.model_parts(record)
        _check_size(serialization.plain(config, "model"), size)
        return Sequential.from_config(config), compile_config
    except Exception as error:
        # Constructors say what is wrong, each in its way, also with what no person
        # would write; for the caller all of it has one meaning.
        raise CheckpointError(
            f"{path}: {CONFIG}: {_say(error)}; load it in Keras, if you trust it, or "
            "save a model of layers that scratchnet has"
        ) from error


def _check_size(config: dict[str, Any], size: int) -> None:
    """Compare what a model would allocate with the weights that came with it."""
    from scratchnet.layers import InputLayer

    layers = serialization.make_layers(config)
    shape = config.get("build_input_shape")
    if layers and layers[0].input_shape_argument is not None:
        shape = (None, *layers[0].input_shape_argument)
    if not layers or shape is None:
        raise ValueError(
            "the model was never built and has no weights; call it on a batch, or "
            "give it an Input, before saving it"
        )
    if not isinstance(shape, list | tuple):
        raise ValueError(f"expected a list as build_input_shape, found {shape!r}")
    shape = InputLayer(batch_shape=shape, name="input").batch_shape
    needed = 0
    for layer in layers:
        needed += layout.least_values(layer, shape) * layer.dtype.itemsize
        shape = layer.compute_output_shape(shape)
    if needed > size:
        raise ValueError(
            f"its layers ask for at least {needed} bytes of weights, and {WEIGHTS} "
            f"has {size}: the two don't belong together"
        )


def _compile(model: Sequential, config: dict[str, Any], path: str) -> None:
    try:
        model.compile_from_config(config)
    except Exception as error:
        raise CheckpointError(
            f"{path}: {CONFIG}: {_say(error)}; pass compile=False to load the model "
            "without optimizer, loss and metrics"
        ) from error


def _say(error: Exception) -> str:
    """Return an error's message, and its kind where it is none of scratchnet's own."""
    known = isinstance(error, ValueError | TypeError | NotImplementedError)
    text = str(error) if known else f"{type(error).__name__}: {error}"
    # Some say what they received, and a file may hold very long words.
    return text if len(text) <= 600 else f"{text[:600]}…"

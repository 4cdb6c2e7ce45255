"""Models from files and from JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scratchnet.foundation import registry
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.outside import keras_signature
from scratchnet.saving import keras_archive, layout, serialization
from scratchnet.saving.files import model_format


@keras_signature
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
) -> Any:
    """Make a model from a file of Keras's or of `Model.save`.

    Weights, optimizer, its steps and moments are those of the file, so that training
    goes on where it stopped; Dropout's masks start anew, as in Keras. A file with
    anything outside the subset is refused, and nothing in it is imported or run.

    Args:
        filepath: a name that ends in ``.keras``, or in ``.h5`` or ``.hdf5``: Keras's
            legacy format, of Keras 2 or 3.
        custom_objects: name → layer, loss, metric … of your own that the file names.
        compile: whether to compile the model as it was when it was saved.

    Raises:
        CheckpointError: the file is damaged, or holds what scratchnet does not have.
        FileNotFoundError: there is no such file; a `CheckpointError`, too.
        ValueError: the name has another ending.
        ImportError: h5py is not installed.

    Reference: `keras/src/saving/saving_api.py` (load_model).
    """
    path = os.fspath(filepath)
    format_ = model_format(path)
    record, content = format_.read(path)
    with registry.custom_object_scope(custom_objects):
        model = _built(path, record, len(content))
        compile_config = record.get("compile_config")
        if compile and compile_config:
            with _explained(
                path,
                "pass compile=False to load the model without optimizer, loss and "
                "metrics",
            ):
                model.compile_from_config(compile_config)
    layers = layout.layers_by_key(model, path)
    format_.restore(model, layers, content, path, make_slots=True)
    return model


def _built(path: str, record: Any, size: int) -> Any:
    """Return a model with fresh weights, no more of them than there are in the file."""
    with _explained(
        path,
        "load it in Keras, if you trust it, or save a model of layers that scratchnet "
        "has; layers of your own go into custom_objects",
    ):
        entry, _ = serialization.model_parts(record)
        model = serialization.make_model(entry)
        if model.is_traced:  # the user's own class allocates what it says itself
            model.build_from_config(entry.get("build_config"))
            return model
        # Only now may anything allocate what the file asks for.
        keras_archive.check_size(model, size)
        model.build()
    return model


@contextmanager
def _explained(path: str, advice: str) -> Iterator[None]:
    """Give one meaning to whatever constructors say of a file's configuration.

    Each has its own way to say what is wrong, also with what no person would write.

    Raises:
        CheckpointError: the block failed.
    """
    try:
        yield
    except Exception as error:
        known = isinstance(error, ValueError | TypeError | NotImplementedError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        raise CheckpointError(
            f"{path}: the model's description: {layout.shorten(text)}; {advice}"
        ) from error


def model_from_json(
    json_string: str, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Make a model, with fresh weights, from what `Model.to_json` returned.

    Keras's own JSON does as well. As in Keras, the model is compiled if it was.

    Args:
        json_string: the JSON.
        custom_objects: name → layer, loss, metric … of your own that it names.

    Raises:
        ValueError: it is not JSON, or names what scratchnet does not have.
        NotImplementedError: it holds settings outside the subset.

    Reference: `keras/src/models/model.py` (model_from_json).
    """
    with registry.custom_object_scope(custom_objects):
        return model_from_record(serialization.parse_json(json_string))


def model_from_record(record: Any) -> Any:
    """Make a model, with fresh weights, of what a file or JSON says of one."""
    entry, compile_config = serialization.model_parts(record)
    model = serialization.make_model(entry)
    if model.is_traced:
        if entry.get("build_config"):
            model.build_from_config(entry["build_config"])
    elif model.has_input:
        model.build()
    if compile_config is not None:
        model.compile_from_config(compile_config)
    return model

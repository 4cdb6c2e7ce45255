"""Models from files and from JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.outside import keras_signature
from scratchnet.models.model import MODELS, Model
from scratchnet.saving import keras_archive, layout, serialization


@keras_signature
def load_model(filepath: Any, compile: bool = True) -> Model:
    """Make a model from a ``.keras`` file of Keras 3 or of `Model.save`.

    Weights, optimizer, its steps and moments are those of the file, so that training
    goes on where it stopped; Dropout's masks start anew, as in Keras. A file with
    anything outside the subset is refused, and nothing in it is imported or run.

    Args:
        filepath: a name that ends in ``.keras``.
        compile: whether to compile the model as it was when it was saved.

    Raises:
        CheckpointError: the file is missing, damaged, or holds what scratchnet
            does not have.
        ValueError: the name has another ending.
        ImportError: h5py is not installed.

    Reference: `keras/src/saving/saving_api.py` (load_model).
    """
    path = keras_archive.check_name(filepath)
    record, weights = keras_archive.read(path)
    with _explained(
        path,
        "load it in Keras, if you trust it, or save a model of layers that scratchnet "
        "has",
    ):
        entry, compile_config = serialization.model_parts(record)
        model = MODELS[entry["class_name"]]._unbuilt(entry["config"])
        # Only now may anything allocate what the file asks for.
        keras_archive.check_size(model, len(weights))
        model.build()
    if compile and compile_config is not None:
        with _explained(
            path,
            "pass compile=False to load the model without optimizer, loss and metrics",
        ):
            model.compile_from_config(compile_config)
    by_key = layout.layers_by_key(model, path)
    keras_archive.restore(model, by_key, weights, path, make_slots=True)
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
            f"{path}: {keras_archive.CONFIG}: {layout.shorten(text)}; {advice}"
        ) from error


@keras_signature
def model_from_json(json_string: str) -> Model:
    """Make a model, with fresh weights, from what `Model.to_json` returned.

    Keras's own JSON does as well. As in Keras, the model is compiled if it was.

    Args:
        json_string: the JSON.

    Raises:
        ValueError: it is not JSON, or names what scratchnet does not have.
        NotImplementedError: it holds settings outside the subset.

    Reference: `keras/src/models/model.py` (model_from_json).
    """
    entry, compile_config = serialization.model_parts(
        serialization.parse_json(json_string)
    )
    model = MODELS[entry["class_name"]]._unbuilt(entry["config"])
    if model.has_input:
        model.build()
    if compile_config is not None:
        model.compile_from_config(compile_config)
    return model

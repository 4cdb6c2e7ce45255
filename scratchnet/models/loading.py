"""Models from files and from JSON."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.subset import refuse
from scratchnet.models.sequential import Sequential
from scratchnet.saving import serialization


def load_model(
    filepath: Any,
    custom_objects: Any = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Sequential:
    """Make a model from a ``.keras`` file of Keras 3 or of `Sequential.save`.

    Weights, optimizer, its steps and moments are those of the file, so that training
    goes on where it stopped; Dropout's masks start anew, as in Keras. A file with
    anything outside the subset is refused, and nothing in it is imported or run.

    Args:
        filepath: a name that ends in ``.keras``.
        custom_objects: outside the subset.
        compile: whether to compile the model as it was when it was saved.
        safe_mode: outside the subset if False: there is no other mode.

    Raises:
        CheckpointError: the file is missing, damaged, or holds what scratchnet has not.
        ValueError: the name has another ending.
        ImportError: h5py is not installed.

    Reference: `keras/src/saving/saving_api.py` (load_model).
    """
    refuse(
        "load_model",
        custom_objects=(custom_objects, None),
        safe_mode=(safe_mode, True),
    )
    from scratchnet import saving

    return saving.load_model(filepath, compile=bool(compile))


def model_from_json(json_string: str, custom_objects: Any = None) -> Sequential:
    """Make a model, with fresh weights, from what `Sequential.to_json` returned.

    Keras's own JSON does as well. As in Keras, the model is compiled if it was.

    Args:
        json_string: the JSON.
        custom_objects: outside the subset.

    Raises:
        ValueError: it is no JSON, or names what scratchnet has not.
        NotImplementedError: it holds settings outside the subset.

    Reference: `keras/src/models/model.py` (model_from_json).
    """
    refuse("model_from_json", custom_objects=(custom_objects, None))
    config, compile_config = serialization.model_parts(
        serialization.parse_json(json_string)
    )
    model = Sequential.from_config(config)
    if compile_config is not None:
        model.compile_from_config(compile_config)
    return model

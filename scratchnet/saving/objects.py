"""Any of Keras's objects as plain data, and back.

Reference: `keras/src/saving/serialization_lib.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scratchnet import (
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from scratchnet.foundation import lookup, registry
from scratchnet.saving import serialization
from scratchnet.saving.loading import model_from_record

ROOMS: dict[Any, Any] = {
    f"keras.{room.__name__.partition('.')[2]}": room
    for room in (
        *(constraints, initializers, layers, losses, metrics, optimizers),
        *(optimizers.schedules, regularizers),
    )
}


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as configurations hold it; plain data stays what it is.

    Args:
        obj: a layer, model, loss, metric, optimizer …, or lists and dictionaries of
            them.

    >>> from scratchnet import regularizers
    >>> serialize_keras_object([regularizers.L2(0.5), 3])[0]["config"]
    {'l2': 0.5}
    """
    if isinstance(obj, list | tuple):
        return type(obj)(serialize_keras_object(one) for one in obj)
    if isinstance(obj, Mapping):
        return {key: serialize_keras_object(one) for key, one in obj.items()}
    if hasattr(obj, "nodes") and hasattr(obj, "fit"):
        return serialization.record(obj)
    described = hasattr(obj, "get_config") or callable(obj)
    return lookup.describe(obj) if described else obj


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Make an object of what `serialize_keras_object` returned, or Keras's.

    Args:
        config: the configuration, or lists and dictionaries of them.
        custom_objects: name → class or function of your own.
        safe_mode: accepted for Keras's sake: nothing that a configuration says is run.

    Raises:
        ValueError: it names what scratchnet does not have.
    """
    with registry.custom_object_scope(custom_objects):
        return _made(config)


def _made(config: Any) -> Any:
    if isinstance(config, list | tuple):
        return type(config)(_made(one) for one in config)
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config:
        return {key: _made(one) for key, one in config.items()}
    entry = serialization.plain(config, "config")
    if not isinstance(entry, dict) or serialization.model_class(entry):
        return model_from_record(config) if isinstance(entry, dict) else entry
    own = registry.get_registered_object(entry["class_name"])
    if isinstance(own, type):
        return own.from_config(entry["config"])  # type: ignore[attr-defined]
    return ROOMS[config.get("module")].deserialize(entry)

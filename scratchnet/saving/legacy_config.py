"""From the configurations in legacy ``.h5`` files to those of Keras 3.

Keras 3 writes such files in nearly its own words; Keras 2 says some things otherwise:

    batch_input_shape                            batch_shape, of an input
    inbound_nodes [[["dense", 0, 0, {}], …]]     [{"args": …, "kwargs": …}]
    Custom>Adam, Model                           Adam, Functional
    MeanMetricWrapper with fn                    the metric itself

What is left unsaid here stays as it is, and is checked like any configuration.

Reference: `keras/src/legacy/saving/saving_utils.py`.
"""

from __future__ import annotations

from typing import Any

from scratchnet import metrics
from scratchnet.foundation.structure import each
from scratchnet.saving import serialization

RENAMED_CLASSES = {"Model": "Functional"}
# Class → Keras 2's name of a setting → Keras 3's.
RENAMED = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "InputLayer": {"batch_input_shape": "batch_shape"},
}
# Settings that Keras 2 wrote, and that say nothing of what is computed.
IDLE = {
    "batch_input_shape",
    "decay",
    "fn",
    "implementation",
    "is_legacy_optimizer",
    "jit_compile",
    "ragged",
    "sparse",
}


def record(model_config: Any, training_config: Any) -> dict[str, Any]:
    """Return what a ``.keras`` file would say of a model, for `model_parts`.

    Args:
        model_config: the file's description of the model.
        training_config: what it says of `compile`, or None.

    Raises:
        ValueError: one of them is not written as Keras writes it.
    """
    model = modern(model_config)
    if not isinstance(model, dict):
        raise ValueError("expected the configuration of a model")
    if training_config is not None:
        model["compile_config"] = _compile_config(training_config)
    return model


def modern(node: Any) -> Any:
    """Return a configuration, or a part of one, in the words of Keras 3."""
    if isinstance(node, list):
        return [modern(part) for part in node]
    if not isinstance(node, dict):
        return node
    if not isinstance(node.get("config"), dict) or "class_name" not in node:
        return {key: modern(part) for key, part in node.items()}
    name = str(node["class_name"]).removeprefix("Custom>")
    name = RENAMED_CLASSES.get(name, name)
    if name == "Policy":  # of dtypes, in Keras 2
        return node["config"].get("name")
    changed = {**node, "class_name": name, "config": _settings(name, node["config"])}
    if "inbound_nodes" in node:
        changed["inbound_nodes"] = [_inbound(node) for node in node["inbound_nodes"]]
    return changed


def _settings(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a class under the names of today."""
    renamed = RENAMED.get(name, {})
    settings = {
        renamed.get(key, key): modern(value)
        for key, value in config.items()
        if key in renamed or key not in IDLE
    }
    axis = settings.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        (settings["axis"],) = axis
    if settings.get("reduction") == "auto":
        settings["reduction"] = "sum_over_batch_size"
    if name == "Sequential":
        settings["layers"] = _with_input(config.get("layers"), settings["layers"])
    return settings


def _with_input(before: Any, layers: Any) -> Any:
    """Return a chain's layers, the input before them that its first one speaks of."""
    first = before[0].get("config", {}) if isinstance(before, list) and before else {}
    shape = first.get("batch_input_shape")
    if shape is None or before[0].get("class_name") == "InputLayer":
        return layers
    entry = {"class_name": "InputLayer", "config": {"batch_shape": shape}}
    return [entry, *layers]


def _inbound(node: Any) -> Any:
    """Return one call of a layer as Keras 3 writes it."""
    if isinstance(node, dict):  # Keras 3 does
        return modern(node)
    tensors = [
        {
            "class_name": serialization.KERAS_TENSOR,
            "config": {"keras_history": read[:3]},
        }
        for read in node
    ]
    settings = node[0][3] if len(node[0]) > 3 else {}
    return {
        "args": tensors if len(tensors) == 1 else [tensors],
        "kwargs": {key: value for key, value in settings.items() if value is not None},
    }


def _compile_config(training: dict[str, Any]) -> dict[str, Any]:
    """Return `compile`'s arguments."""
    arguments = {key: modern(value) for key, value in training.items()}
    arguments["optimizer"] = arguments.pop("optimizer_config", "rmsprop")
    for key in ("metrics", "weighted_metrics"):
        arguments[key] = each(_metric, arguments.get(key))
    said = {key: value for key, value in arguments.items() if value is not None}
    return {key: said[key] for key in said if key not in IDLE}


def _metric(entry: Any) -> Any:
    """Return a metric that Keras 2 wrapped around its function."""
    if not isinstance(entry, dict) or entry["class_name"] != "MeanMetricWrapper":
        return entry
    name = entry["config"].get("name")
    if name in metrics.ACCURACY:  # which one is found by the shapes, as before
        return name
    found = metrics.ALL.get(entry["config"].get("fn", name))
    if found is None:
        return entry
    return {"class_name": found.__name__, "config": {"name": name}}

"""Whole models, and weights, in the ``.h5`` files of Keras 2 and Keras 3's legacy.

    attributes model_config, training_config     JSON (`legacy_config`)
    model_weights                                attribute layer_names: in their order
    model_weights/dense                          attribute weight_names
    model_weights/dense/dense/kernel             an array
    optimizer_weights                            attribute weight_names: in their order

A file of weights alone, as Keras 2's `save_weights` wrote it, is the second part, at
the root. Weights are found by topology: layer after layer of those that have any, the
trainable ones first; what layers are called doesn't matter.

Reference: `keras/src/legacy/saving/legacy_h5_format.py`.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import h5, keras_archive, layout, legacy_config, serialization

ENDINGS = (".h5", ".hdf5")
WEIGHTS, OPTIMIZER = "model_weights", "optimizer_weights"


# Writing


def encode(model: Any, layers: layout.Layers, path: str) -> memoryview:
    """Return a file's bytes; `scratchnet.saving.save_model` says more."""
    h5py = h5.import_h5py(path)
    record = keras_archive.record(model, layers, path)
    training = record.pop("compile_config")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        weights = file.create_group(WEIGHTS)
        for group in (file, weights):
            group.attrs["keras_version"] = keras_archive.KERAS_VERSION
            group.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(record)
        layers_alone = [one for one in model.layers if one.class_name != "InputLayer"]
        _write_names(weights, "layer_names", [layer.name for layer in layers_alone])
        for layer in layers_alone:
            _write(weights.create_group(layer.name), _by_topology(layer))
        _write(weights.create_group("top_level_model_weights"), {})
        if training:
            training["optimizer_config"] = training.pop("optimizer")
            training.setdefault("loss_weights", None)
            file.attrs["training_config"] = json.dumps(training)
            _write(file.create_group(OPTIMIZER), h5.optimizer_variables(model))
    return buffer.getbuffer()


def _write(group: Any, arrays: dict[str, np.ndarray]) -> None:
    _write_names(group, "weight_names", list(arrays))
    for name, array in arrays.items():
        h5.write_array(group, name, array)


def _write_names(group: Any, attribute: str, names: list[str]) -> None:
    import h5py

    group.attrs.create(attribute, names, (len(names),), h5py.string_dtype())


def _by_topology(layer: Any) -> dict[str, np.ndarray]:
    """Return a layer's weights by their paths, those that learn before the others."""
    own, learnt = layer.named_weights, layer.trainable_params
    order = sorted(own, key=lambda name: name not in learnt)  # stable
    return {f"{layer.name}/{name}": own[name] for name in order}


# Reading


def is_one(path: str) -> bool:
    """Tell whether a file is laid out in this way, and not as Keras 3's own."""
    h5.import_h5py(path)  # without it, advice about the file would be of no use
    layout.require_file(path)
    with h5.open_nodes(path, path) as nodes:
        return "layer_names" in nodes[""].attrs or WEIGHTS in nodes


def load(model: Any, layers: layout.Layers, path: str) -> None:
    """Read the weights alone; `scratchnet.saving.load_weights` says more."""
    with h5.open_nodes(path, path) as nodes:
        _assign(_read_weights(nodes, model, path))


def read(path: str) -> tuple[Any, bytes]:
    """Read a file's record of a model, and the file's content for `restore`.

    Raises:
        CheckpointError: the file is missing, damaged or holds weights alone.
        ImportError: h5py is not installed.
    """
    h5.import_h5py(path)
    layout.require_file(path)
    content = Path(path).read_bytes()
    with h5.open_nodes(io.BytesIO(content), path) as nodes:
        described, trained = (
            nodes[""].attrs.get(name) for name in ("model_config", "training_config")
        )
        if described is None:
            raise CheckpointError(
                f"{path}: expected a whole model, found no description of one; if it "
                "holds weights alone, build the model and call its load_weights"
            )
        parsed = [
            None if text is None else serialization.parse_json(text)
            for text in (described, trained)
        ]
        return legacy_config.record(*parsed), content


def restore(
    model: Any,
    layers: layout.Layers,
    content: bytes,
    path: str,
    *,
    make_slots: bool = False,
) -> None:
    """Give a model the weights and, if it is compiled, the optimizer's state.

    Args:
        model: a built model.
        layers: not needed here: weights are found by topology.
        content: the file's bytes.
        path: the file's name, for messages.
        make_slots: whether an optimizer without slots gets those that the file has.
    """
    with h5.open_nodes(io.BytesIO(content), path) as nodes:
        pairs = _read_weights(nodes, model, path)
        names = _names_in(nodes, OPTIMIZER, "weight_names", path)
        stored = {f"{OPTIMIZER}/{name}": nodes[f"{OPTIMIZER}/{name}"] for name in names}
        # Keras 2 keeps the learning rate in the configuration alone.
        says_rate = any("learning_rate" in name for name in names)
        if make_slots and model.optimizer is not None and len(stored) > 1 + says_rate:
            model.optimizer.build(model.trainable_params)
        unsaid = () if says_rate else ("learning_rate",)
        state = h5.read_optimizer(stored, model, path, unsaid)
        _assign(pairs)
        if state is not None:
            model.optimizer.set_state(state)


def _read_weights(
    nodes: dict[str, Any], model: Any, path: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each of a model's weights with its value in the file."""
    root = f"{WEIGHTS}/" if WEIGHTS in nodes else ""
    stored = {
        name: weights
        for name in _names_in(nodes, root[:-1], "layer_names", path)
        if (weights := _names_in(nodes, root + name, "weight_names", path))
    }
    own = [layer for layer in model.layers if layer.named_weights]
    if len(own) != len(stored):
        raise CheckpointError(
            f"{path}: belongs to another model: it holds {len(stored)} layers with "
            f"weights ({', '.join(stored)}), '{model.name}' has {len(own)} "
            f"({', '.join(layer.name for layer in own)})"
        )
    pairs = []
    for layer, (name, weights) in zip(own, stored.items(), strict=True):
        wanted = _by_topology(layer)
        if len(wanted) != len(weights):
            raise CheckpointError(
                f"{path}: {layer.label}: expected {len(wanted)} weights, found "
                f"{len(weights)} in '{root}{name}'; it belongs to another model"
            )
        for (own_name, array), weight in zip(wanted.items(), weights, strict=True):
            place = f"{root}{name}/{weight}"
            who = f"{path}: weight '{own_name}' ('{place}')"
            if not hasattr(nodes.get(place), "shape"):
                raise CheckpointError(f"{who}: expected an array, found none")
            pairs.append((array, h5.read_array(nodes[place], array, who)))
    return pairs


def _names_in(
    nodes: dict[str, Any], group: str, attribute: str, path: str
) -> list[str]:
    """Return the names in an attribute, which Keras cuts in pieces if it is large."""
    if group not in nodes:
        if group == OPTIMIZER:
            return []
        raise CheckpointError(f"{path}: expected a group '{group}', found none")
    attributes = nodes[group].attrs
    pieces = [attributes[attribute]] if attribute in attributes else []
    while f"{attribute}{len(pieces)}" in attributes:
        pieces.append(attributes[f"{attribute}{len(pieces)}"])
    return [
        name.decode() if isinstance(name, bytes) else str(name)
        for piece in pieces
        for name in piece
    ]


def _assign(pairs: list[tuple[np.ndarray, np.ndarray]]) -> None:
    for weight, value in pairs:
        weight[...] = value

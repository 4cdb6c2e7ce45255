"""Weights in Keras 3's ``.weights.h5`` files, through h5py (extra ``h5``).

    vars                       attribute name: the model's
    layers/conv2d/vars         attribute name: the layer's
    layers/conv2d/vars/0       kernel
    layers/conv2d/vars/1       bias
    layers/flatten/vars        layers without weights have a group too
    optimizer/vars/0 …         of a compiled model: iterations, learning rate, moments

A layer's group is named after its class and counted within the model, a weight after
its place in Keras's order. So Keras reads these files, and these functions Keras's.

Arrays are written with HDF5's checksum (fletcher32), which Keras's files lack and
Keras's readers compare. It is of the numbers alone.

Loading reads numbers only: links, external and virtual data and compressed arrays are
not followed, nothing is imported by name. Names, shapes and dtypes must be those of
the model. A file made to do harm may still reach a fault in HDF5 itself: ask strangers
for ``.npz``.

Reference: `_save_state` and `H5IOStore` in `keras/src/saving/saving_lib.py`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import layout

# Keras before 3.15 kept the state of a Dropout's generator here; it is not a weight.
GENERATOR_STATE = "/seed_generator/vars/0"


# Writing


def encode(model: Any, layers: layout.Layers, path: str) -> memoryview:
    """Return a file's bytes; `scratchnet.saving.save_weights` says more."""
    h5py = import_h5py(path)
    # HDF5 writes back and forth in a file; made in memory, the file can be written
    # in one go and any error of the disk comes up in Python.
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for key, layer in {"": model, **layers}.items():
            weights = list(layout.own_weights(layer).values())
            where = layout.group(model, key) if key else "vars"
            _write_variables(file, where, layer.name, weights)
        optimizer = model.optimizer
        if optimizer is not None:
            variables = list(optimizer_variables(model).values())
            _write_variables(file, "optimizer/vars", optimizer.name, variables)
    return buffer.getbuffer()


def _write_variables(
    file: Any, group_name: str, owner: str, values: list[np.ndarray]
) -> None:
    group = file.create_group(group_name)
    group.attrs["name"] = owner
    for position, value in enumerate(values):
        write_array(group, str(position), value)


def write_array(group: Any, name: str, value: np.ndarray) -> None:
    """Write an array with HDF5's checksum of its bytes, which a reader compares.

    It covers the numbers alone; what says where in the file they are has none.
    """
    # HDF5 has checksums of chunks alone; a single number and 4 GiB make none.
    if value.ndim and 0 < value.nbytes < 2**32:
        group.create_dataset(name, data=value, chunks=value.shape, fletcher32=True)
    else:
        group[name] = value


def optimizer_variables(model: Any) -> dict[str, np.ndarray]:
    """Return an optimizer's state as Keras orders it, under the names of ours.

    Steps, learning rate if no schedule rules it (float32, or float64 if a weight is),
    then the slots, bottom layer first.
    """
    weights = model.named_weights
    variables = dict(model.optimizer.ordered_state(weights))
    if "learning_rate" in variables:
        kinds = {w.dtype for w in weights.values() if w.dtype.kind == "f"}
        precision = np.result_type(np.float32, *kinds)
        variables["learning_rate"] = variables["learning_rate"].astype(precision)
    return variables


# Reading


def load(model: Any, layers: layout.Layers, path: str) -> None:
    """Read a model's weights; `scratchnet.saving.load_weights` says more."""
    with open_datasets(path, path) as datasets:
        restore(model, layers, datasets, path)


@contextmanager
def open_nodes(source: Any, path: str) -> Iterator[dict[str, Any]]:
    """Open a file, and find every group and array in it by its place; "" is the file.

    Links are not followed.

    Args:
        source: the file's name, or an open binary file.
        path: what to call it in messages.

    Raises:
        CheckpointError: it is damaged or not an HDF5 file; or what the block reads of
            it is damaged.
    """
    h5py = import_h5py(path)
    with layout.damage_named(path, "HDF5 file"), h5py.File(source, "r") as file:
        nodes = {"": file}

        def note(name: str, node: Any) -> None:
            if not isinstance(node, h5py.Dataset | h5py.Group):
                raise CheckpointError(
                    f"{path}: expected arrays and groups of them, found a "
                    f"{type(node).__name__} at '{name}'"
                )
            nodes[name] = node

        file.visititems(note)
        yield nodes


@contextmanager
def open_datasets(source: Any, path: str) -> Iterator[dict[str, Any]]:
    """Open a file, and find every array in it by its place; see `open_nodes`."""
    with open_nodes(source, path) as nodes:
        yield {name: node for name, node in nodes.items() if hasattr(node, "shape")}


def restore(
    model: Any, layers: layout.Layers, datasets: dict[str, Any], path: str
) -> None:
    """Give a model the weights and, if it is compiled, the optimizer's state."""
    values = _read_layers(model, datasets, layers, path)
    stored = _optimizer_places(datasets)
    for i in range(len(stored)):
        if (place := f"optimizer/vars/{i}") not in datasets:
            raise CheckpointError(f"{path}: expected '{place}', found nothing there")
    stored.sort(key=lambda place: int(place.rpartition("/")[2]))
    state = read_optimizer({place: datasets[place] for place in stored}, model, path)
    layout.assign(layers, values)
    if state is not None:
        model.optimizer.set_state(state)


def has_slots(datasets: dict[str, Any], optimizer: Any) -> bool:
    """Whether a file has more than an optimizer keeps before it knows parameters."""
    return len(_optimizer_places(datasets)) > len(optimizer.ordered_state())


def _optimizer_places(datasets: dict[str, Any]) -> list[str]:
    return [name for name in datasets if name.startswith("optimizer/vars/")]


def _read_layers(
    model: Any, datasets: dict[str, Any], layers: layout.Layers, path: str
) -> list[np.ndarray]:
    wanted = {
        f"{layout.group(model, key)}/{i}": (layer, name)
        for key, layer in layers.items()
        for i, name in enumerate(layout.own_weights(layer))
    }
    found = {
        name
        for name in datasets
        if _is_a_layer_s(name, model) and not name.endswith(GENERATOR_STATE)
    }
    for place, (layer, name) in wanted.items():
        if place not in found:
            raise CheckpointError(
                f"{path}: weight '{name}' of {layer.label}: expected at "
                f"'{place}', found nothing there; it belongs to another model, or is "
                "not a weights file of Keras 3"
            )
    unknown = sorted(found - set(wanted))
    if unknown:
        raise CheckpointError(
            f"{path}: belongs to another model: it holds {len(unknown)} weights that "
            f"this model does not have, such as '{unknown[0]}'"
        )
    return [
        read_array(
            datasets[place],
            layout.own_weights(layer)[name],
            f"{path}: weight '{name}' of {layer.label} ('{place}')",
        )
        for place, (layer, name) in wanted.items()
    ]


def _is_a_layer_s(name: str, model: Any) -> bool:
    """Tell whether an array is a weight; classes with a `call` have them anywhere."""
    if model.is_traced:
        return not name.startswith("optimizer/")
    return name.startswith("layers/")


def read_optimizer(
    stored: dict[str, Any], model: Any, path: str, unsaid: tuple[str, ...] = ()
) -> dict[str, np.ndarray] | None:
    """Return the optimizer's state, or None where model or file has none to use.

    Args:
        stored: the file's variables by their places, in Keras's order.
        model: its optimizer may be None.
        path: the file's name, for messages.
        unsaid: variables that such files don't have; they stay as they are.
    """
    optimizer = model.optimizer
    if optimizer is None or not stored:
        return None
    own = optimizer_variables(model)
    state = {name: own.pop(name) for name in unsaid if name in own}
    if len(own) != len(stored):
        warnings.warn(
            f"{path}: the optimizer's state is left as it is: '{optimizer.name}' has "
            f"{len(own)} variables (slots appear with the first step), the file has "
            f"{len(stored)}",
            stacklevel=6,
        )
        return None
    for (name, value), (place, dataset) in zip(
        own.items(), stored.items(), strict=True
    ):
        if name == "learning_rate" and dataset.dtype.name in layout.DTYPES:
            value = value.astype(dataset.dtype)  # Keras's follows its floatx
        who = f"{path}: variable '{name}' of the optimizer ('{place}')"
        state[name] = read_array(dataset, value, who)
    _check_optimizer_scalars(state, path)
    if "learning_rate" in state:
        rate = optimizer.ordered_state()["learning_rate"]
        if state["learning_rate"] == rate.astype(state["learning_rate"].dtype):
            # Equal in float32: 0.001 need not become 0.0010000000474974513.
            state["learning_rate"] = rate
    return state


def _check_optimizer_scalars(state: dict[str, np.ndarray], path: str) -> None:
    rate, steps = state.get("learning_rate", 0.0), state["iterations"]
    if not (np.isfinite(rate) and rate >= 0 and steps >= 0):
        raise CheckpointError(
            f"{path}: expected a learning rate and a number of steps of at least 0, "
            f"found {rate} and {steps}"
        )


def read_array(dataset: Any, like: np.ndarray, who: str) -> np.ndarray:
    """Return an array of a file, if it is plain and of the shape and dtype expected.

    Raises:
        CheckpointError: it is not.
    """
    if dataset.shape != like.shape or dataset.dtype != like.dtype:
        raise CheckpointError(
            f"{who}: expected {like.shape} {like.dtype}, found "
            f"{dataset.shape or ()} {dataset.dtype}"
        )
    in_one_piece = dataset.chunks in (None, dataset.shape) and not dataset.compression
    if dataset.is_virtual or dataset.external or not in_one_piece:
        raise CheckpointError(
            f"{who}: expected a plain array as Keras writes it, found one that is "
            "virtual, kept in another file, compressed, or in chunks"
        )
    return np.asarray(dataset[()])


def import_h5py(path: str) -> Any:
    """Return the module that a file of this name is read and written with.

    Raises:
        ImportError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        ending = ".keras" if path.endswith(".keras") else ".h5"
        raise ImportError(
            f"{path}: files that end in {ending} need h5py: pip install "
            "'scratchnet[h5]'; weights alone can be saved to a name that ends in "
            ".npz, which needs NumPy alone"
        ) from error
    return h5py

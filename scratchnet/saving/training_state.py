"""Everything that a training run needs to go on as if it had never stopped.

The state is a dict of plain arrays, kept in a file of `signed_npz`:

    weights/0 …                the model's weights, moving statistics included
    buffers/<layer>/<name>     what layers keep besides (Dropout's place in its masks)
    optimizer/<name>           moments and the count of steps
    metadata                   JSON as bytes: epoch, random streams, history, names, and
                               the place in the samples where the epoch starts
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from scratchnet.foundation import random
from scratchnet.foundation.errors import CheckpointError
from scratchnet.foundation.files import atomic_write
from scratchnet.saving import signed_npz

FORMAT = "scratchnet training state"
FORMAT_VERSION = 1

State = dict[str, np.ndarray]


def write(path: str | os.PathLike[str], state: State) -> None:
    """Write a collected state to a file, whole or not at all.

    Raises:
        CheckpointError: the file can't be written.
    """
    content = signed_npz.encode(state)
    with atomic_write(path) as file:
        file.write(content)


def read(path: str | os.PathLike[str]) -> State:
    """Read a state from a file.

    Raises:
        CheckpointError: the file is missing, damaged or of another kind.
    """
    with (
        signed_npz.open_signed(path) as content,
        np.load(io.BytesIO(content), allow_pickle=False) as arrays,
    ):
        return dict(arrays)


def position_of(model: Any) -> dict[str, Any] | None:
    """Return where in the samples the next epoch starts, now; None before any fit."""
    return None if model._position is None else dataclasses.asdict(model._position)


def collect(model: Any, epoch: int, position: dict[str, Any] | None = None) -> State:
    """Return copies of the state of a model in training.

    Args:
        model: a built model.
        epoch: the epoch, from 0, that a resumed run starts with.
        position: where in the samples that epoch starts, from `position_of`.
    """
    history = None
    if model.history is not None:
        history = {"epoch": model.history.epoch, "history": model.history.history}
    metadata = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "epoch": epoch,
        "position": position,
        "random": random.get_state(),
        "history": history,
        "layers": _layers(model),
        "optimizer": _kind(model.optimizer),
    }
    state = {name: np.array(value) for name, value in _model_arrays(model).items()}
    if model.optimizer is not None:
        for name, value in model.optimizer.get_state().items():
            state[f"optimizer/{name}"] = np.array(value)
    text = json.dumps(metadata, default=_plain)
    state["metadata"] = np.frombuffer(text.encode(), np.uint8)
    return state


def restore(who: str, model: Any, state: State) -> int:
    """Put a collected state back, and return the epoch to start with.

    Everything is compared with the model before anything is changed. What layers are
    called doesn't matter: a model that is made again in one program has new names.

    Args:
        who: where the state comes from, for messages.
        model: a built model with the same layers.
        state: what `collect` returned.

    Raises:
        CheckpointError: the state belongs to another model, optimizer or version.
    """
    metadata = json.loads(state["metadata"].tobytes()) if "metadata" in state else {}
    kind = (metadata.get("format"), metadata.get("version"))
    if kind != (FORMAT, FORMAT_VERSION):
        raise CheckpointError(
            f"{who}: expected a {FORMAT} of version {FORMAT_VERSION}, found {kind}"
        )
    arrays = _model_arrays(model)
    _check_layers(who, model, metadata)
    _check_arrays(who, arrays, state)
    position = _read_position(who, model, metadata)
    _restore_optimizer(who, model, metadata, state)
    weights = [state[name] for name in arrays if name.startswith("weights/")]
    model.set_weights(weights)
    for name, buffer in _buffers(model).items():
        buffer[...] = state[name]
    random.set_state(metadata["random"])
    if position is not None:
        model._position.taken = position["taken"]
        model._position.shuffling = position["shuffling"]
    if model.history is not None and metadata["history"] is not None:
        model.history.epoch = metadata["history"]["epoch"]
        model.history.history = metadata["history"]["history"]
    return metadata["epoch"]


def _model_arrays(model: Any) -> State:
    weights = {f"weights/{i}": weight for i, weight in enumerate(model.get_weights())}
    return {**weights, **_buffers(model)}


def _buffers(model: Any) -> State:
    """Return the layers' own buffers that are not among the weights."""
    return {
        f"buffers/{i}/{name}": buffer
        for i, (_, layer) in enumerate(_by_path(model))
        for name, buffer in ({} if layer.nodes else layer.buffers).items()
        if name not in layer.named_weights
    }


def _plain(value: Any) -> Any:
    """Give JSON the NumPy values that a callback may have put into the logs."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _kind(optimizer: Any) -> str | None:
    return None if optimizer is None else type(optimizer).__name__


def _layers(model: Any) -> list[list[str]]:
    """Return the class and the path of every layer, such as ``block/dense``."""
    return [[layer.class_name, path] for path, layer in _by_path(model)]


def _by_path(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield all layers, those of a model in the model after itself."""
    for layer in model.layers:
        yield prefix + layer.name, layer
        if layer.nodes:
            yield from _by_path(layer, f"{prefix}{layer.name}/")


def _check_layers(who: str, model: Any, metadata: dict[str, Any]) -> None:
    expected = [kind for kind, _ in _layers(model)]
    found = [kind for kind, _ in metadata["layers"]]
    if found != expected:
        raise CheckpointError(
            f"{who}: belongs to another model: expected the layers "
            f"{', '.join(expected)}; found {', '.join(found)}"
        )


def _check_arrays(who: str, expected: State, state: State) -> None:
    found = {name for name in state if name.startswith(("weights/", "buffers/"))}
    if found != set(expected):
        odd = ", ".join(sorted(found ^ set(expected)))
        raise CheckpointError(
            f"{who}: belongs to another model: missing or unknown are {odd}"
        )
    for name, value in expected.items():
        one = state[name]
        if (one.shape, one.dtype) != (value.shape, value.dtype):
            raise CheckpointError(
                f"{who}: belongs to another model: {name}: expected {value.dtype} "
                f"{value.shape}, found {one.dtype} {one.shape}"
            )


def _read_position(
    who: str, model: Any, metadata: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the place in the midst of a pass to go on from, None for a new pass."""
    found, own = metadata.get("position"), model._position
    if own is None or not found or found["taken"] == 0:
        return None
    if (found["samples"], found["batch_size"]) != (own.samples, own.batch_size):
        raise CheckpointError(
            f"{who}: the epoch to go on with starts after {found['taken']} batches of "
            f"a pass through {_data(found['samples'], found['batch_size'])}; received "
            f"{_data(own.samples, own.batch_size)}"
        )
    return found


def _data(samples: int | None, batch_size: int | None) -> str:
    if samples is None:
        return "what yields batches"
    return f"{samples} samples, {batch_size} in a batch"


def _restore_optimizer(
    who: str, model: Any, metadata: dict[str, Any], state: State
) -> None:
    kind = _kind(model.optimizer)
    if kind != metadata["optimizer"]:
        raise CheckpointError(
            f"{who}: belongs to another optimizer: expected {kind}, found "
            f"{metadata['optimizer']}"
        )
    if kind is None:
        return
    new_names = {
        old: new
        for (_, old), (_, new) in zip(metadata["layers"], _layers(model), strict=True)
    }
    own = {
        _rename(key.removeprefix("optimizer/"), new_names): value
        for key, value in state.items()
        if key.startswith("optimizer/")
    }
    try:
        model.optimizer.set_state(own)
    except (KeyError, ValueError) as error:
        raise CheckpointError(
            f"{who}: belongs to another optimizer: {error}"
        ) from error


def _rename(key: str, new_names: dict[str, str]) -> str:
    """Replace the layer's path at the beginning of ``dense/kernel/momentum``."""
    layer, *rest = key.rsplit("/", 2)
    return "/".join([new_names.get(layer, layer), *rest])

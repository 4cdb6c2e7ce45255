"""The data that users hand over, checked against the model."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.models import streams
from scratchnet.models.arrays import is_stream
from scratchnet.models.batches import ByOutput, Samples


def source(
    model: Any, who: str, x: Any, y: Any = None, sample_weight: Any = None
) -> Samples | streams.Stream:
    """Check the data against the model, which is built on first sight of it."""
    with_targets = who != "predict"
    if with_targets:
        model.assert_compiled(who)
    take = partial(samples if with_targets else _without_targets, model)
    if not is_stream(x):
        return take(who, x, y, sample_weight)
    streams.refuse_beside(who, x, y=y, sample_weight=sample_weight)
    stream = streams.stream(who, x, take)
    if not model.built:
        stream.first()
    return stream


def samples(
    model: Any, who: str, x: Any, y: Any = None, sample_weight: Any = None
) -> Samples:
    """Check arrays with targets against the model."""
    if y is None and isinstance(x, tuple):
        raise TypeError(
            f"{who}: expected x and y as two arrays, received a tuple of "
            f"{len(x)} as x and no y; call {who}(x, y)"
        )
    found = inputs(model, who, x, build=False)
    if y is None:
        raise ValueError(f"{who}: expected targets y, received None")
    shapes = model.compute_output_shape(found.input_shape)
    outputs, objective = model._outputs(), model._objective
    if len(outputs.names) == 1:
        objective.meet(outputs)
        shapes = [shapes]
    else:
        y, sample_weight = map(
            ByOutput, objective.arranged(who, y, sample_weight, outputs)
        )
    found.compare(y, sample_weight)
    objective.check(found.y, shapes)
    model.ensure_built(found.input_shape)
    return found


def inputs(model: Any, who: str, x: Any, build: bool = True) -> Samples:
    """Check arrays against the model's input."""
    given = model.given(x)
    shapes: Any = [one.input_shape for one in model.sources] if model.built else None
    dtype = model.dtype if model.layers else None
    found, *others = (
        Samples(
            who,
            one,
            input_shape=shapes and shapes[i],
            dtype=dtype,
            which=i,
        )
        for i, one in enumerate(given)
    )
    if others:
        found.beside(others)
    if build:
        model.ensure_built(found.input_shape)
    return found


def _without_targets(model: Any, who: str, x: Any, *_: Any) -> Samples:
    return inputs(model, who, x)


def training_and_validation(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    validation_split: float | None,
    validation_data: Any,
) -> tuple[Any, Any]:
    """Return what to train on, and what to validate on, if anything."""
    fraction = arguments.fraction("fit", "validation_split", validation_split or 0.0)
    if validation_data is not None:
        fraction = 0.0
    if fraction and is_stream(x):
        raise ValueError(
            f"fit: expected arrays for validation_split={fraction}, received a "
            f"{type(x).__name__}; pass validation_data"
        )
    data = source(model, "fit", x, y, sample_weight)
    if validation_data is not None:
        return data, _validation(model, validation_data)
    if not fraction:
        return data, None
    # The last part, before any shuffling.
    assert isinstance(data, Samples)
    at = int(np.floor(len(data) * (1 - fraction)))
    if at in (0, len(data)):
        raise ValueError(
            f"fit: validation_split={fraction} of {len(data)} samples "
            "leaves none to train or to validate on"
        )
    return data.part(0, at), data.part(at, len(data))


def _validation(model: Any, data: Any) -> Samples | streams.Stream:
    if is_stream(data):
        data = (data,)
    if not isinstance(data, tuple | list) or not (
        len(data) in (2, 3) or (len(data) == 1 and is_stream(data[0]))
    ):
        raise ValueError(
            "fit: expected validation_data=(x, y) or (x, y, sample_weight), "
            f"received {type(data).__name__}"
            + (f" of {len(data)}" if isinstance(data, tuple | list) else "")
        )
    return source(model, "fit: validation_data", *data)

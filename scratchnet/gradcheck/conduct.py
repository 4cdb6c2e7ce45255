"""What a layer must keep besides the slope.

forward   leaves x and the parameters alone, gives the same y from the same state,
          and computes in the dtype that it is given
backward  leaves dy and the parameters alone, and overwrites every gradient with
          an array of its parameter's shape, whatever came before
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet.gradcheck.subject import Subject, Tensor
from scratchnet.layers.layer import Layer
from scratchnet.layers.merge import Merge

# Two runs of the same sums may be ordered differently (BLAS), no more.
SAME = 1e-9


@dataclass
class Gradients:
    """What one forward and backward gave, and what was wrong on the way.

    Attributes:
        by_tensor: gradients that can be compared.
        faults: sentences about the layer as a whole.
        causes: tensor → sentence, for a gradient that is wrong whatever its value.
        notes: what could not be checked.
    """

    by_tensor: dict[Tensor, np.ndarray] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    causes: dict[Tensor, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def run_forward(subject: Subject) -> tuple[np.ndarray, list[str]]:
    """Run ``forward`` twice, and return y and what was wrong."""
    faults = []
    layer = subject.restart()
    x = subject.given(subject.inputs)
    y = np.array(layer.forward(x, training=subject.training))
    given = x if isinstance(x, list) else [x]
    if not all(map(np.array_equal, given, subject.inputs)):
        faults.append("forward changes its input: it must work on a copy")
    faults += _changed_params("forward", layer, subject)
    if y.dtype != np.float64:
        faults.append(
            f"forward of a float64 input gives {y.dtype}: a dtype is written down "
            "where the layer's own (self.dtype, x.dtype) is meant"
        )
    if not np.all(np.isfinite(y)):
        count = int(np.sum(~np.isfinite(y)))
        faults.append(f"forward gives NaN or inf in {count} of {y.size} outputs")
    elif not np.array_equal(y, subject.forward()):
        faults.append(
            "forward isn't repeatable: from the same state it gives two results, so "
            "there is no one function to differentiate (random numbers or state from "
            "outside the layer?)"
        )
    return y, faults


def run_backward(subject: Subject, dy: np.ndarray) -> Gradients:
    """Run ``forward`` and ``backward`` several ways, and return the gradients."""
    found = Gradients()
    layer = subject.restart()
    given = dy.copy()
    y, gradients = _step(subject, subject.inputs, given)
    if not np.array_equal(dy, given):
        found.faults.append("backward changes dy: it must work on a copy")
    found.faults += _changed_params("backward", layer, subject)
    for tensor in subject.tensors:
        _take(found, subject, tensor, gradients.get(tensor))
    try:
        _check_overwriting(found, subject, dy)
        _check_staleness(found, subject, y, dy)
    except Exception as error:  # a layer of the user's: anything may come
        found.faults.append(
            f"the first step works, a second raises {type(error).__name__}: {error}"
        )
    return found


def _step(
    subject: Subject, inputs: list[np.ndarray], dy: np.ndarray
) -> tuple[np.ndarray, dict[Tensor, np.ndarray]]:
    """Run the copy that was started last, and return copies of y and all gradients."""
    layer = subject.layer
    y = np.array(layer.forward(subject.given(inputs), training=subject.training))
    dx = layer.backward(dy)
    all_dx = (dx or []) if isinstance(layer, Merge) else [dx]
    gradients: dict[Tensor, Any] = dict(enumerate(all_dx))
    gradients.update(layer.grads)
    copies = {key: np.array(one) for key, one in gradients.items() if one is not None}
    return y, copies


def _take(
    found: Gradients, subject: Subject, tensor: Tensor, gradient: np.ndarray | None
) -> None:
    """Keep a gradient that can be compared, or say why it can't."""
    name, shape = subject.name(tensor), subject.value(tensor).shape
    if gradient is None:
        is_input = isinstance(tensor, int)
        where = "backward returned None" if is_input else "it is not in grads"
        found.causes[tensor] = f"gradient not written: {where}"
    elif gradient.shape != shape:
        turned = gradient.shape == shape[::-1]
        found.causes[tensor] = (
            f"expected a gradient of shape {shape}, received {gradient.shape}"
            f"{': transposed' if turned else ''}"
        )
    elif not np.all(np.isfinite(gradient)):
        count = int(np.sum(~np.isfinite(gradient)))
        found.causes[tensor] = f"NaN or inf in {count} of {gradient.size} elements"
    else:
        if gradient.dtype != np.float64:
            found.faults.append(
                f"gradient of {name} is {gradient.dtype} in a float64 layer: "
                "a dtype is written down where the layer's own is meant"
            )
        found.by_tensor[tensor] = gradient.astype(np.float64)


def _check_overwriting(found: Gradients, subject: Subject, dy: np.ndarray) -> None:
    """Fill the gradients with a mark first: nothing of it may be left."""
    layer = subject.restart()
    marks = {}
    for name, gradient in layer.grads.items():
        marks[name] = 1.0 + np.arange(gradient.size).reshape(gradient.shape) % 7
        gradient[...] = marks[name]
    _, grads = _step(subject, subject.inputs, dy.copy())
    for name, mark in marks.items():
        fresh = found.by_tensor.get(name)
        if fresh is None or name not in grads:
            continue
        if _same(grads[name], mark) and not np.any(fresh):
            found.causes[name] = "gradient not written: backward leaves it as it was"
            del found.by_tensor[name]
        elif _same(grads[name], fresh + mark):
            found.causes[name] = (
                "backward accumulates: it adds to the gradient of the last step "
                "where it must overwrite"
            )
        elif not _same(grads[name], fresh):
            found.causes[name] = "backward leaves a part of the last step's gradient"


def _check_staleness(
    found: Gradients, subject: Subject, y: np.ndarray, dy: np.ndarray
) -> None:
    """Train on another batch first: nothing of it may be left either.

    Only its caches tell the layer from a fresh one, as buffers and random numbers are
    put back between the two steps.
    """
    subject.restart()
    others = [0.9 * np.roll(x, 1, axis=0) for x in subject.inputs]
    _, first = _step(subject, others, 1.1 * np.roll(dy, 1, axis=0))
    subject.rewind()
    again, second = _step(subject, subject.inputs, dy.copy())
    if not _same(again, y):
        found.notes.append(
            "forward depends on the call before it through state that isn't in "
            "buffers; so stale caches could not be looked for"
        )
        return
    for name, fresh in found.by_tensor.items():
        value, other = second.get(name), first.get(name)
        if name in found.causes or value is None or _same(value, fresh):
            continue
        if other is not None and _same(value, fresh + other):
            found.causes[name] = (
                "backward accumulates: a second step's gradient holds the first's too"
            )
        else:
            found.causes[name] = (
                "stale cache: after a step on another batch, backward gives another "
                "gradient than a fresh layer does; forward must renew all that "
                "backward uses"
            )


def _changed_params(who: str, layer: Layer, subject: Subject) -> list[str]:
    return [
        f"{who} changes the parameter '{name}': only the optimizer may"
        for name, value in subject.params.items()
        if not np.array_equal(layer.params[name], value)
    ]


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    if a.shape != b.shape or not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
        return False
    scale = max(float(np.max(np.abs(b), initial=0)), np.finfo(float).tiny)
    return bool(np.max(np.abs(a - b), initial=0) <= SAME * scale)

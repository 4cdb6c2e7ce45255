"""A run through a network, operation by operation, with everything on the way kept.

In training, several layers may run as one (`scratchnet/plan`), and their arrays are
used again by the next step. Here a model runs as its layers' operations, without any
rule, each in memory of its own; and the model is afterwards as it was before: moving
statistics, dropout's count of steps and gradients are put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet import activations, losses
from scratchnet.foundation.shapes import as_kernels_want
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers.layer import Layer
from scratchnet.plan import Plan, takes_logits
from scratchnet.plan.program import Program

# A `models.Model`. It is not imported, because models import the callbacks, and one of
# those, `LayerMonitor`, looks inside a model with what is here.
Model = Any

# At inference these give out what they were given, in another shape or in the same.
UNCHANGED = ("dropout", "flatten", "reshape")


@dataclass(eq=False)
class Step:
    """One operation's part in a run.

    Attributes:
        layer: the layer that the operation is, or is a part of.
        path: the layer's name, behind those of the models that it is in.
        operation: the operation.
        kind: its name in a plan; "" for one of the user's own.
        inputs: the places that it reads: 0 is the model's input, i the i-th step.
        training: whether it ran as in training.
        x: its input, or the list of its inputs.
        y: its output.
        buffers: name → what the operation kept, as it was before.
        dy: gradient of the output; None without a way back, and for a last activation
            that is differentiated together with the loss.
        dx: gradient of the input, or the list of them.
        grads: parameter's name → gradient.
    """

    layer: Layer
    path: str
    operation: Any
    kind: str
    inputs: tuple[int, ...]
    training: bool
    x: Any
    y: np.ndarray
    buffers: dict[str, np.ndarray]
    dy: Any = None
    dx: Any = None
    grads: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Class and path of the layer: ``Dense 'block/dense'``."""
        return f"{self.layer.class_name} '{self.path}'"

    def by_input(self, values: Any) -> dict[str, Any]:
        """Name what belongs to the inputs: ``x``, or ``x1``, ``x2`` … of several."""
        if len(self.inputs) == 1:
            return {"x": values}
        return {f"x{i}": one for i, one in enumerate(values, 1)}


@dataclass(frozen=True)
class LossRun:
    """A run forwards to the loss and all the way back.

    Attributes:
        steps: one per operation, bottom first.
        loss: the loss.
        losses: its values, (N,), or (N, ...) for a row of the output each.
        targets: what the loss compared the output with, (N, ...).
        scale: each value's share in the whole, such as 1/N.
        probabilities: of the logits, (N, ..., C), where their activation and the
            cross-entropy were differentiated as one; else None.
    """

    steps: list[Step]
    loss: Any
    losses: np.ndarray
    targets: np.ndarray
    scale: np.ndarray
    probabilities: np.ndarray | None


def forward(model: Model, x: Any, *, training: bool = False) -> list[Step]:
    """Run a batch through a model and keep every operation's input and output.

    Args:
        model: a built model.
        x: a batch, (N, ...), or one sample.
        training: whether to normalise by the batch's statistics, and to drop.

    Raises:
        ValueError: the model is not built, or x doesn't fit it.

    >>> import scratchnet as keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
    >>> forward(model, [[1.0, -1.0]])[0].y
    array([[1., 0.]], dtype=float32)
    """
    batch, program = as_batch(model, x), Plan(model).program
    with undisturbed(program):
        return _forward(program, batch, training=training, remember=training)


def outputs(model: Model, x: Any) -> dict[str, Step]:
    """Return the last step of every layer at inference, by the layer's path.

    Args, errors: see `forward`.
    """
    return {step.path: step for step in forward(model, x)}


def from_loss(
    model: Model,
    x: Any,
    y: Any,
    *,
    loss: Any = None,
    training: bool = False,
) -> LossRun:
    """Run a batch forwards, and the gradient of its mean loss backwards.

    Without ``training`` the layers compute as at inference, and are differentiated as
    such: batch normalisation's mean and variance are then constants.

    Args:
        model: a built model.
        x: a batch, (N, ...), or one sample.
        y: its targets, as the loss wants them, or one sample's.
        loss: name or object; by default the one that the model was compiled with, or
            sparse categorical cross-entropy (integers as labels).
        training: whether the layers run as in training.

    Raises:
        ValueError: the model is not built, or x or y doesn't fit it.
    """
    _require_one_output(model)
    chosen = losses.get(loss or model.loss or "sparse_categorical_crossentropy")
    batch, y = as_batch(model, x), np.asarray(y)
    if _is_sample(model, np.shape(x)):
        y = y[np.newaxis]
    if len(y) != len(batch):
        raise ValueError(
            f"{model.label}: expected as many targets as inputs, received "
            f"{len(batch)} inputs and y of shape {y.shape}"
        )
    chosen.check(y, model.output_shape)
    program = Plan(model).program
    with undisturbed(program):
        steps = _forward(program, batch, training=training, remember=True)
        last = steps[-1]
        targets = chosen.targets(y, last.y.shape, last.y.dtype)
        p: np.ndarray | None = None
        if takes_logits(program, chosen):
            values, memory = chosen.forward_from_logits(targets, last.x)
            scale = chosen.shares(values, None, chosen.mask(targets))
            last.dx = chosen.backward_from_logits(targets, last.x, memory, scale)
            p = memory
            if p is None:
                p = np.asarray(activations.sigmoid(last.x))
            _backward(steps, last.inputs[0], last.dx)
        else:
            values = chosen.forward(targets, last.y)
            scale = chosen.shares(values, None, chosen.mask(targets))
            _backward(steps, len(steps), chosen.backward(targets, last.y, scale))
    return LossRun(steps, chosen, values, targets, scale, p)


def from_score(model: Model, x: Any, unit: int) -> np.ndarray:
    """Return the gradient of one output with respect to the input, as at inference.

    The score of a model that ends in softmax is taken before it, as a logit: a
    probability's gradient also tells how the other classes lose.

    Shapes:
        returned: (N, ...), as the batch

    Args:
        model: a built model with an output (N, C).
        x: a batch, (N, ...), or one sample.
        unit: index of the output, from 0.

    Raises:
        ValueError: the model is not built, or x doesn't fit it.
    """
    _require_one_output(model)
    batch, program = as_batch(model, x), Plan(model).program
    with undisturbed(program):
        steps = _forward(program, batch, training=False, remember=True)
        last = steps[-1]
        seed = np.zeros_like(last.y)
        seed[:, unit] = 1
        top = last.inputs[0] if last.kind == "softmax" else len(steps)
        return _backward(steps, top, seed)


def _require_one_output(model: Model) -> None:
    if model.output_count > 1:
        raise ValueError(
            f"{model.label}: expected a model with one output, from which a gradient "
            f"is followed back, received {model.output_count}; make a "
            "Model(model.inputs, one of its outputs), which has the same layers"
        )


def as_batch(model: Model, x: Any) -> np.ndarray:
    """Return a batch, or one sample as a batch of one, in the model's dtype.

    Raises:
        ValueError: the model is not built, or x doesn't fit it, or is not finite.
    """
    if not model.built:
        raise ValueError(
            f"{model.label}: expected a built model; call build(input_shape) first"
        )
    x = np.asarray(x)
    if _is_sample(model, x.shape):
        x = x[np.newaxis]
    sample = model.input_shape[1:]
    if (*x.shape[1:], 1) == sample or x.shape[1:] == (*sample, 1):
        x = x.reshape(len(x), *sample)
    model.check_input(x.shape)
    if len(x) == 0:
        raise ValueError(f"{model.label}: expected at least one sample, received none")
    with np.errstate(over="ignore"):  # infinity is found, and named, right after
        batch = as_kernels_want(x, model.dtype)
    wrong = np.argwhere(~np.isfinite(batch))
    if len(wrong):
        index = tuple(int(i) for i in wrong[0])
        raise ValueError(
            f"{model.label}: expected finite x in {model.dtype}, "
            f"received {x[index]} at index {index}"
        )
    return batch


def _is_sample(model: Model, shape: tuple[int, ...]) -> bool:
    """Tell whether a shape is one sample's; a grey image may lack its channel."""
    sample = model.input_shape[1:]
    return sample in (shape, (*shape, 1))


def one_sample(model: Model, x: Any) -> np.ndarray:
    """Return one sample, given with or without a batch's dimension, as a batch.

    Raises:
        ValueError: there are several, or the shape doesn't fit the model.
    """
    batch = as_batch(model, x)
    if len(batch) != 1:
        raise ValueError(f"inspection: expected one sample, received {len(batch)}")
    return batch


@contextmanager
def undisturbed(program: Program) -> Iterator[None]:
    """Put attributes, buffers and gradients back when the block ends."""
    before = [
        (
            one,
            dict(vars(one)),
            [(own, own.copy()) for own in (*one.buffers.values(), *one.grads.values())],
        )
        for one in program.operations[1:]
    ]
    try:
        yield
    finally:
        for one, attributes, arrays in before:
            for name in vars(one).keys() - attributes.keys():
                delattr(one, name)
            vars(one).update(attributes)
            for own, value in arrays:
                own[...] = value


def _forward(
    program: Program, x: np.ndarray, *, training: bool, remember: bool
) -> list[Step]:
    """Run forwards; remember what the way back needs, which layers do in training."""
    values, steps = [x], []
    for at, operation in enumerate(program.operations[1:], 1):
        if remember and not training:
            operation = operation.at_inference()
        read = [values[place] for place in program.inputs[at]]
        given = operation.cast(read if len(read) > 1 else read[0])
        buffers = {name: own.copy() for name, own in operation.buffers.items()}
        # A workspace for every call: no array is written over by a later one.
        with Workspace():
            values.append(operation.forward(given, training=remember))
        of_layer = program.layers[at], program.paths[at], operation, program.kinds[at]
        steps.append(
            Step(*of_layer, program.inputs[at], training, given, values[-1], buffers)
        )
    return steps


def _backward(steps: list[Step], place: int, dy: np.ndarray) -> np.ndarray:
    """Fill in the gradients below a place, from its own, and return the model input's.

    Where paths meet, gradients add up.
    """
    gradients = {place: dy}
    for at in range(place, 0, -1):
        step = steps[at - 1]
        step.dy = as_kernels_want(gradients.pop(at), step.operation.dtype)
        with Workspace():
            step.dx = step.operation.backward(step.dy)
        step.grads = {name: grad.copy() for name, grad in step.operation.grads.items()}
        dx = [step.dx] if len(step.inputs) == 1 else step.dx
        for read, one in zip(step.inputs, dx, strict=True):
            gradients[read] = gradients[read] + one if read in gradients else one
    return gradients[0]

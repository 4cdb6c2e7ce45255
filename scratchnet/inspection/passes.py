"""A run through a network, layer by layer, with everything on the way kept.

In training, several layers may run as one (`scratchnet/plan`), and their arrays
are used again by the next step. Here every layer runs by itself, in memory of its own,
and the model is afterwards as it was before: moving statistics, dropout's count of
steps and gradients are put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scratchnet import activations, losses
from scratchnet import plan as rewrites
from scratchnet.foundation.workspace import Workspace
from scratchnet.layers.activated import ActivatedLayer
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.layer import Layer
from scratchnet.models.batches import Samples
from scratchnet.models.sequential import Sequential


@dataclass
class Step:
    """One layer's part in a run.

    Attributes:
        layer: the layer.
        training: whether it ran as in training.
        x: its input.
        y: its output.
        dy: gradient of the output; None without a way back, and for a last layer
            whose activation is differentiated together with the loss.
        dz: gradient before the activation, of layers that end in one.
        dx: gradient of the input.
        grads: parameter's name → gradient.
    """

    layer: Layer
    training: bool
    x: np.ndarray
    y: np.ndarray
    dy: np.ndarray | None = None
    dz: np.ndarray | None = None
    dx: np.ndarray | None = None
    grads: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class LossRun:
    """A run forwards to the loss and all the way back.

    Attributes:
        steps: one per layer, bottom first.
        losses: of each sample, (N,).
        targets: what the loss compared the output with, (N, ...).
        scale: each sample's share in the whole, 1/N, (N,).
        probabilities: softmax of the logits, (N, C), where it and the cross-entropy
            were differentiated as one; else None.
    """

    steps: list[Step]
    losses: np.ndarray
    targets: np.ndarray
    scale: np.ndarray
    probabilities: np.ndarray | None

    @property
    def fused(self) -> bool:
        """Whether softmax and cross-entropy were differentiated as one."""
        return self.probabilities is not None


def forward(model: Sequential, x: Any, *, training: bool = False) -> list[Step]:
    """Run a batch through a model and keep every layer's input and output.

    Args:
        model: a built `Sequential`.
        x: a batch, (N, ...).
        training: whether to normalise by the batch's statistics, and to drop.

    Raises:
        ValueError: the model is not built, or x doesn't fit it.

    >>> import scratchnet as keras
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
    >>> forward(model, [[1.0, -1.0]])[0].y
    array([[1., 0.]], dtype=float32)
    """
    batch = samples(model, x)
    with undisturbed(model.layers):
        return list(_forward(model.layers, batch, training=training))


def outputs(model: Sequential, x: Any) -> Iterator[tuple[Layer, np.ndarray]]:
    """Yield each layer with its output at inference, and keep none of them."""
    batch = samples(model, x)
    for layer in model.layers:
        with Workspace(), undisturbed([layer]):
            batch = layer.forward(layer.cast(batch), training=False)
        yield layer, batch


def from_loss(
    model: Sequential,
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
        model: a built `Sequential`.
        x: a batch, (N, ...).
        y: its targets, as the loss wants them.
        loss: name or object; by default the one that the model was compiled with, or
            sparse categorical cross-entropy (whole numbers as labels).
        training: whether the layers run as in training.

    Raises:
        ValueError: the model is not built, or x or y doesn't fit it.
    """
    chosen = losses.get(loss or model.loss or "sparse_categorical_crossentropy")
    batch = samples(model, x)
    y = Samples("inspection", x, y).y
    assert y is not None
    chosen.check(y, model.output_shape)
    with undisturbed(model.layers):
        steps = list(_differentiable(model.layers, batch, training))
        last = steps[-1]
        targets = chosen.targets(y, last.y.shape, last.y.dtype)
        scale = np.full(len(batch), 1 / len(batch), last.y.dtype)
        p: np.ndarray | None = None
        with Workspace():
            if rewrites.takes_logits(last.layer, chosen):
                values, p = losses.softmax_cross_entropy(targets, _logits(last))
                dz = losses.softmax_cross_entropy_gradient(targets, p, scale)
                _backward(steps, dz=dz)
            else:
                values = chosen.forward(targets, last.y)
                _backward(steps, dy=chosen.backward(targets, last.y, scale))
    return LossRun(steps, values, targets, scale, p)


def from_score(model: Sequential, x: Any, unit: int) -> list[Step]:
    """Run a batch forwards, and one output's gradient backwards, as at inference.

    The score of a model that ends in softmax is taken before it, as a logit: a
    probability's gradient also tells how the other classes lose.

    Args:
        model: a built `Sequential` with an output (N, C).
        x: a batch, (N, ...).
        unit: index of the output, from 0.

    Raises:
        ValueError: the model is not built, x doesn't fit it, or there is no such unit.
    """
    batch = samples(model, x)
    shape = model.output_shape
    if len(shape) != 2 or not 0 <= unit < int(shape[1] or 0):
        raise ValueError(
            f"inspection: expected an output of the model, which has shape {shape}, "
            f"received unit {unit}"
        )
    with undisturbed(model.layers):
        steps = list(_differentiable(model.layers, batch, training=False))
        last = steps[-1]
        seed = np.zeros_like(last.y)
        seed[:, unit] = 1
        own = last.layer
        if rewrites.has_logits(own) and own.activation is activations.softmax:
            _backward(steps, dz=seed)
        else:
            _backward(steps, dy=seed)
    return steps


def samples(model: Sequential, x: Any) -> np.ndarray:
    """Return a batch in the model's dtype, checked against its input.

    Raises:
        ValueError: the model is not built, or x doesn't fit it, or is not finite.
    """
    if not model.built:
        raise ValueError(
            f"Sequential '{model.name}': expected a built model; "
            "call build(input_shape) first"
        )
    checked = Samples(
        "inspection", x, input_shape=model.input_shape, dtype=model.layers[0].dtype
    )
    with Workspace():
        return checked.slice(0, len(checked)).x


def as_batch(model: Sequential, x: Any) -> np.ndarray:
    """Return a batch, or one sample as a batch of one, in the model's dtype.

    Raises:
        ValueError: the model is not built, or x doesn't fit it, or is not finite.
    """
    return samples(model, np.asarray(x)[np.newaxis] if is_sample(model, x) else x)


def is_sample(model: Sequential, x: Any) -> bool:
    """Tell whether x is one sample, without a batch's dimension."""
    if not model.built:
        return False
    sample, shape = model.input_shape[1:], np.shape(x)
    # A grey image may come without its channel.
    return shape == sample or (len(sample) > 1 and (*shape, 1) == sample)


def one_sample(model: Sequential, x: Any) -> np.ndarray:
    """Return one sample, given with or without a batch's dimension, as a batch.

    Raises:
        ValueError: there are several, or the shape doesn't fit the model.
    """
    batch = as_batch(model, x)
    if len(batch) != 1:
        raise ValueError(f"inspection: expected one sample, received {len(batch)}")
    return batch


@contextmanager
def undisturbed(layers: list[Layer]) -> Iterator[None]:
    """Put the layers' attributes, buffers and gradients back when the block ends."""
    before = [
        (
            layer,
            dict(vars(layer)),
            [(own, own.copy()) for own in _changing_arrays(layer)],
        )
        for layer in layers
    ]
    try:
        yield
    finally:
        for layer, attributes, arrays in before:
            for name in vars(layer).keys() - attributes.keys():
                delattr(layer, name)
            vars(layer).update(attributes)
            for own, value in arrays:
                own[...] = value


def _changing_arrays(layer: Layer) -> list[np.ndarray]:
    return [*layer.buffers.values(), *layer.grads.values()]


def _forward(layers: list[Layer], x: np.ndarray, *, training: bool) -> Iterator[Step]:
    for layer in layers:
        x = layer.cast(x)
        # A workspace for every call: no array is written over by a later one.
        with Workspace():
            y = layer.forward(x, training=training)
        yield Step(layer, training, x, y)
        x = y


def _differentiable(
    layers: list[Layer], x: np.ndarray, training: bool
) -> Iterator[Step]:
    """Run forwards so that the way back is open; inside of `undisturbed`."""
    if not training:
        # Only ``training=True`` remembers what ``backward`` needs. These two are the
        # layers that then compute something else, and each can be told not to.
        for layer in layers:
            if isinstance(layer, BatchNormalization):
                layer.trainable = False
            if isinstance(layer, Dropout):
                layer.rate = 0.0
    for step in _forward(layers, x, training=True):
        step.training = training
        yield step


def _backward(
    steps: list[Step], dy: np.ndarray | None = None, dz: np.ndarray | None = None
) -> None:
    """Fill in the gradients, from the last layer's dy, or dz, to the first's dx."""
    for step in reversed(steps):
        layer = step.layer
        with Workspace():
            if dy is None:
                assert isinstance(layer, ActivatedLayer) and dz is not None
                layer.backward_params(dz)
                dx = layer.backward_input(dz)
            else:
                dy = layer.cast(dy)
                dz = None
                if isinstance(layer, ActivatedLayer):
                    dz = layer.backward_activation(dy).copy()
                dx = layer.backward(dy)
        step.dy, step.dz, step.dx = dy, dz, dx
        step.grads = {name: grad.copy() for name, grad in layer.grads.items()}
        dy = dx


def _logits(step: Step) -> np.ndarray:
    assert isinstance(step.layer, ActivatedLayer)
    return step.layer.pre_activation(step.x, training=False)

"""From a model and a sample to the arithmetic of one element, and of one gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from scratchnet import layers as layer_module
from scratchnet.explain import (
    activation,
    batch_normalization,
    convolution,
    dense,
    elementwise,
    pooling,
)
from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.explain.explanation import Explanation
from scratchnet.foundation.shapes import format_shape
from scratchnet.inspection import passes
from scratchnet.inspection.passes import LossRun, Step
from scratchnet.layers.layer import Layer
from scratchnet.models.sequential import Sequential


class Arithmetic(Protocol):
    """What the module of a layer's arithmetic has."""

    def forward(self, step: Step, index: Index) -> list[Equation]:
        """Work out one element of the output."""

    def gradient(self, step: Step, name: str, index: Index) -> list[Equation]:
        """Work out one element of the gradient of the input ``x`` or a parameter."""


ARITHMETIC: dict[type[Layer], Arithmetic] = {
    layer_module.Dense: dense,
    layer_module.Conv2D: convolution,
    layer_module.MaxPooling2D: pooling,
    layer_module.AveragePooling2D: pooling,
    layer_module.GlobalAveragePooling2D: pooling,
    layer_module.BatchNormalization: batch_normalization,
    layer_module.Activation: elementwise,
    layer_module.ReLU: elementwise,
    layer_module.Softmax: elementwise,
    layer_module.Dropout: elementwise,
    layer_module.Flatten: elementwise,
    layer_module.Rescaling: elementwise,
}


def explain(
    model: Sequential,
    x: Any,
    layer: Layer | str | int,
    element: Index | int | None = None,
    *,
    sample: int = 0,
    training: bool = False,
    rows: int = 12,
) -> Explanation:
    """Work one element of a layer's output out again, number by number.

    The numbers are those that the kernels computed: the layer's input is what the
    layers below made of x, and the result is compared with the layer's own.

    Args:
        model: a built `Sequential`.
        x: a batch, or one sample.
        layer: the layer, its name or its index.
        element: index of the element in one sample's output, such as (5, 7, 3); None
            takes the largest.
        sample: which of the batch.
        training: whether to run as in training: batch normalisation then takes its
            mean and variance from the batch.
        rows: how many numbers of a long sum are shown.

    Returns:
        An `Explanation`: print it, or look at its ``equations``.

    Raises:
        ValueError: there is no such layer, sample or element.
        NotImplementedError: the layer is of a class of your own.

    >>> import scratchnet as keras
    >>> layer = keras.layers.Dense(1, name="sum")
    >>> model = keras.Sequential([keras.Input((2,)), layer])
    >>> model.set_weights([[[2.0], [3.0]], [0.5]])
    >>> print(explain(model, [10.0, 1.0], "sum"))  # doctest: +NORMALIZE_WHITESPACE
    Output [0] of Dense 'sum'
    <BLANKLINE>
    Dense 'sum'
      z[0] = ∑ᵢ x[i] · kernel[i, 0] + bias[0]
        x[0] × kernel[0, 0]                   10 ×            2 =            20
        x[1] × kernel[1, 0]                    1 ×            3 =             3
        bias[0]                                                             0.5
        = z[0], as the kernel computed it                                  23.5
    """
    steps = passes.forward(model, passes.as_batch(model, x), training=training)
    step = steps[_position(model, layer)]
    index = _index(step.layer.label, step.y, sample, element)
    equations = _arithmetic(step.layer).forward(step, index)
    title = f"Output {list(index[1:])} of {step.layer.label}"
    if len(step.y) > 1:
        title += f", sample {sample}"
    return Explanation(title, tuple(equations), rows)


def explain_gradient(
    model: Sequential,
    x: Any,
    y: Any,
    layer: Layer | str | int,
    of: str = "kernel",
    element: Index | int | None = None,
    *,
    sample: int = 0,
    loss: Any = None,
    training: bool = False,
    rows: int = 12,
) -> Explanation:
    """Follow one element of a gradient from the layer up to the loss.

    The element is a sum over the gradient that reached the layer. Its largest summand
    comes from one element of that gradient, which is a sum in the layer above, and so
    on: this is the path that is shown.

    Args:
        model: a built `Sequential`.
        x: a batch, or one sample.
        y: its targets, as the loss wants them, or one sample's.
        layer: the layer, its name or its index.
        of: a parameter's name, or ``"x"`` for the layer's input.
        element: index in the parameter, or in one sample's input; None takes the
            largest gradient.
        sample: which of the batch, for ``of="x"``.
        loss: name or object; by default that of ``compile``, or sparse categorical
            cross-entropy, whose y are labels.
        training: whether to run as in training.
        rows: how many numbers of a long sum are shown.

    Returns:
        An `Explanation`, from the gradient asked for up to the loss.

    Raises:
        ValueError: there is no such layer, parameter, sample or element.
        NotImplementedError: a layer on the path is of a class of your own.
    """
    batch = passes.as_batch(model, x)
    y = np.asarray(y)
    if passes.is_sample(model, x):
        y = y[np.newaxis]
    run = passes.from_loss(model, batch, y, loss=loss, training=training)
    position = _position(model, layer)
    step = run.steps[position]
    known = ["x", *step.grads]
    if of not in known:
        raise ValueError(
            f"{step.layer.label}: expected a gradient of {' or '.join(known)}, "
            f"received {of!r}"
        )
    if of == "x":
        assert step.dx is not None
        index = _index(step.layer.label, step.dx, sample, element)
        shown = index[1:]
    else:
        index = shown = _index(step.layer.label, step.grads[of], None, element)
    title = (
        f"Gradient of {of}{list(shown)} of {step.layer.label}, up to the loss\n"
        "(→ marks what the next equation works out)"
    )
    return Explanation(title, tuple(_path(run, position, of, index)), rows)


def _path(run: LossRun, position: int, of: str, index: Index) -> list[Equation]:
    """Follow the largest summand from a layer's gradient to the loss."""
    equations: list[Equation] = []
    for place, step in enumerate(run.steps[position:], position):
        equations += _arithmetic(step.layer).gradient(step, of, index)
        strongest = equations[-1].strongest
        if strongest is None:
            return equations
        assert strongest.at is not None
        index = strongest.at
        _mark(equations, strongest)
        last = place == len(run.steps) - 1
        if last and run.fused:
            return [*equations, _softmax_and_loss(run, index)]
        through = activation.backward(step, index)
        equations += through
        if through:
            strongest = through[-1].strongest
            if strongest is None:
                return equations
            assert strongest.at is not None
            index = strongest.at
            _mark(equations, strongest)
        of = "x"
    return [*equations, _loss(run, index)]


def _mark(equations: list[Equation], followed: Row) -> None:
    """Mark a row of the last equation as the one that the path goes on from."""
    last = equations[-1]
    rows = tuple(
        replace(row, followed=True) if row is followed else row for row in last.rows
    )
    equations[-1] = replace(last, rows=rows)


def _softmax_and_loss(run: LossRun, index: Index) -> Equation:
    """Return dz = scale · (p · ∑ t − t), softmax and cross-entropy as one."""
    step = run.steps[-1]
    assert step.dz is not None and run.probabilities is not None
    scale, p = float(run.scale[index[0]]), float(run.probabilities[index])
    target = float(run.targets[index])
    whole = float(np.sum(run.targets[index[:-1]], dtype=np.float64))
    probability = element("p", index, step.y)
    return total(
        "softmax and cross-entropy, differentiated as one",
        element("dz", index, step.y),
        "(p · ∑ target − target) / N",
        [
            Row(f"{probability} × ∑ target / N", (p, whole * scale)),
            Row(f"−{element('target', index, step.y)} / N", (0.0 - target * scale,)),
        ],
        step.dz[index],
        step.y.dtype,
        (f"the loss of this sample is {float(run.losses[index[0]]):.7g}",),
    )


def _loss(run: LossRun, index: Index) -> Equation:
    """Return what the loss hands back, which is where the path begins."""
    step = run.steps[-1]
    assert step.dy is not None
    value = float(step.dy[index])
    name = element("dy", index, step.y)
    return Equation(
        "the loss",
        name,
        "∂ mean loss / ∂ output",
        (
            Row(element("y", index, step.y), (float(step.y[index]),)),
            Row(element("target", index, step.y), (float(run.targets[index]),)),
        ),
        value=value,
        computed=value,
        tolerance=0.0,
        notes=(f"the loss of this sample is {float(run.losses[index[0]]):.7g}",),
    )


def _arithmetic(layer: Layer) -> Arithmetic:
    found = ARITHMETIC.get(type(layer))
    if found is None:
        raise NotImplementedError(
            f"{layer.label}: explain knows the arithmetic of scratchnet's own layers "
            f"only: {', '.join(known.__name__ for known in ARITHMETIC)}"
        )
    return found


def _position(model: Sequential, layer: Layer | str | int) -> int:
    if isinstance(layer, str):
        layer = model.get_layer(layer)
    elif not isinstance(layer, Layer):
        layer = model.get_layer(index=layer)
    for position, own in enumerate(model.layers):
        if own is layer:
            return position
    raise ValueError(f"explain: {layer.label} is no layer of '{model.name}'")


def _index(
    who: str, array: np.ndarray, sample: int | None, chosen: Index | int | None
) -> Index:
    """Return an element's whole index, the sample first if there are any.

    Raises:
        ValueError: it lies outside.
    """
    lead: Index = ()
    if sample is not None:
        if not 0 <= sample < len(array):
            raise ValueError(
                f"explain: expected a sample from 0 to {len(array) - 1}, "
                f"received {sample}"
            )
        lead, array = (sample,), array[sample]
    if chosen is None:
        flat = int(np.argmax(np.abs(array)))
        return (*lead, *(int(i) for i in np.unravel_index(flat, array.shape)))
    index = tuple(int(i) for i in np.atleast_1d(chosen))
    inside = len(index) == array.ndim and all(
        0 <= i < size for i, size in zip(index, array.shape, strict=True)
    )
    if not inside:
        raise ValueError(
            f"{who}: expected an element inside of {format_shape(array.shape)}, "
            f"received {index}"
        )
    return (*lead, *index)

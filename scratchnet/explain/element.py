"""From a model and a sample to the arithmetic of one element, and of one gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scratchnet import kernels, losses
from scratchnet.explain import (
    activation,
    activity_penalty,
    batch_normalization,
    color,
    concatenate,
    convolution,
    dense,
    global_max_pooling,
    group_normalization,
    merge,
    moved_image,
    noise,
    numbered_kernel,
    parametric_relu,
    placement,
    pooling,
    rescaling,
)
from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.explain.explanation import Explanation
from scratchnet.foundation.shapes import format_shape
from scratchnet.inspection import passes
from scratchnet.inspection.passes import LossRun, Step
from scratchnet.layers.layer import Layer
from scratchnet.models.model import Model

# One of the operations that a gradient is a sum over, and which of its gradients.
Part = tuple[Step, str]


# By the operation's name in a plan: a module with ``forward(step, index)``, which works
# out an element of the output, and ``gradient(step, name, index)``, one of the gradient
# of an input or a parameter; rows of the latter say with ``at`` where the path goes on.
ARITHMETIC: dict[str, Any] = {
    "dense": dense,
    "convolution": convolution,
    "grouped_convolution": numbered_kernel,
    "depthwise_convolution": numbered_kernel,
    "transposed_convolution": numbered_kernel,
    "max_pooling": pooling,
    "average_pooling": pooling,
    "batch_normalization": batch_normalization,
    **dict.fromkeys(
        (
            *("flatten", "reshape", "permute", "repeat_vector"),
            *("zero_padding", "cropping", "upsampling"),
        ),
        placement,
    ),
    **dict.fromkeys(("relu", "softmax", "log_softmax"), activation),
    **dict.fromkeys(kernels.FORMULAS, activation),
    "global_max_pooling": global_max_pooling,
    "parametric_relu": parametric_relu,
    "group_normalization": group_normalization,
    "dropout": noise,
    "gaussian_noise": noise,
    "gaussian_dropout": noise,
    "alpha_dropout": noise,
    "rescaling": rescaling,
    "affine_transform": moved_image,
    "contrast": color,
    "brightness": color,
    "normalization": color,
    **dict.fromkeys(
        ("add", "subtract", "multiply", "average", "maximum", "minimum"), merge
    ),
    "concatenate": concatenate,
    "activity_penalty": activity_penalty,
}


def explain(
    model: Model,
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
        model: a built model.
        x: a batch, or one sample.
        layer: the layer, its index, or its name; in a model in the model behind that
            one's, ``"block/dense"``. Of a layer that is called several times, the last
            call is explained.
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
        NotImplementedError: the layer computes something of your own.

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
    steps = passes.forward(model, x, training=training)
    own = _last_call(_steps_of(model, steps, layer))
    last = own[-1]
    index = _index(last.label, last.y, sample, element)
    equations = [
        line for step in own for line in _arithmetic(step).forward(step, index)
    ]
    title = f"Output {list(index[1:])} of {last.label}"
    if len(last.y) > 1:
        title += f", sample {sample}"
    return Explanation(title, tuple(equations), rows)


def explain_gradient(
    model: Model,
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
    on: this is the path that is shown. Where several layers read a value, its gradient
    is the sum of what they hand back, and the path goes on through the largest.

    Args:
        model: a built model.
        x: a batch, or one sample.
        y: its targets, as the loss wants them, or one sample's.
        layer: the layer, its index or its name, as for `explain`.
        of: a parameter's name, or ``"x"`` for the layer's input; of a layer with
            several inputs, ``"x1"``, ``"x2"`` …
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
        NotImplementedError: a layer on the path computes something of your own.
    """
    run = passes.from_loss(model, x, y, loss=loss, training=training)
    own = _steps_of(model, run.steps, layer)
    kinds = [step.kind for step in own]
    step = own[
        len(kinds) - 1 - kinds[::-1].index(kinds[0])
    ]  # where its last call begins
    known = {name: [(step, name)] for name in step.by_input(step.x)}
    for call in own:
        for name in call.grads:
            known.setdefault(name, []).append((call, name))
    if of not in known:
        raise ValueError(
            f"{step.label}: expected a gradient of {' or '.join(known)}, "
            f"received {of!r}"
        )
    parts = known[of]
    whole = np.sum([_gradient(*part) for part in parts], axis=0)
    is_parameter = of in parts[0][0].grads
    index = _index(step.label, whole, None if is_parameter else sample, element)
    shown = index if is_parameter else index[1:]
    equations: list[Equation] = []
    if len(parts) > 1:
        name = f"d_{of}[{', '.join(map(str, index))}]"
        equations.append(_sum(parts, index, step.label, name, whole[index]))
    title = (
        f"Gradient of {of}{list(shown)} of {step.label}, up to the loss\n"
        "(→ marks what the next equation works out)"
    )
    return Explanation(title, tuple(_path(run, equations, parts, index)), rows)


def _path(
    run: LossRun, equations: list[Equation], parts: list[Part], index: Index
) -> list[Equation]:
    """Follow the largest summand from a gradient, the sum of ``parts``, to the loss."""
    while True:
        if len(parts) > 1:
            followed = _follow(equations)
            if followed is None:
                return equations
            parts = [parts[followed[0]]]
        ((step, name),) = parts
        if step.dy is None:
            return [*equations, _softmax_and_loss(run, index)]
        equations += _arithmetic(step).gradient(step, name, index)
        followed = _follow(equations)
        if followed is None:
            return equations
        index, parts = followed, _readers(run, step)
        if not parts:
            return [*equations, _loss(run, index)]
        if len(parts) > 1:
            own = "dz" if step.kind.endswith(("dense", "convolution")) else "dy"
            name = element(own, index, step.dy)
            equations.append(_sum(parts, index, step.label, name, step.dy[index]))


def _readers(run: LossRun, step: Step) -> list[Part]:
    """Return who reads a step's output, and as which input."""
    place = run.steps.index(step) + 1
    return [
        (reader, name)
        for reader in run.steps
        for name, read in zip(reader.by_input(reader.x), reader.inputs, strict=True)
        if read == place
    ]


def _gradient(step: Step, name: str) -> np.ndarray:
    return {**step.by_input(step.dx), **step.grads}[name]


def _sum(
    parts: list[Part], index: Index, where: str, name: str, computed: float
) -> Equation:
    """Return a gradient as the sum of its parts, with a way back through each."""
    rows = []
    for number, (step, of) in enumerate(parts):
        part = _gradient(step, of)
        text = f"{element(f'd{of}', index, part)} of {step.label}"
        if of in step.grads:
            text = f"{name} of call {number + 1}"
        rows.append(Row(text, (float(part[index]),), at=(number,)))
    formula = f"∑ over the {len(parts)} places where it is read"
    return total(where, name, formula, rows, computed, part.dtype)


def _follow(equations: list[Equation]) -> Index | None:
    """Mark the last equation's largest summand, and return its ``at``, if any."""
    last = equations[-1]
    strongest = last.strongest
    if strongest is None:
        return None
    rows = tuple(
        replace(row, followed=True) if row is strongest else row for row in last.rows
    )
    equations[-1] = replace(last, rows=rows)
    return strongest.at


def _softmax_and_loss(run: LossRun, index: Index) -> Equation:
    """Return dz = scale · (p · ∑ t − t), the activation and cross-entropy as one.

    For yes and no it is scale · (p − t), divided by the number of answers.
    """
    step = run.steps[-1]
    assert run.probabilities is not None
    scale, p = float(run.scale[index[:-1]]), float(run.probabilities[index])
    target = float(run.targets[index])
    whole = float(np.sum(run.targets[index[:-1]], dtype=np.float64))
    probability = element("p", index, step.y)
    activation, formula, times = (
        "softmax",
        "(p · ∑ target − target) / N",
        "∑ target / N",
    )
    if isinstance(run.loss, losses.BinaryCrossentropy):
        activation, formula, times = "sigmoid", "(p − target) / N", "1 / N"
        whole, scale = 1.0, scale / run.targets.shape[-1]
    return total(
        f"{activation} and cross-entropy, differentiated as one",
        element("dz", index, step.y),
        formula,
        [
            Row(f"{probability} × {times}", (p, whole * scale)),
            Row(f"−{element('target', index, step.y)} / N", (0.0 - target * scale,)),
        ],
        step.dx[index],
        step.y.dtype,
        _note(run, index),
    )


def _note(run: LossRun, index: Index) -> tuple[str, ...]:
    value = run.losses[index[: run.losses.ndim]]
    return (f"the loss of this sample is {float(value):.7g}",)


def _loss(run: LossRun, index: Index) -> Equation:
    """Return what the loss hands back, which is where the path begins."""
    step = run.steps[-1]
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
        notes=_note(run, index),
    )


def _arithmetic(step: Step) -> Any:
    found = ARITHMETIC.get(step.kind)
    if found is None:
        raise NotImplementedError(
            f"{step.label}: explain knows the arithmetic of scratchnet's own layers "
            "only, not that of functions of tensors or of layers of your own"
        )
    return found


def _steps_of(model: Model, steps: list[Step], layer: Layer | str | int) -> list[Step]:
    if isinstance(layer, int | np.integer):
        layer = model.get_layer(index=layer)
    found = [step for step in steps if layer in (step.layer, step.path)]
    if not found:
        known = list(dict.fromkeys(step.path for step in steps))
        received = layer.label if isinstance(layer, Layer) else layer
        raise ValueError(
            f"explain: expected one of {known}, the layers of '{model.name}' that "
            f"compute something, received {received!r}"
        )
    return found


def _last_call(steps: list[Step]) -> list[Step]:
    """Return the operations of a layer's last call: a product and its activation."""
    own = list({step.kind: step for step in steps}.values())
    products = [i for i, step in enumerate(own) if step.operation.params]
    return own[max(products, default=0) :]


def _index(
    who: str, array: np.ndarray, sample: int | None, chosen: Index | int | None
) -> Index:
    """Return an element's whole index, the sample first if there are any."""
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

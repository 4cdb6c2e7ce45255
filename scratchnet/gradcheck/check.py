"""The check of a layer, from beginning to end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.gradcheck import causes, conduct, inputs
from scratchnet.gradcheck.compare import Comparison, Evidence
from scratchnet.gradcheck.report import Report, Row
from scratchnet.gradcheck.subject import Subject, Tensor, random_numbers_kept
from scratchnet.layers.layer import Layer
from scratchnet.layers.merge import Merge

# A point whose neighbourhood holds a kink says nothing: so many others are tried.
ATTEMPTS = 5

# Odd, so that a missing 1/N can't be mistaken for a factor of 2 or a pooling window.
BATCH_SIZE = 5


def gradcheck(
    layer: Layer,
    x: Any = None,
    *,
    input_shape: Any = None,
    batch_size: int = BATCH_SIZE,
    seed: int = 0,
    epsilon: float = 2e-4,
    tolerance: float = 1e-6,
    training: bool = True,
    max_elements: int = 500,
) -> Report:
    """Compare a layer's ``backward`` with the slope of its ``forward``.

    With dy random and L = ⟨dy, forward(x)⟩, for x and for every parameter θ:

        ∂L/∂θ = [8 (L(θ + h) − L(θ − h)) − (L(θ + 2h) − L(θ − 2h))] / 12h

    along a dense random direction, and element by element. The layer itself is left
    as it is: the check works on a float64 copy (float32 holds too few digits for a
    difference of two nearby values), whose moving statistics and random
    numbers (a dropout's mask) are the same in every evaluation. Weights that are 0 or
    1 throughout are moved a little on the copy, because there a forgotten factor
    can't be seen. A point too close to a kink is left for another one.

    Shapes:
        x: (N, ...), as the layer takes it; a list of such for one that joins branches

    Args:
        layer: any `Layer`, built or not, also one of your own, and a model.
        x: the batch to check at; by default random, distinct values in ±[0.1, 2].
        input_shape: shape of one sample, where there is no x and the layer was
            neither built nor told its input_shape; a list of such for one that joins
            branches.
        batch_size: samples in a random x.
        seed: all random values grow from it.
        epsilon: the first h, for a tensor of rms 1.
        tolerance: relative errors (defined in `compare.py`) must be smaller.
        training: handed to ``forward``. With False it works only for layers that
            keep for ``backward`` then too, which scratchnet's own do not.
        max_elements: how many elements of one tensor are checked alone; in a larger
            tensor so many are drawn at random, and a disagreement of the direction
            is searched for by halving.

    Returns:
        A report: ``report.passed``, ``print(report)``.

    Raises:
        TypeError: layer is no `Layer` object.
        ValueError: the input's shape is unknown or doesn't fit, or x isn't finite.

    Reference: Griewank and Walther (2008), Evaluating Derivatives, section 3.4
    (the check by directions); chainer's ``gradient_check.py`` and autograd's
    ``test_util.py`` check in the same way.

    >>> from scratchnet.layers.layer import Layer
    >>> class Double(Layer):
    ...     def forward(self, x, *, training):
    ...         return 2 * x
    ...
    ...     def backward(self, dy):
    ...         return 2 * dy
    >>> gradcheck(Double(), input_shape=(3,)).passed
    True
    """
    if not isinstance(layer, Layer):
        hint = "; did you mean to call it?" if isinstance(layer, type) else ""
        raise TypeError(f"gradcheck: expected a Layer object, received {layer!r}{hint}")
    arguments.positive_int("gradcheck", "batch_size", batch_size)
    given = _as_batches(layer, x)
    if getattr(layer, "output_count", 1) > 1:
        raise ValueError(
            f"gradcheck: {layer.label} has {layer.output_count} outputs: expected one; "
            "join them by a Concatenate, and all their gradients are checked"
        )
    shapes = [] if given else _batch_shapes(layer, input_shape, batch_size)
    with random_numbers_kept(seed):
        for attempt in range(ATTEMPTS):
            rng = np.random.default_rng((seed, attempt))
            batches = given or [inputs.distinct(shape, rng) for shape in shapes]
            subject = Subject(layer, batches, rng, training=training)
            report = check_subject(subject, rng, seed, epsilon, tolerance, max_elements)
            if given or not any(row.kink for row in report.rows):
                break
    return report


def check_subject(
    subject: Subject,
    rng: np.random.Generator,
    seed: int,
    epsilon: float,
    tolerance: float,
    max_elements: int,
) -> Report:
    """Check one subject at its point; the arguments are `gradcheck`'s."""
    for name, value in (("epsilon", epsilon), ("tolerance", tolerance)):
        if not 0 < value < 1:
            raise ValueError(
                f"gradcheck: expected {name} between 0 and 1, received {value!r}"
            )
    arguments.positive_int("gradcheck", "max_elements", max_elements)
    rows: list[Row] = []
    notes: list[str] = []
    y, faults = conduct.run_forward(subject)
    label = subject.layer.label
    if not faults:
        # Random: a constant dy would hide transposed or dropped terms.
        dy = rng.standard_normal(y.shape)
        found = conduct.run_backward(subject, dy)
        faults, notes = found.faults, found.notes
        comparison = Comparison(subject, y, dy, epsilon, tolerance)
        for tensor in subject.tensors:
            cause = found.causes.get(tensor, "")
            if tensor in found.by_tensor:
                gradient = found.by_tensor[tensor]
                evidence = comparison.tensor(tensor, gradient, max_elements, rng)
                rows.append(_row(tensor, evidence, comparison, cause))
            elif isinstance(tensor, int) or subject.layer.trainable:
                shape = subject.value(tensor).shape
                rows.append(Row(subject.name(tensor), shape, False, cause=cause))
    return Report(
        label, tuple(rows), tuple(faults), tolerance, epsilon, seed, tuple(notes)
    )


def _row(tensor: Tensor, evidence: Evidence, comparison: Comparison, cause: str) -> Row:
    elements, direction = evidence.elements, evidence.direction
    row = Row(
        name=comparison.subject.name(tensor),
        shape=evidence.analytic.shape,
        passed=False,
        checked=len(elements),
        element_error=max((one.error for one in elements.values()), default=0.0),
        direction_error=direction.error,
        kink=evidence.kink,
    )
    agrees = row.relative_error < comparison.tolerance
    if not agrees and not cause:
        cause = causes.find_cause(causes.Case(evidence, comparison, tensor))
    row = replace(row, passed=agrees and not cause, cause=cause)
    if not elements:
        return row
    worst = max(elements, key=lambda index: elements[index].error)
    place = np.unravel_index(worst, row.shape)
    return replace(
        row,
        worst_index=tuple(int(i) for i in place),
        analytic=float(evidence.analytic[place]),
        numeric=elements[worst].slope.value,
    )


def _as_batches(layer: Layer, x: Any) -> list[np.ndarray]:
    if x is None:
        return []
    batches = []
    for one in x if isinstance(layer, Merge) else [x]:
        batch = np.array(one, np.float64)
        finite = bool(np.all(np.isfinite(batch)))
        if batch.ndim < 1 or batch.size == 0 or not finite:
            raise ValueError(
                f"gradcheck of {layer.label}: expected a batch of finite numbers as x, "
                f"received shape {batch.shape}{'' if finite else ' with NaN or inf'}"
            )
        batches.append(batch)
    return batches


def _batch_shapes(
    layer: Layer, input_shape: Any, batch_size: int
) -> list[tuple[int, ...]]:
    if input_shape is None:
        input_shape = getattr(layer, "input_shape", None) or layer.input_shape_argument
    shapes = []
    for shape in input_shape if isinstance(layer, Merge) else [input_shape]:
        sample = () if shape is None else tuple(shape)
        sample = sample[1:] if sample[:1] == (None,) else sample
        if not sample or None in sample:
            raise ValueError(
                f"gradcheck of {layer.label}: the input's shape isn't known; pass x, "
                "or input_shape= with the shape of one sample, such as (28, 28, 1)"
            )
        shapes.append((batch_size, *map(int, sample)))
    return shapes

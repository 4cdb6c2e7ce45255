"""The check of a layer, from beginning to end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

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
    dtype: Any = "float64",
) -> Report:
    """Compare a layer's ``backward`` with the slope of its ``forward``.

    With dy random and L = ⟨dy, forward(x)⟩, for x and for every parameter θ:

        ∂L/∂θ = [8 (L(θ + h) − L(θ − h)) − (L(θ + 2h) − L(θ − 2h))] / 12h

    along a dense random direction, and element by element. The layer itself is left
    as it is: the check works on a float64 copy, whose moving statistics and random
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
        dtype: float64 and nothing else.

    Returns:
        A report: ``report.passed``, ``print(report)``.

    Raises:
        TypeError: layer is no `Layer` object.
        ValueError: the input's shape is unknown or doesn't fit, x isn't finite, or
            dtype is float32.

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
    check_arguments(layer, dtype, epsilon, tolerance, batch_size, max_elements)
    given = _as_batches(layer, x)
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
    rows: list[Row] = []
    notes: list[str] = []
    y, faults = conduct.run_forward(subject)
    label = subject.layer.label
    if not faults:
        dy = inputs.upstream(y.shape, rng)
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
                rows.append(_missing(subject.name(tensor), shape, cause))
    return Report(
        label, tuple(rows), tuple(faults), tolerance, epsilon, seed, tuple(notes)
    )


def _row(tensor: Tensor, evidence: Evidence, comparison: Comparison, cause: str) -> Row:
    """Sum up what is known about one tensor."""
    agrees = evidence.relative_error < comparison.tolerance
    if not agrees and not cause:
        subject, is_input = comparison.subject, isinstance(tensor, int)
        case = causes.Case(
            evidence,
            comparison.tolerance,
            is_input,
            subject.value(tensor if is_input else 0),
            comparison.y,
            comparison.dy,
            subject.params,
        )
        cause = causes.find_cause(case)
    worst = int(np.argmax(evidence.errors)) if evidence.errors else None
    place = None if worst is None else evidence.indices[worst]
    return Row(
        name=evidence.name,
        shape=evidence.analytic.shape,
        checked=len(evidence.indices),
        element_error=max(evidence.errors, default=0.0),
        direction_error=evidence.direction.error,
        worst_index=None if place is None else _index(place, evidence.analytic.shape),
        analytic=math.nan if place is None else float(evidence.analytic.flat[place]),
        numeric=math.nan if worst is None else evidence.numeric[worst],
        passed=agrees and not cause,
        cause=cause,
        kink=evidence.kink,
    )


def _missing(name: str, shape: tuple[int, ...], cause: str) -> Row:
    """Return the row of a tensor whose gradient can't be compared."""
    return Row(
        name=name,
        shape=shape,
        checked=0,
        element_error=math.inf,
        direction_error=math.inf,
        worst_index=None,
        analytic=math.nan,
        numeric=math.nan,
        passed=False,
        cause=cause,
    )


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, shape))


def check_arguments(
    layer: Any,
    dtype: Any,
    epsilon: float,
    tolerance: float,
    batch_size: int,
    max_elements: int,
) -> None:
    """Reject arguments that can't give a check.

    Raises:
        TypeError: layer is no `Layer` object.
        ValueError: another argument is out of range.
    """
    if not isinstance(layer, Layer):
        hint = "; did you mean to call it?" if isinstance(layer, type) else ""
        raise TypeError(f"gradcheck: expected a Layer object, received {layer!r}{hint}")
    if np.dtype(dtype) != np.float64:
        raise ValueError(
            f"gradcheck: expected dtype float64, received {np.dtype(dtype).name}; it "
            "holds too few digits for a difference of two nearby values, and the "
            "layer is checked as a float64 copy whatever its own dtype"
        )
    for name, value in (("epsilon", epsilon), ("tolerance", tolerance)):
        if not 0 < value < 1:
            raise ValueError(
                f"gradcheck: expected {name} between 0 and 1, received {value!r}"
            )
    for name, value in (("batch_size", batch_size), ("max_elements", max_elements)):
        if value < 1:
            raise ValueError(
                f"gradcheck: expected {name} of at least 1, received {value!r}"
            )


def _as_batches(layer: Layer, x: Any) -> list[np.ndarray]:
    """Return the user's inputs, if there are any."""
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
    """Return the shapes of random batches, one for each input.

    Raises:
        ValueError: the shape of a sample isn't known.
    """
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

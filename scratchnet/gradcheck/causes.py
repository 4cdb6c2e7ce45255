"""What is likely wrong with a gradient, judged from its shape beside the true one.

Every pattern below asks one question of the evidence and answers with a sentence, or
None. The first that answers is reported: those that explain all of the elements by
one simple change come before those that explain only a part.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from scratchnet.gradcheck.compare import Comparison, Evidence
from scratchnet.gradcheck.subject import Tensor

# How well a pattern must explain the numeric gradient, as a part of its largest.
FIT = 1e-5


class Case:
    """A gradient that disagrees, and where it was taken.

    Attributes:
        analytic: all of the analytic gradient.
        indices: flat indices of the checked elements.
        checked, numeric: their analytic gradient, and their numeric slopes.
        by_sample: the parts of the slopes that each sample adds, (elements, N).
        wrong: flat indices of the checked elements that disagree.
        kink: whether a disagreement may be a kink's.
        is_input: whether the gradient is an input's, not a parameter's.
        x, y, dy: input (of several: the one in question, or the first), output and
            upstream gradient.
        params: the layer's parameters.
    """

    def __init__(
        self, evidence: Evidence, comparison: Comparison, tensor: Tensor
    ) -> None:
        found, subject = evidence.elements.values(), comparison.subject
        self.analytic, self.kink = evidence.analytic, evidence.kink
        self.indices = np.array(list(evidence.elements), int)
        self.checked = self.of(self.analytic)
        self.numeric = np.array([one.slope.value for one in found])
        self.by_sample = np.array([one.slope.by_sample for one in found])
        errors = np.array([one.error for one in found])
        self.wrong = self.indices[errors >= comparison.tolerance]
        self.is_input = isinstance(tensor, int)
        self.x = subject.value(tensor if self.is_input else 0)
        self.y, self.dy, self.params = comparison.y, comparison.dy, subject.params

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return an array's values at the checked elements."""
        return values.reshape(-1)[self.indices]

    def fits(self, candidate: np.ndarray) -> bool:
        """Whether values at the checked elements are the numeric slopes."""
        largest = np.max(np.abs(self.numeric), initial=0)
        return bool(np.all(np.abs(candidate - self.numeric) <= FIT * largest))

    def full(self) -> np.ndarray | None:
        """The whole numeric gradient, where every element was checked."""
        if len(self.indices) != self.analytic.size:
            return None
        return self.numeric.reshape(self.analytic.shape)


def find_cause(case: Case) -> str:
    """Return what is likely wrong, in a sentence."""
    for pattern in PATTERNS:
        sentence = pattern(case)
        if sentence:
            return sentence
    return "the values fit no known mistake; look at the formula"


def kink(case: Case) -> str | None:
    """The function has no slope here, only one to each side."""
    if case.kink:
        return (
            "a kink: the slopes to both sides differ here (a maximum between equals, "
            "a ReLU at 0), or the function jumps; check at another x"
        )
    return None


def not_finite(case: Case) -> str | None:
    """The slope itself is NaN or infinite."""
    if not np.all(np.isfinite(case.numeric)):
        return "forward gives NaN or inf next to x: it left its domain"
    return None


def no_gradient(case: Case) -> str | None:
    """The gradient is 0 throughout."""
    if not np.any(case.analytic) and len(case.wrong):
        return "gradient is 0 throughout: not written, or a path from here is missing"
    return None


def isolated(case: Case) -> str | None:
    """A few elements are wrong, or all that are lie at one index or at a border."""
    count, total = len(case.wrong), len(case.indices)
    place = _confined(case)
    if count and (place or 4 * count <= total):
        return (
            f"{count} of {total} elements checked are wrong: {place or _listed(case)}"
        )
    return None


def sign(case: Case) -> str | None:
    """Everything has the opposite sign."""
    return "sign: minus the true gradient" if case.fits(-case.checked) else None


def factor(case: Case) -> str | None:
    """Everything is k times too large, k perhaps a size that is missing."""
    a, n = case.checked, case.numeric
    if len(a) < 2 or not np.any(n):
        return None
    k = float(a @ n / (n @ n))
    if not math.isfinite(k) or abs(k) < 1e-12 or not case.fits(a / k):
        return None
    if k > 0:
        for value, size in _sizes(case):
            if math.isclose(k, value, rel_tol=1e-4):
                return f"factor {k:.6g} = {size}: is a division by it missing (1/N)?"
            if math.isclose(1 / k, value, rel_tol=1e-4):
                return f"factor {k:.6g} = 1/({size}): is it divided by once too often?"
    return f"factor: {k:.6g} times the true gradient"


def rearranged(case: Case) -> str | None:
    """The right values stand at the wrong places."""
    a = case.analytic
    orders = itertools.permutations(range(a.ndim))
    for axes in itertools.islice(orders, 1, None):  # the first leaves all in place
        if case.fits(case.of(a.transpose(axes).reshape(a.shape))):
            return f"transposed: right values, axes swapped (their order is {axes})"
        # Written in one order and read in another, as reshape does it.
        other = a.reshape([a.shape[axis] for axis in axes]).transpose(np.argsort(axes))
        if case.fits(case.of(other)):
            return f"transposed: right values, stored in axis order {axes}"
    for axes in _subsets(a.ndim):
        if case.fits(case.of(np.flip(a, axes))):
            return f"flipped along axes {axes}: right values in reverse order"
    return None


def passed_on(case: Case) -> str | None:
    """The input's gradient is dy itself."""
    if case.is_input and np.array_equal(case.analytic, case.dy):
        return "dy is passed on as it came: the derivative is not multiplied in"
    return None


def some_samples(case: Case) -> str | None:
    """A sum over the batch takes only some of the samples."""
    parts = case.by_sample
    if case.is_input or parts.ndim != 2 or parts.shape[1] < 2:
        return None
    count = parts.shape[1]
    for sample in range(count):
        own = parts[:, sample]
        others = case.numeric - own
        if np.any(own) and case.fits(case.checked + others):
            return (
                f"only sample {sample} of {count} counts: the sum over the batch is "
                "missing"
            )
        if np.any(others) and case.fits(case.checked + own):
            return f"sample {sample} of {count} is left out of the sum over the batch"
    return None


def scaled_by_channel(case: Case) -> str | None:
    """Every index of an axis has a factor of its own."""
    n = case.full()
    if n is None or n.ndim < 1 or not np.all(case.analytic) or not np.all(n):
        return None
    for axis in range(n.ndim):
        others = tuple(other for other in range(n.ndim) if other != axis)
        ratio = n / case.analytic
        mean = ratio.mean(axis=others, keepdims=True)
        if not others or np.max(np.abs(ratio - mean)) > FIT * np.max(np.abs(mean)):
            continue
        if np.ptp(mean) <= FIT * np.max(np.abs(mean)):
            continue
        return _name_the_factor(case, axis, mean.reshape(-1))
    return None


def missing_term(case: Case) -> str | None:
    """What is missing is a constant, or a multiple of x or y, along some axes."""
    n = case.full()
    if n is None or not case.is_input or n.ndim < 2:
        return None
    rest = n - case.analytic
    shapes = {"x": case.x}
    if case.y.shape == case.x.shape:
        shapes["y"] = case.y
    for axes in _batch_axes(n.ndim):
        if _explained(rest, [np.ones_like(n)], axes):
            return (
                f"a term is missing that is constant along axes {axes}, such as the "
                "gradient through a mean"
            )
        for name, basis in shapes.items():
            if _explained(rest, [basis], axes):
                return (
                    f"a term is missing that is a multiple of {name} along axes "
                    f"{axes}, such as the gradient through a normalising sum"
                )
            if _explained(rest, [basis, np.ones_like(n)], axes):
                return (
                    f"a term is missing that is linear in {name} along axes {axes}, "
                    "such as the gradient through a variance"
                )
    return None


PATTERNS: tuple[Callable[[Case], str | None], ...] = (
    kink,
    not_finite,
    no_gradient,
    sign,
    factor,
    rearranged,
    passed_on,
    some_samples,
    isolated,
    scaled_by_channel,
    missing_term,
)


def _sizes(case: Case) -> Iterator[tuple[float, str]]:
    """Numbers that a gradient is divided by, with their names; the batch first."""
    batch = case.x.shape[0] if case.x.ndim else 1
    yield batch, f"{batch}, the batch's size N"
    for name, array in (("x", case.x), ("y", case.y)):
        inner = math.prod(array.shape[1:-1])
        plane = math.prod(array.shape[1:])
        yield inner, f"{inner}, positions in one sample of {name}"
        yield batch * inner, f"{batch * inner}, N times positions in {name}"
        yield plane, f"{plane}, elements in one sample of {name}"
        yield array.size, f"{array.size}, all elements of {name}"
        for axis, length in enumerate(array.shape[1:], start=1):
            yield length, f"{length}, the size of axis {axis} of {name}"
    yield case.x.size / case.y.size, f"{case.x.size / case.y.size:g}, inputs per output"


def _confined(case: Case) -> str:
    """Name the one index, or the borders, that all wrong elements share."""
    shape = case.analytic.shape
    places = np.unravel_index(case.wrong, shape)
    for axis, place in enumerate(places):
        if len(case.wrong) < 2 or shape[axis] < 3:
            continue
        if len(set(place.tolist())) == 1:
            last = place[0] == shape[axis] - 1
            hint = " (the last: a border or a tail?)" if last else ""
            return f"all at index {place[0]} of axis {axis}{hint}"
        if set(place.tolist()) <= {0, shape[axis] - 1}:
            return f"all at the ends of axis {axis}: a border?"
    return ""


def _listed(case: Case) -> str:
    shape = case.analytic.shape
    places = [
        str(tuple(int(i) for i in np.unravel_index(index, shape)))
        for index in case.wrong[:4]
    ]
    return "at " + ", ".join(places) + (", ..." if len(case.wrong) > 4 else "")


def _name_the_factor(case: Case, axis: int, ratio: np.ndarray) -> str:
    for name, value in case.params.items():
        flat = value.reshape(-1)
        if flat.shape == ratio.shape:
            if np.allclose(ratio, flat, rtol=1e-4):
                return f"the multiplication by '{name}' is missing"
            if np.allclose(ratio * flat, 1, rtol=1e-4):
                return f"multiplied by '{name}' once too often"
    return (
        f"a factor is missing that has one value for each index of axis {axis}, "
        f"here {np.array2string(ratio[:3], precision=4)}..."
    )


def _batch_axes(rank: int) -> list[tuple[int, ...]]:
    """The axes that a mean may run over: all but the last, the last, the batch."""
    return [tuple(range(rank - 1)), (rank - 1,), (0,)]


def _explained(
    rest: np.ndarray, bases: list[np.ndarray], axes: tuple[int, ...]
) -> bool:
    """Whether rest is a sum of multiples of bases, the factors constant along axes."""
    outer = [axis for axis in range(rest.ndim) if axis not in axes]
    order = [*outer, *axes]
    rows = math.prod(rest.shape[axis] for axis in outer)
    targets = rest.transpose(order).reshape(rows, -1)
    columns = [basis.transpose(order).reshape(rows, -1) for basis in bases]
    if targets.shape[1] < len(bases) + 2:
        return False  # as many factors as values would explain anything
    largest = np.max(np.abs(rest))
    for row, target in enumerate(targets):
        matrix = np.stack([column[row] for column in columns], axis=1)
        fitted = matrix @ np.linalg.lstsq(matrix, target, rcond=None)[0]
        if np.max(np.abs(fitted - target)) > FIT * largest:
            return False
    return bool(largest > 0)


def _subsets(rank: int) -> Iterator[tuple[int, ...]]:
    for count in range(1, rank + 1):
        yield from itertools.combinations(range(rank), count)

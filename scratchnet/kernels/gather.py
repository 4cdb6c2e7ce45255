"""Picking a batch's rows out of a data set, and looking for NaN and infinity."""

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, parallel

# Fewer elements are not worth waking a thread for.
SMALL = 1 << 15


def gather_reference(x, indices, scale, y):
    """Compute y[i] = x[indices[i]]·scale, x cast to y's type first.

    What limits this rung: the rows are copied in x's type first, on one thread.

    Shapes: x (n, D), indices (batch,), y (batch, D).

    Args:
        x: any integer or float type; may be read-only or a memory map.
        indices: rows of x, each in [0, n).
        scale: such as 1/255 for pixels; 1 changes nothing.
        y: written; a float type.
    """
    y[...] = x[indices]
    y *= y.dtype.type(scale)


@compiled
def _copy(row, y, scale):
    for d in range(row.size):
        y[d] = row[d]
        y[d] *= scale


def gather_loops(x, indices, scale, y):
    """Compute y[i] = x[indices[i]]·scale, x cast to y's type first.

    Against `reference`: one pass, rows spread over threads. What limits this rung:
    the rows lie anywhere in memory, so each is waited for.

    Shapes and arguments as in `gather_reference`.
    """
    _gather(x, indices, y.dtype.type(scale), y)


@parallel
def _gather(x, indices, scale, y):
    if y.size <= SMALL:
        for i in range(indices.size):
            _copy(x[indices[i]], y[i], scale)
    else:
        for i in prange(indices.size):
            _copy(x[indices[i]], y[i], scale)


def first_non_finite_reference(y):
    """Return the flat index of the first NaN or infinity in y, or −1.

    What limits this rung: a temporary, and that it always looks at everything.

    Shapes: y, any.

    Args:
        y: float array, contiguous.

    Returns:
        An index into ``y.reshape(-1)``, or −1 if all are finite.
    """
    found = np.flatnonzero(~np.isfinite(y))
    return int(found[0]) if found.size else -1


def first_non_finite_loops(y):
    """Return the flat index of the first NaN or infinity in y, or −1.

    Against `reference`: no temporary, and blocks spread over threads; within a block,
    no branch per element, so vectors. What limits this rung: memory.

    Shapes and arguments as in `first_non_finite_reference`.
    """
    with np.errstate(invalid="ignore"):  # uncompiled, inf − inf warns
        return int(_first_non_finite(y.reshape(-1)))


@compiled
def _is_finite(block):
    found = np.int32(0)  # as wide as a float32, for vectors of equal lengths
    for i in range(block.size):
        # y − y is 0 for every number, and NaN for NaN and infinity.
        found += np.int32(block[i] - block[i] != 0)
    return found == 0


@parallel
def _first_non_finite(y):
    if y.size <= SMALL:
        if _is_finite(y):
            return -1
    else:
        blocks = (y.size + SMALL - 1) // SMALL
        finite = np.empty(blocks, np.bool_)
        for block in prange(blocks):
            first = np.intp(block) * SMALL
            finite[block] = _is_finite(y[first : first + SMALL])
        if finite.all():
            return -1
    for i in range(y.size):
        if y[i] - y[i] != 0:
            return i
    return -1


gather = ladder(gather_reference, gather_loops)
first_non_finite = ladder(first_non_finite_reference, first_non_finite_loops)

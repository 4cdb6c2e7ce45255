"""The sum of absolute values and squares, and its gradient: L1 and L2.

penalty = l1·∑|x| + l2·∑x²        ∂penalty/∂x = l1·sign(x) + 2·l2·x
"""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled


def penalty_reference(x, l1, l2):
    """Return l1·∑|x| + l2·∑x².

    What limits this rung: two temporaries.

    Shapes: x (size,).

    Args:
        x: any numbers.
        l1: at least 0.
        l2: at least 0.
    """
    wide = x.astype(np.float64)
    return float(l1 * np.abs(wide).sum() + l2 * np.square(wide).sum())


def penalty_loops(x, l1, l2):
    """Return l1·∑|x| + l2·∑x².

    Against `reference`: no temporaries; four sums side by side, since each addition has
    to wait for the one before. What limits this rung: one thread.

    Shapes and arguments as in `penalty_reference`.
    """
    return _penalty(x, float(l1), float(l2))


@compiled
def _penalty(x, l1, l2):
    whole = x.size // 4 * 4
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, 4):
        a += _term(x[i], l1, l2)
        b += _term(x[i + 1], l1, l2)
        c += _term(x[i + 2], l1, l2)
        d += _term(x[i + 3], l1, l2)
    for i in range(whole, x.size):
        a += _term(x[i], l1, l2)
    return (a + b) + (c + d)


@compiled
def _term(number, l1, l2):
    size = abs(np.float64(number))
    return size * (l1 + l2 * size)


def penalty_gradient_reference(x, gradient, l1, l2):
    """Add the penalty's gradient: gradient += l1·sign(x) + 2·l2·x.

    Where x is 0, the slope of |x| counts as 0, as in TensorFlow.

    What limits this rung: a temporary per operator.

    Shapes: both (size,).

    Args:
        x: any numbers.
        gradient: changed.
        l1: at least 0.
        l2: at least 0.
    """
    cast = x.dtype.type
    gradient += cast(l1) * np.sign(x) + cast(2 * l2) * x


def penalty_gradient_loops(x, gradient, l1, l2):
    """Add the penalty's gradient.

    Against `reference`: one pass. What limits this rung: one thread, and memory, 12
    bytes per number in float32.

    Shapes and arguments as in `penalty_gradient_reference`.
    """
    cast = x.dtype.type
    _penalty_gradient(x, gradient, cast(l1), cast(2 * l2))


@compiled
def _penalty_gradient(x, gradient, l1, twice_l2):
    for i in range(x.size):
        gradient[i] += l1 * np.sign(x[i]) + twice_l2 * x[i]


penalty = ladder(penalty_reference, penalty_loops)
penalty_gradient = ladder(penalty_gradient_reference, penalty_gradient_loops)

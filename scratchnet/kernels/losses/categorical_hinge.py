"""The categorical hinge: the right score is to be 1 above all others.

    loss = max(1 + max_c (1 − t_c) y_c − ∑_c t_c y_c, 0)

The gradient. (1 − t) for the largest, shared among equals, minus t; 0 where the loss is
below 0 before it is cut off.

Reference: `categorical_hinge` in `keras/src/losses/losses.py`.
"""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled


def categorical_hinge_forward_reference(predictions, targets, losses):
    """Compute each row's loss from scores.

    What limits this rung: a temporary per operator.

    Shapes: predictions, targets (N, C), losses (N,).

    Args:
        predictions: scores of the classes.
        targets: one-hot.
        losses: written.
    """
    others = ((1 - targets) * predictions).max(axis=1)
    losses[...] = np.maximum(others - (targets * predictions).sum(axis=1) + 1, 0)


def categorical_hinge_backward_reference(predictions, targets, scale, d_predictions):
    """Compute d_predictions = scale·((1 − t)·share − t), and 0 where the loss is.

    What limits this rung: a temporary per operator.

    Shapes and arguments as in forward; scale (N,), d_predictions (N, C) is written.
    """
    others = (1 - targets) * predictions
    largest = others.max(axis=1, keepdims=True)
    active = largest[:, 0] - (targets * predictions).sum(axis=1) + 1 >= 0
    chosen = others == largest
    shares = chosen / chosen.sum(axis=1, keepdims=True)
    d_predictions[...] = (active * scale)[:, None] * ((1 - targets) * shares - targets)


@compiled
def categorical_hinge_forward_loops(predictions, targets, losses):
    """Compute each row's loss from scores.

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `categorical_hinge_forward_reference`.
    """
    N, C = predictions.shape
    for n in range(N):
        own, other = 0.0, -np.inf
        for c in range(C):
            own += targets[n, c] * predictions[n, c]
            other = max(other, (1 - targets[n, c]) * predictions[n, c])
        losses[n] = max(other - own + 1.0, 0.0)


@compiled
def categorical_hinge_backward_loops(predictions, targets, scale, d_predictions):
    """Compute d_predictions = scale·((1 − t)·share − t), and 0 where the loss is.

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `categorical_hinge_backward_reference`.
    """
    N, C = predictions.shape
    for n in range(N):
        own, other, equals = 0.0, -np.inf, 0
        for c in range(C):
            own += targets[n, c] * predictions[n, c]
            value = (1 - targets[n, c]) * predictions[n, c]
            equals = 1 if value > other else equals + (value == other)
            other = max(other, value)
        active = other - own + 1.0 >= 0.0
        for c in range(C):
            rest = 1 - targets[n, c]
            share = rest / equals if rest * predictions[n, c] == other else 0.0
            d_predictions[n, c] = scale[n] * (share - targets[n, c]) if active else 0.0


categorical_hinge_forward = ladder(
    categorical_hinge_forward_reference, categorical_hinge_forward_loops
)
categorical_hinge_backward = ladder(
    categorical_hinge_backward_reference, categorical_hinge_backward_loops
)

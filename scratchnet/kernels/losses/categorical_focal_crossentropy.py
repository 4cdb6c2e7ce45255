"""The focal cross-entropy: what is predicted well already counts less.

    loss = −α ∑_c t_c (1 − q_c)^γ log q_c,  q = s clipped, s = p/∑p

The gradient. With g_c = ∂loss/∂q_c, which is 0 where s was clipped, and through the
division as for the plain cross-entropy, ∂loss/∂p_c = (g_c − ∑_k g_k s_k)/∑p.

Reference: Lin and others (2017), "Focal loss for dense object detection".
"""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled


def categorical_focal_crossentropy_forward_reference(
    predictions, targets, losses, low, high, alpha, gamma
):
    """Compute −α ∑_c t_c (1 − q_c)^γ log q_c of each row.

    What limits this rung: a temporary per operator.

    Shapes: predictions, targets (N, C), losses (N,).

    Args:
        predictions: probabilities; each row is divided by its sum first.
        targets: a distribution over the classes in each row.
        losses: written.
        low: probabilities are at least this.
        high: and at most this.
        alpha: a factor.
        gamma: the larger, the less counts what is predicted well already.
    """
    p = np.float64(predictions)
    q = np.clip(p / p.sum(axis=1, keepdims=True), low, high)
    losses[...] = -alpha * (targets * (1 - q) ** gamma * np.log(q)).sum(axis=1)


def categorical_focal_crossentropy_backward_reference(
    predictions, targets, scale, d_predictions, low, high, alpha, gamma
):
    """Compute d_predictions = scale·(g − ∑ g·s)/∑p.

    What limits this rung: a temporary per operator.

    Shapes and arguments as in forward; scale (N,), d_predictions (N, C) is written.
    """
    p = np.float64(predictions)
    total = p.sum(axis=1, keepdims=True)
    s = p / total
    q = np.clip(s, low, high)
    rest = 1 - q
    g = targets * (gamma * rest ** (gamma - 1) * np.log(q) - rest**gamma / q)
    g = np.where(q == s, alpha * g, 0)
    g = (g - (g * s).sum(axis=1, keepdims=True)) / total
    d_predictions[...] = scale[:, None] * g


@compiled
def categorical_focal_crossentropy_forward_loops(
    predictions, targets, losses, low, high, alpha, gamma
):
    """Compute −α ∑_c t_c (1 − q_c)^γ log q_c of each row.

    Against `reference`: no temporaries. What limits this rung: a logarithm and a power
    at a time.

    Shapes and arguments as in `categorical_focal_crossentropy_forward_reference`.
    """
    N, C = predictions.shape
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += predictions[n, c]
        loss = 0.0
        for c in range(C):
            q = min(max(predictions[n, c] / total, low), high)
            loss -= targets[n, c] * (1 - q) ** gamma * math.log(q)
        losses[n] = alpha * loss


@compiled
def categorical_focal_crossentropy_backward_loops(
    predictions, targets, scale, d_predictions, low, high, alpha, gamma
):
    """Compute d_predictions = scale·(g − ∑ g·s)/∑p.

    Against `reference`: no temporaries. What limits this rung: a logarithm and two
    powers at a time.

    Shapes and arguments as in `categorical_focal_crossentropy_backward_reference`.
    """
    N, C = predictions.shape
    g = np.empty(C)
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += predictions[n, c]
        common = 0.0
        for c in range(C):
            s = predictions[n, c] / total
            g[c] = 0.0
            if low <= s <= high:
                rest = 1 - s
                slope = gamma * rest ** (gamma - 1) * math.log(s) - rest**gamma / s
                g[c] = alpha * targets[n, c] * slope
            common += g[c] * s
        for c in range(C):
            d_predictions[n, c] = scale[n] * (g[c] - common) / total


categorical_focal_crossentropy_forward = ladder(
    categorical_focal_crossentropy_forward_reference,
    categorical_focal_crossentropy_forward_loops,
)
categorical_focal_crossentropy_backward = ladder(
    categorical_focal_crossentropy_backward_reference,
    categorical_focal_crossentropy_backward_loops,
)

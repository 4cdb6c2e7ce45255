"""The Tversky loss: how little of two sets is common.

    loss = 1 − I/U,  U = I + α F + β G + ε

I = ∑ty is what both have, F = ∑t (1 − y) what the prediction misses, and G = ∑y (1 − t)
what it has too much. With α = β = ½ it is Dice's.

The gradient. The quotient rule: −(t U − I ∂U/∂y)/U², with ∂U/∂y = t − α t + β (1 − t).

Reference: Salehi and others (2017), "Tversky loss function for image segmentation".
"""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled


def tversky_forward_reference(predictions, targets, losses, alpha, beta, epsilon):
    """Compute 1 − I/(I + α F + β G + ε) of each row.

    What limits this rung: a temporary per operator.

    Shapes: predictions, targets (N, D), losses (N,).

    Args:
        predictions: from 0 to 1.
        targets: from 0 to 1.
        losses: written.
        alpha: weight of what is missed.
        beta: weight of what is too much.
        epsilon: keeps 0/0 away.
    """
    both, union = _overlap(predictions, targets, alpha, beta, epsilon)
    losses[...] = 1 - both / union


def tversky_backward_reference(
    predictions, targets, scale, d_predictions, alpha, beta, epsilon
):
    """Compute d_predictions = −scale·(t U − I ∂U/∂y)/U².

    What limits this rung: a temporary per operator.

    Shapes and arguments as in forward; scale (N,), d_predictions (N, D) is written.
    """
    both, union = _overlap(predictions, targets, alpha, beta, epsilon)
    t, both, union = np.float64(targets), both[:, None], union[:, None]
    slope = t - alpha * t + beta * (1 - t)
    d_predictions[...] = -scale[:, None] * (t * union - both * slope) / union**2


def _overlap(predictions, targets, alpha, beta, epsilon):
    y, t = np.float64(predictions), np.float64(targets)
    both = (t * y).sum(axis=1)
    missed, extra = (t * (1 - y)).sum(axis=1), (y * (1 - t)).sum(axis=1)
    return both, both + alpha * missed + beta * extra + epsilon


@compiled
def tversky_forward_loops(predictions, targets, losses, alpha, beta, epsilon):
    """Compute 1 − I/(I + α F + β G + ε) of each row.

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `tversky_forward_reference`.
    """
    for n in range(len(predictions)):
        both, union = _sums(predictions[n], targets[n], alpha, beta, epsilon)
        losses[n] = 1 - both / union


@compiled
def tversky_backward_loops(
    predictions, targets, scale, d_predictions, alpha, beta, epsilon
):
    """Compute d_predictions = −scale·(t U − I ∂U/∂y)/U².

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `tversky_backward_reference`.
    """
    for n in range(len(predictions)):
        both, union = _sums(predictions[n], targets[n], alpha, beta, epsilon)
        for d in range(predictions.shape[1]):
            t = float(targets[n, d])
            slope = t - alpha * t + beta * (1 - t)
            part = (t * union - both * slope) / (union * union)
            d_predictions[n, d] = -scale[n] * part


@compiled
def _sums(predictions, targets, alpha, beta, epsilon):
    both, missed, extra = 0.0, 0.0, 0.0
    for d in range(len(predictions)):
        y, t = float(predictions[d]), float(targets[d])
        both += t * y
        missed += t * (1 - y)
        extra += y * (1 - t)
    return both, both + alpha * missed + beta * extra + epsilon


tversky_forward = ladder(tversky_forward_reference, tversky_forward_loops)
tversky_backward = ladder(tversky_backward_reference, tversky_backward_loops)

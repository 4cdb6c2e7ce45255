"""The cosine of the angle between two rows, with its sign turned.

    loss = −∑_d t̂_d ŷ_d,  ŷ = y/‖y‖, t̂ = t/‖t‖

The gradient. ŷ does not change along itself: ∂loss/∂y = −(t̂ − ŷ (ŷ·t̂))/‖y‖.

Reference: `cosine_similarity` in `keras/src/losses/losses.py`.
"""

import math

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled


def cosine_similarity_forward_reference(predictions, targets, losses, epsilon):
    """Compute −∑ t̂·ŷ of each row.

    What limits this rung: a temporary per operator.

    Shapes: predictions, targets (N, D), losses (N,).

    Args:
        predictions: any values.
        targets: any values.
        losses: written.
        epsilon: rows shorter than this are divided by it.
    """
    losses[...] = -(_unit(predictions, epsilon)[0] * _unit(targets, epsilon)[0]).sum(1)


def cosine_similarity_backward_reference(
    predictions, targets, scale, d_predictions, epsilon
):
    """Compute d_predictions = −scale·(t̂ − ŷ (ŷ·t̂))/‖y‖.

    What limits this rung: a temporary per operator.

    Shapes and arguments as in forward; scale (N,), d_predictions (N, D) is written.
    """
    (y, length), (t, _) = _unit(predictions, epsilon), _unit(targets, epsilon)
    along = (y * t).sum(axis=1, keepdims=True) * (length > epsilon)
    d_predictions[...] = -scale[:, None] * (t - y * along) / length


def _unit(x, epsilon):
    x = np.float64(x)
    length = np.maximum(np.sqrt(np.square(x).sum(axis=1, keepdims=True)), epsilon)
    return x / length, length


@compiled
def cosine_similarity_forward_loops(predictions, targets, losses, epsilon):
    """Compute −∑ t̂·ŷ of each row.

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `cosine_similarity_forward_reference`.
    """
    for n in range(len(predictions)):
        along, y, t = _products(predictions[n], targets[n], epsilon)
        losses[n] = -along / (y * t)


@compiled
def cosine_similarity_backward_loops(
    predictions, targets, scale, d_predictions, epsilon
):
    """Compute d_predictions = −scale·(t̂ − ŷ (ŷ·t̂))/‖y‖.

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `cosine_similarity_backward_reference`.
    """
    for n in range(len(predictions)):
        along, y, t = _products(predictions[n], targets[n], epsilon)
        along = along / (y * t) if y > epsilon else 0.0
        for d in range(predictions.shape[1]):
            part = targets[n, d] / t - predictions[n, d] / y * along
            d_predictions[n, d] = -scale[n] * part / y


@compiled
def _products(y, t, epsilon):
    """Return y·t, ‖y‖ and ‖t‖, the lengths at least ε."""
    along, of_y, of_t = 0.0, 0.0, 0.0
    for d in range(len(y)):
        a, b = float(y[d]), float(t[d])
        along += a * b
        of_y += a * a
        of_t += b * b
    return along, max(math.sqrt(of_y), epsilon), max(math.sqrt(of_t), epsilon)


cosine_similarity_forward = ladder(
    cosine_similarity_forward_reference, cosine_similarity_forward_loops
)
cosine_similarity_backward = ladder(
    cosine_similarity_backward_reference, cosine_similarity_backward_loops
)

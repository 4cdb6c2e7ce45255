"""The mean squared error of each row: loss[n] = 1/D ∑_d (prediction − target)².

The gradient. ∂loss/∂prediction[d] = 2·(prediction[d] − target[d])/D.
"""

import numpy as np

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled


def mean_squared_error_forward_reference(predictions, targets, losses):
    """Compute loss[n] = 1/D ∑_d (prediction − target)².

    What limits this rung: a temporary per operator.

    Shapes: predictions, targets (N, D), losses (N,).

    Args:
        predictions: any values.
        targets: any values.
        losses: written.
    """
    losses[...] = np.square(predictions - targets).mean(axis=1)


def mean_squared_error_backward_reference(predictions, targets, scale, d_predictions):
    """Compute d_predictions = scale·2·(prediction − target)/D.

    What limits this rung: a temporary per operator.

    Shapes: predictions, targets, d_predictions (N, D), scale (N,).

    Args:
        predictions: as in forward.
        targets: as in forward.
        scale: gradient of the whole with respect to each row's loss, such as 1/N.
        d_predictions: written.
    """
    D = predictions.shape[1]
    d_predictions[...] = scale[:, None] * (2 * (predictions - targets) / D)


@compiled
def mean_squared_error_forward_loops(predictions, targets, losses):
    """Compute loss[n] = 1/D ∑_d (prediction − target)².

    Against `reference`: no temporaries, and sums in float64. What limits this rung:
    one thread.

    Shapes and arguments as in `mean_squared_error_forward_reference`.
    """
    N, D = predictions.shape
    for n in range(N):
        total = 0.0
        for d in range(D):
            error = predictions[n, d] - targets[n, d]
            total += error * error
        losses[n] = total / D


@compiled
def mean_squared_error_backward_loops(predictions, targets, scale, d_predictions):
    """Compute d_predictions = scale·2·(prediction − target)/D.

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `mean_squared_error_backward_reference`.
    """
    N, D = predictions.shape
    for n in range(N):
        for d in range(D):
            error = predictions[n, d] - targets[n, d]
            d_predictions[n, d] = scale[n] * (2 * error / D)


mean_squared_error_forward = ladder(
    mean_squared_error_forward_reference, mean_squared_error_forward_loops
)
mean_squared_error_backward = ladder(
    mean_squared_error_backward_reference, mean_squared_error_backward_loops
)

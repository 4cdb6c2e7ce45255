"""Batch normalisation, rung 0: plain NumPy, written to be obviously right.

What limits this rung: every operator is a pass over memory with a temporary as large
as x, on one thread.
"""

import numpy as np


def batch_normalization_statistics_reference(x, mean, variance):
    """Compute each channel's mean and variance over the rows.

    Shapes: x (M, C); mean, variance (C,).

    Args:
        x: a row per sample or pixel.
        mean: written.
        variance: written; biased, the mean of squared deviations.
    """
    mean[...] = x.mean(axis=0, dtype=np.float64)
    variance[...] = np.square(x - mean).mean(axis=0, dtype=np.float64)


def batch_normalization_forward_reference(x, gamma, beta, epsilon, y, mean, variance):
    """Normalise by the batch's own mean and variance, and return those too.

    Shapes: x, y (M, C); gamma, beta, mean, variance (C,).

    Args:
        x: a row per sample or pixel.
        gamma: scale.
        beta: offset.
        epsilon: added to the variance, greater than 0.
        y: written.
        mean: written.
        variance: written; biased, the mean of squared deviations.
    """
    batch_normalization_statistics_reference(x, mean, variance)
    batch_normalization_inference_reference(x, gamma, beta, mean, variance, epsilon, y)


def batch_normalization_inference_reference(
    x, gamma, beta, moving_mean, moving_variance, epsilon, y
):
    """Normalise by the mean and variance given.

    Shapes: x, y (M, C); the rest (C,).

    Args:
        x: a row per sample or pixel.
        gamma: scale.
        beta: offset.
        moving_mean: mean to subtract.
        moving_variance: variance to divide by the root of.
        epsilon: added to the variance, greater than 0.
        y: written.
    """
    y[...] = gamma * _normalized(x, moving_mean, moving_variance, epsilon) + beta


def batch_normalization_backward_reference(
    x, mean, variance, gamma, epsilon, dy, dx, d_gamma, d_beta
):
    """Compute dx = gamma·r·(dy − d_beta/M − x̂·d_gamma/M), d_gamma and d_beta.

    Shapes: x, dy, dx (M, C); the rest (C,).

    Args:
        x: what forward read.
        mean: what forward wrote.
        variance: what forward wrote.
        gamma: scale.
        epsilon: as in forward.
        dy: gradient of the loss with respect to y.
        dx: written.
        d_gamma: written; ∑ dy·x̂.
        d_beta: written; ∑ dy.
    """
    M = len(x)
    normalized = _normalized(x, mean, variance, epsilon)
    d_beta[...] = dy.sum(axis=0, dtype=np.float64)
    d_gamma[...] = (dy * normalized).sum(axis=0, dtype=np.float64)
    scale = gamma / np.sqrt(variance + x.dtype.type(epsilon))
    dx[...] = scale * (dy - d_beta / M - normalized * (d_gamma / M))


def batch_normalization_backward_inference_reference(
    x, moving_mean, moving_variance, gamma, epsilon, dy, dx, d_gamma, d_beta
):
    """Compute dx = gamma·r·dy, d_gamma and d_beta; mean and variance are constants.

    Shapes: x, dy, dx (M, C); the rest (C,).

    Args:
        x: what forward read.
        moving_mean: as in forward.
        moving_variance: as in forward.
        gamma: scale.
        epsilon: as in forward.
        dy: gradient of the loss with respect to y.
        dx: written.
        d_gamma: written; ∑ dy·x̂.
        d_beta: written; ∑ dy.
    """
    normalized = _normalized(x, moving_mean, moving_variance, epsilon)
    d_beta[...] = dy.sum(axis=0, dtype=np.float64)
    d_gamma[...] = (dy * normalized).sum(axis=0, dtype=np.float64)
    dx[...] = gamma / np.sqrt(moving_variance + x.dtype.type(epsilon)) * dy


def _normalized(x, mean, variance, epsilon):
    return (x - mean) / np.sqrt(variance + x.dtype.type(epsilon))

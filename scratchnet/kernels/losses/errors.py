"""Losses of numbers: how far a prediction p is from its target t.

References: Huber (1964), "Robust estimation of a location parameter", for `huber`;
`keras/src/losses/losses.py` for the rest, and for what keeps logarithms finite.
"""

import numpy as np

from scratchnet.kernels.losses.elementwise import elementwise, where


def mean_absolute_error(p, t):
    """|p − t|."""
    return np.abs(p - t)


def mean_absolute_error_slope(p, t):
    """Return the sign of p − t, 0 where they are equal."""
    return np.sign(p - t)


def mean_absolute_percentage_error(p, t, epsilon):
    """100 · |p − t|/max(|t|, ε)."""
    return 100.0 * np.abs(p - t) / np.maximum(np.abs(t), epsilon)


def mean_absolute_percentage_error_slope(p, t, epsilon):
    """100 · sign(p − t)/max(|t|, ε)."""
    return 100.0 * np.sign(p - t) / np.maximum(np.abs(t), epsilon)


def mean_squared_logarithmic_error(p, t, epsilon):
    """(log(1 + max(p, ε)) − log(1 + max(t, ε)))²."""
    ratio = (1.0 + np.maximum(p, epsilon)) / (1.0 + np.maximum(t, epsilon))
    return np.log(ratio) ** 2


def mean_squared_logarithmic_error_slope(p, t, epsilon):
    """2 · (log(1 + p) − log(1 + t))/(1 + p), and 0 where p < ε."""
    above = np.maximum(p, epsilon)
    ratio = (1.0 + above) / (1.0 + np.maximum(t, epsilon))
    return where(p < epsilon, 0.0, 2.0 * np.log(ratio) / (1.0 + above))


def huber(p, t, delta):
    """½(p − t)² near the target, and δ|p − t| − ½δ² where |p − t| > δ."""
    error = np.abs(p - t)
    return where(error <= delta, 0.5 * error * error, delta * (error - 0.5 * delta))


def huber_slope(p, t, delta):
    """Return p − t, but no more than δ in size."""
    error = p - t
    return where(np.abs(error) <= delta, error, delta * np.sign(error))


def log_cosh(p, t):
    """Return |p − t| + log(1 + e^(−2|p − t|)) − log 2, which is log cosh(p − t)."""
    error = np.abs(p - t)
    return error + np.log1p(np.exp(-2.0 * error)) - np.log(2.0)


def log_cosh_slope(p, t):
    """tanh(p − t)."""
    return np.tanh(p - t)


def poisson(p, t, epsilon):
    """Return p − t log(p + ε): −log of Poisson's probability of t, but for log t!."""
    return p - t * np.log(p + epsilon)


def poisson_slope(p, t, epsilon):
    """1 − t/(p + ε)."""
    return 1.0 - t / (p + epsilon)


def kl_divergence(p, t, epsilon):
    """Return t log(t/p), both at least ε and at most 1."""
    target = np.minimum(np.maximum(t, epsilon), 1.0)
    return target * np.log(target / np.minimum(np.maximum(p, epsilon), 1.0))


def kl_divergence_slope(p, t, epsilon):
    """−t/p, and 0 where p is outside [ε, 1]."""
    target = np.minimum(np.maximum(t, epsilon), 1.0)
    inside = (p >= epsilon) & (p <= 1.0)
    return where(inside, -target / where(inside, p, 1.0), 0.0)


elementwise(mean_absolute_error, mean_absolute_error_slope)
elementwise(mean_absolute_percentage_error, mean_absolute_percentage_error_slope)
elementwise(mean_squared_logarithmic_error, mean_squared_logarithmic_error_slope)
elementwise(huber, huber_slope)
elementwise(log_cosh, log_cosh_slope)
elementwise(poisson, poisson_slope)
elementwise(kl_divergence, kl_divergence_slope, mean=False)

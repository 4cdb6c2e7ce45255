"""Losses of yes and no: a target t of 0 or 1 and a probability p, or a score z for it.

From scores, p = 1/(1 + e⁻ᶻ), and the two logarithms are one expression in which nothing
overflows and nothing becomes 0:

    −t log p − (1 − t) log(1 − p) = max(z, 0) − z t + log(1 + e^(−|z|))

Its slope is p − t: the sigmoid's own would be 0 where p rounds to 0 or 1.

References: Lin and others (2017), "Focal loss for dense object detection", for
`binary_focal_crossentropy`; `keras/src/backend/tensorflow/nn.py` for the bounds.
"""

import numpy as np

from scratchnet.kernels.losses.elementwise import elementwise, where


def binary_crossentropy(p, t, low, high):
    """−t log p − (1 − t) log(1 − p), for p clipped to [low, high]."""
    p = np.minimum(np.maximum(p, low), high)
    return -t * np.log(p) - (1.0 - t) * np.log(1.0 - p)


def binary_crossentropy_slope(p, t, low, high):
    """(p − t)/(p (1 − p)), and 0 where p was clipped."""
    clipped = np.minimum(np.maximum(p, low), high)
    slope = (clipped - t) / (clipped * (1.0 - clipped))
    return where(p == clipped, slope, 0.0 * p)


def binary_crossentropy_from_logits(z, t):
    """max(z, 0) − z t + log(1 + e^(−|z|))."""
    return np.maximum(z, 0.0) - z * t + np.log1p(np.exp(-np.abs(z)))


def binary_crossentropy_from_logits_slope(z, t):
    """1/(1 + e⁻ᶻ) − t."""
    e = np.exp(-np.abs(z))
    return where(z >= 0.0, 1.0, e) / (1.0 + e) - t


def binary_focal_crossentropy(p, t, low, high, alpha, gamma):
    """(1 − q)^γ times the cross-entropy, with q = t p + (1 − t)(1 − p).

    With α from 0 to 1 all that is also multiplied with t α + (1 − t)(1 − α).
    """
    clipped = np.minimum(np.maximum(p, low), high)
    entropy = -t * np.log(clipped) - (1.0 - t) * np.log(1.0 - clipped)
    wrong = 1.0 - (t * p + (1.0 - t) * (1.0 - p))
    share = where(alpha < 0.0, 1.0, t * alpha + (1.0 - t) * (1.0 - alpha))
    return share * wrong**gamma * entropy


def binary_focal_crossentropy_slope(p, t, low, high, alpha, gamma):
    """The product rule: the power's slope is γ (1 − q)^(γ − 1) (1 − 2t)."""
    clipped = np.minimum(np.maximum(p, low), high)
    entropy = -t * np.log(clipped) - (1.0 - t) * np.log(1.0 - clipped)
    slope = (clipped - t) / (clipped * (1.0 - clipped))
    wrong = 1.0 - (t * p + (1.0 - t) * (1.0 - p))
    share = where(alpha < 0.0, 1.0, t * alpha + (1.0 - t) * (1.0 - alpha))
    # With γ = 0 the power is 1, also of 0.
    power = gamma * where(gamma == 0.0, 1.0, wrong) ** (gamma - 1.0) * (1.0 - 2.0 * t)
    passes = where(p == clipped, slope, 0.0 * p)
    return share * (wrong**gamma * passes + power * entropy)


def hinge(p, t):
    """max(1 − t p, 0), for targets of −1 and 1."""
    return np.maximum(1.0 - t * p, 0.0)


def hinge_slope(p, t):
    """−t where 1 − t p is at least 0."""
    return where(t * p <= 1.0, -t, 0.0 * t)


def squared_hinge(p, t):
    """max(1 − t p, 0)²."""
    return np.maximum(1.0 - t * p, 0.0) ** 2


def squared_hinge_slope(p, t):
    """−2 t max(1 − t p, 0)."""
    return -2.0 * t * np.maximum(1.0 - t * p, 0.0)


elementwise(binary_crossentropy, binary_crossentropy_slope)
elementwise(binary_crossentropy_from_logits, binary_crossentropy_from_logits_slope)
elementwise(binary_focal_crossentropy, binary_focal_crossentropy_slope)
elementwise(hinge, hinge_slope)
elementwise(squared_hinge, squared_hinge_slope)

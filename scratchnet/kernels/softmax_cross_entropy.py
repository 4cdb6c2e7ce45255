"""Cross-entropy, from logits and from probabilities.

From logits z, with softmax p[c] = e^z[c] / ∑_k e^z[k] and targets t:

    loss[n] = −∑_c t[c]·log p[c] = ∑_c t[c]·(m + log ∑_k e^(z[k] − m) − z[c])

with m = max z, so that no exponential overflows and no logarithm sees 0.

The gradient. ∂log p[c]/∂z[k] = [c = k] − p[k]; summed over c against −t:

    ∂loss/∂z[k] = p[k]·∑_c t[c] − t[k]

which is why the two are differentiated as one: softmax's own gradient, applied to
−t/p, would divide by a p that may have become 0.

From probabilities, Keras's form: s = p/∑p (if ``normalise``), q = s clipped to
[1e-7, 1 − 1e-7], loss = −∑ t·log q. ∂loss/∂q = −t/q, nothing passes where s was
clipped: g[c] = −t[c]/q[c] or 0; and through the division, as ∂s[k]/∂p[c] =
([k = c] − s[k])/∑p,

    ∂loss/∂p[c] = (g[c] − ∑_k g[k]·s[k]) / ∑p

Reference: `categorical_crossentropy` in `keras/src/backend/tensorflow/nn.py`.
"""

import math

import numpy as np
from numba import prange

from scratchnet.kernels.activations.softmax import CHUNK, softmax_rows
from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, compiled_once, parallel

EPSILON = 1e-7


def softmax_cross_entropy_forward_reference(logits, targets, losses, probabilities):
    """Compute each row's loss, and the softmax for the backward pass.

    What limits this rung: a temporary per operator.

    Shapes: logits, targets, probabilities (N, C), losses (N,).

    Args:
        logits: any values.
        targets: a distribution over the classes in each row, such as one-hot.
        losses: written.
        probabilities: written.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    totals = exponentials.sum(axis=1, keepdims=True)
    probabilities[...] = exponentials / totals
    losses[...] = (targets * (np.log(totals) - shifted)).sum(axis=1)


def softmax_cross_entropy_backward_reference(probabilities, targets, scale, d_logits):
    """Compute d_logits = scale·(p·∑t − t).

    What limits this rung: a temporary per operator.

    Shapes: probabilities, targets, d_logits (N, C), scale (N,).

    Args:
        probabilities: what forward wrote.
        targets: as in forward.
        scale: gradient of the whole with respect to each row's loss, such as 1/N.
        d_logits: written.
    """
    totals = targets.sum(axis=1, keepdims=True)
    d_logits[...] = scale[:, None] * (probabilities * totals - targets)


def cross_entropy_forward_reference(probabilities, targets, losses, normalise):
    """Compute each row's loss from probabilities, clipped away from 0 and 1.

    What limits this rung: a temporary per operator.

    Shapes: probabilities, targets (N, C), losses (N,).

    Args:
        probabilities: at least 0.
        targets: a distribution over the classes in each row.
        losses: written.
        normalise: whether to divide each row by its sum first.
    """
    _, clipped, _ = _clip(probabilities, normalise)
    losses[...] = -(targets * np.log(clipped)).sum(axis=1)


def cross_entropy_backward_reference(
    probabilities, targets, scale, d_probabilities, normalise
):
    """Compute d_probabilities = scale·(g − ∑ g·s)/∑p, with g = −t/q unless clipped.

    What limits this rung: a temporary per operator.

    Shapes: probabilities, targets, d_probabilities (N, C), scale (N,).

    Args:
        probabilities: as in forward.
        targets: as in forward.
        scale: gradient of the whole with respect to each row's loss, such as 1/N.
        d_probabilities: written.
        normalise: as in forward.
    """
    shares, clipped, totals = _clip(probabilities, normalise)
    g = np.where(shares == clipped, -targets / clipped, 0)
    if normalise:
        g = (g - (g * shares).sum(axis=1, keepdims=True)) / totals
    d_probabilities[...] = scale[:, None] * g


def _clip(probabilities, normalise):
    totals = probabilities.sum(axis=1, keepdims=True)
    shares = probabilities / totals if normalise else probabilities
    bound = probabilities.dtype.type
    return shares, np.clip(shares, bound(EPSILON), bound(1 - EPSILON)), totals


@compiled_once
def _losses(logits, targets, losses, probabilities):
    N, C = logits.shape
    largest, totals = np.empty(N, logits.dtype), np.empty(N)
    softmax_rows(logits, probabilities, largest, totals)
    for n in range(N):
        log_total = math.log(totals[n])
        loss = 0.0
        for c in range(C):
            loss += targets[n, c] * (log_total - (logits[n, c] - largest[n]))
        losses[n] = loss


@parallel
def softmax_cross_entropy_forward_loops(logits, targets, losses, probabilities):
    """Compute each row's loss, and the softmax for the backward pass.

    Against `reference`: a few walks over rows in the first-level cache, no
    temporaries, and sums in float64; rows spread over threads. What limits this rung: a
    row's largest number and its sums, a number at a time.

    Shapes and arguments as in `softmax_cross_entropy_forward_reference`.
    """
    rows = max(1, CHUNK // logits.shape[1])
    if len(logits) <= rows:
        _losses(logits, targets, losses, probabilities)
    else:
        for chunk in prange((len(logits) + rows - 1) // rows):
            first = np.intp(chunk) * rows
            last = first + rows
            _losses(
                logits[first:last],
                targets[first:last],
                losses[first:last],
                probabilities[first:last],
            )


@compiled
def softmax_cross_entropy_backward_loops(probabilities, targets, scale, d_logits):
    """Compute d_logits = scale·(p·∑t − t).

    Against `reference`: no temporaries. What limits this rung: one thread.

    Shapes and arguments as in `softmax_cross_entropy_backward_reference`.
    """
    N, C = targets.shape
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += targets[n, c]
        for c in range(C):
            d_logits[n, c] = scale[n] * (probabilities[n, c] * total - targets[n, c])


def cross_entropy_forward_loops(probabilities, targets, losses, normalise):
    """Compute each row's loss from probabilities, clipped away from 0 and 1.

    Against `reference`: no temporaries, and sums in float64. What limits this rung: a
    logarithm at a time.

    Shapes and arguments as in `cross_entropy_forward_reference`.
    """
    _forward(probabilities, targets, losses, normalise, *_bounds(probabilities))


@compiled
def _forward(probabilities, targets, losses, normalise, low, high):
    N, C = probabilities.shape
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += probabilities[n, c]
        if not normalise:
            total = 1.0
        loss = 0.0
        for c in range(C):
            share = probabilities[n, c] / total
            loss -= targets[n, c] * math.log(min(max(share, low), high))
        losses[n] = loss


def cross_entropy_backward_loops(
    probabilities, targets, scale, d_probabilities, normalise
):
    """Compute d_probabilities = scale·(g − ∑ g·s)/∑p, with g = −t/q unless clipped.

    Against `reference`: no temporaries, and sums in float64. What limits this rung:
    divisions.

    Shapes and arguments as in `cross_entropy_backward_reference`.
    """
    bounds = _bounds(probabilities)
    _backward(probabilities, targets, scale, d_probabilities, normalise, *bounds)


@compiled
def _backward(probabilities, targets, scale, d_probabilities, normalise, low, high):
    N, C = probabilities.shape
    for n in range(N):
        total = 0.0
        for c in range(C):
            total += probabilities[n, c]
        if not normalise:
            total = 1.0
        common = 0.0
        for c in range(C):
            share = probabilities[n, c] / total
            g = -targets[n, c] / share if low <= share <= high else 0.0
            d_probabilities[n, c] = g
            if normalise:
                common += g * share
        for c in range(C):
            d_probabilities[n, c] = scale[n] * (d_probabilities[n, c] - common) / total


def _bounds(probabilities):
    """Return the clipping bounds as the array's type has them."""
    bound = probabilities.dtype.type
    return float(bound(EPSILON)), float(bound(1 - EPSILON))


softmax_cross_entropy_forward = ladder(
    softmax_cross_entropy_forward_reference, softmax_cross_entropy_forward_loops
)
softmax_cross_entropy_backward = ladder(
    softmax_cross_entropy_backward_reference, softmax_cross_entropy_backward_loops
)
cross_entropy_forward = ladder(
    cross_entropy_forward_reference, cross_entropy_forward_loops
)
cross_entropy_backward = ladder(
    cross_entropy_backward_reference, cross_entropy_backward_loops
)

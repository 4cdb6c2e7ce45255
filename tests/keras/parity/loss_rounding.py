"""How far rounding may carry two correct computations of one loss apart.

In the terms of `tests/keras/parity/rounding.py`. Each function returns the losses of
the samples, (N,), their errors, and the same for the gradient of ∑ scaleₙ·lossₙ.
"""

import numpy as np

from tests.keras.parity.rounding import LIBRARY, Stage, softmax

CLIP = 1e-7  # Keras's bounds for probabilities: this, and one less this


def from_logits(targets, logits, error, scale, dtype):
    """Cross-entropy of a softmax, for logits that have an error themselves."""
    stage = Stage(dtype)
    many = stage.rounding(logits.shape[-1])
    p, p_error = softmax(logits, error, stage)
    shifted = logits - logits.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    # log p = shifted − log ∑: both are rounded, and so is what they are made from. An
    # error of ∑ relative to itself, by adding or by exp, is an absolute one of log ∑.
    of_log = 1 + np.log(logits.shape[-1])
    log_error = many * (np.abs(shifted) + of_log) + LIBRARY * stage.eps * of_log
    log_error += error + (p * error).sum(-1, keepdims=True)
    total = targets.sum(-1, keepdims=True)
    dx = p * total - targets
    dx_error = p * total * p_error + many * (p * total + targets) + stage.tiny
    return (
        -(targets * log_p).sum(-1),
        (targets * log_error).sum(-1),
        scale[:, None] * dx,
        scale[:, None] * dx_error + stage.tiny,
    )


def from_probabilities(targets, p, scale, dtype):
    """Cross-entropy of probabilities that are divided by their sum, then clipped."""
    many = Stage(dtype).rounding(p.shape[-1])
    eps = Stage(dtype).eps
    total = p.sum(-1, keepdims=True)
    share = p / total
    q = np.clip(share, CLIP, 1 - CLIP)
    log_error = many + LIBRARY * eps * np.abs(np.log(q)) + many * np.abs(np.log(q))
    d_q = np.where(q == share, targets / q, 0) * scale[:, None]
    inner = (d_q * share).sum(-1, keepdims=True)
    return (
        -(targets * np.log(q)).sum(-1),
        (targets * log_error).sum(-1),
        (inner - d_q) / total,
        3 * many * (inner + d_q) / total,
    )


def sparse_from_probabilities(targets, p, scale, dtype):
    """Cross-entropy of the logarithms of clipped probabilities, taken for logits."""
    q = np.clip(p, CLIP, 1 - CLIP)
    logits = np.log(q)
    # The logarithm's own error, and that of the clipping bound itself.
    error = Stage(dtype).eps * (LIBRARY * np.abs(logits) + 1)
    values, errors, dz, dz_error = from_logits(targets, logits, error, scale, dtype)
    passes = q == p
    dz_error = dz_error + Stage(dtype).rounding(1) * np.abs(dz)
    return values, errors, dz / q * passes, dz_error / q * passes


def mean_squared_error(targets, y, error, scale, dtype):
    """Mean of the squared differences, for predictions that have an error."""
    count = y.shape[-1]
    many = Stage(dtype).rounding(count)
    gap = y - targets
    size = np.abs(gap)
    rounded = error + Stage(dtype).eps * size
    scale = scale[:, None] * 2 / count
    return (
        (gap**2).mean(-1),
        many * (gap**2).mean(-1) + (2 * size * rounded + rounded**2).mean(-1),
        scale * gap,
        scale * (rounded + many * size),
    )


def mean(values, errors, weights, dtype):
    """Return a batch's loss, ∑ weight·loss / N, and its error."""
    rounding = Stage(dtype).rounding(len(values))
    total = (weights * values).mean()
    return total, (weights * (errors + rounding * np.abs(values))).mean()


def bounds(analysis, y_pred, weights):
    """Return the bounds of value and gradient.

    Args:
        analysis: scale → losses, gradient and their errors, as the functions above.
        y_pred: predictions.
        weights: of the samples, or None.
    """
    plain = np.ones(len(y_pred)) if weights is None else np.float64(weights)
    values, errors, _, dy_error = analysis(plain / len(y_pred))
    _, value_error = mean(values, errors, plain, y_pred.dtype)
    return {"value": value_error, "dy": dy_error}

"""Gradients that are not to be too long.

    clipnorm          g ← g · min(1, limit / ‖g‖)     each gradient by itself
    global_clipnorm   the same, with the norm of all gradients together
    clipvalue         g ← min(max(g, −limit), limit)

Reference: `keras/src/optimizers/base_optimizer.py` (_clip_gradients); Pascanu et al.
(2013), "On the difficulty of training recurrent neural networks", algorithm 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import workspace

Arrays = dict[str, np.ndarray]


def clip(optimizer: Any, grads: Arrays) -> Arrays:
    """Return gradients within the limit that an optimizer has, if it has one."""
    if optimizer.clipnorm:
        return {
            path: _scale(optimizer, path, grad, _factor([grad], optimizer.clipnorm))
            for path, grad in grads.items()
        }
    if optimizer.global_clipnorm:
        factor = _factor(grads.values(), optimizer.global_clipnorm)
        return {
            path: _scale(optimizer, path, grad, factor) for path, grad in grads.items()
        }
    if optimizer.clipvalue:
        limit = optimizer.clipvalue
        return {path: np.clip(grad, -limit, limit) for path, grad in grads.items()}
    return grads


def _factor(arrays: Iterable[np.ndarray], limit: float) -> float:
    """Return what brings arrays to a norm of at most ``limit``; 1 if it is less."""
    squares = sum(kernels.penalty(array.reshape(-1), 0, 1) for array in arrays)
    norm = math.sqrt(squares)
    return 1.0 if norm <= limit else limit / norm


def _scale(optimizer: Any, path: str, grad: np.ndarray, factor: float) -> np.ndarray:
    """Return a gradient times a factor below 1; itself where it is not too long."""
    if factor == 1:
        return grad
    out = workspace.empty(optimizer, f"{path}/clipped", grad.shape, grad.dtype)
    return np.multiply(grad, grad.dtype.type(factor), out=out)

"""Losses of rows, and their gradients.

Operations: ``<loss>_forward(predictions, targets, losses, *numbers)`` and
``<loss>_backward(predictions, targets, scale, d_predictions, *numbers)``, each with
`reference` and `loops`. Shapes: predictions, targets, d_predictions (N, D); losses,
scale (N,). ``scale`` is the gradient of the whole with respect to each row's loss, such
as 1/N.
"""

# ruff: noqa: F401 (imported for their operations)

from scratchnet.kernels.losses import (
    binary,
    categorical_focal_crossentropy,
    categorical_hinge,
    cosine_similarity,
    errors,
    tversky,
)

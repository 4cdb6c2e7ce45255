"""Convolution, ReLU, batch normalisation and max pooling as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.plan.fused import Fused
from scratchnet.plan.plan import Plan

PATTERNS = (
    ("convolution", "relu", "max_pooling"),
    ("convolution", "relu", "batch_normalization", "max_pooling"),
)


def pooled_convolution(plan: Plan) -> None:
    """Run convolution, ReLU, batch normalisation and max pooling as one operation.

    It saves passes over arrays as large as the convolution's output. Windows must lie
    side by side, without padding, and all layers learn. It is used where the kernels'
    `direct` rung is, or a higher one.

    Without batch normalisation the bits are the same; only where windows leave rows or
    columns over, `winograd` may cut a small batch's sum over images in other places.
    With it, (x − mean)·scale + beta is rounded once less, and the sums over pixels are
    taken row by row and image by image, in the arrays' type.
    """
    if not kernels.is_in_use("direct"):
        return
    program = plan.program
    place = 0
    while place < len(program.operations):
        for pattern in PATTERNS:
            run = program.match(place, *pattern)
            if run is not None and _fits(run):
                program.replace(place, len(run), PooledConvolution(*run))
                break
        place += 1


def _fits(run: list[Any]) -> bool:
    pooling = run[-1]
    return (
        pooling.strides == pooling.pool_size
        and pooling.padding == "valid"
        and all(operation.trainable for operation in run)
        and len({operation.dtype for operation in run}) == 1
    )


class PooledConvolution(Fused):
    """Convolution and ReLU, batch normalisation or none, and max pooling.

    What lies between convolution and pooling is as large as the convolution's
    output, and is kept only where batch normalisation needs it again; see
    `scratchnet.kernels.pooled_convolution`.
    """

    operation = "pooled_convolution"
    free_output = True

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the pooled output."""
        conv, _, *norms, pooling = self.parts
        z_shape = conv.compute_output_shape(x.shape)
        shape = pooling.compute_output_shape(z_shape)
        y = pooling.empty("y", shape)
        chosen = pooling.empty("chosen", shape) if training else None
        convolution = x, conv.params["kernel"], conv.bias
        options = conv.strides, conv.pads(x)
        if not norms:
            kernels.pooled_convolution_forward(
                *(*convolution, y, chosen, *options, pooling.pool_size)
            )
            cache: Any = x, chosen
        elif training:
            (norm,) = norms
            z = conv.empty("y", z_shape)
            mean, variance = (
                norm.empty(name, norm.gamma.shape) for name in ("mean", "variance")
            )
            kernels.measured_convolution_forward(
                *(*convolution, z, mean, variance, *options)
            )
            if len(x) > 0:  # no samples have no statistics
                norm.follow(mean, variance)
            kernels.normalised_pooling_forward(
                *(z, mean, variance, norm.gamma, norm.beta, norm.epsilon),
                *(y, chosen, pooling.pool_size),
            )
            cache = x, chosen, z, mean, variance
        else:
            (norm,) = norms
            moving = norm.buffers["moving_mean"], norm.buffers["moving_variance"]
            kernels.normalised_convolution_inference(
                *(*convolution, *moving, norm.gamma, norm.beta, norm.epsilon),
                *(y, *options, pooling.pool_size),
            )
        if training:
            self._cache = cache
        return y

    def gradients(self, dy: np.ndarray, dx: np.ndarray | None) -> None:
        """Compute the gradients of the parameters, and dx if it is wanted."""
        conv, _, *norms, pooling = self.parts
        x, chosen, *measured = self._cache
        weight = conv.params["kernel"]
        gradients = conv.grads["kernel"], conv.d_bias, dx
        options = conv.strides, conv.pads(x), pooling.pool_size
        if not norms:
            kernels.pooled_convolution_backward(
                *(x, weight, dy, chosen, *gradients, *options)
            )
        else:
            (norm,) = norms
            kernels.normalised_convolution_backward(
                *(x, weight, *measured, norm.gamma, norm.epsilon, chosen, dy),
                *(*norm.gradient_arrays(), *gradients, *options),
            )

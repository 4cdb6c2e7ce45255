"""Convolution, ReLU, batch normalisation and max pooling as one."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.kernels.pooled_convolution.operands import (
    Gradients,
    Normalisation,
    Options,
)
from scratchnet.plan.fused import Fused
from scratchnet.plan.plan import Plan
from scratchnet.plan.program import Program


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
        for pattern, fused in PATTERNS.items():
            run = program.match(place, *pattern)
            if run is not None and _fits(run, program):
                program.replace(place, len(run), fused(*run))
                break  # another operation stands at this place now
        else:
            place += 1


def _fits(run: list[Any], program: Program) -> bool:
    # Moving statistics that several places share follow them in the program's order.
    *_, norm, pooling = run
    if norm.operation == "batch_normalization" and not program.stands_once(norm):
        return False
    return (
        pooling.strides == pooling.pool_size
        and pooling.padding == "valid"
        and all(operation.trainable for operation in run)
        and len({operation.dtype for operation in run}) == 1
    )


class PooledConvolution(Fused):
    """Convolution, ReLU and max pooling; nothing that lies between them is kept."""

    operation = "pooled_convolution"
    free_output = True

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the pooled output, and which pixel of its window each was."""
        conv, _, pooling = self.parts
        shape = self.compute_output_shape(x.shape)
        y = pooling.empty("y", shape)
        chosen = pooling.empty("chosen", shape) if training else None
        kernels.pooled_convolution_forward(
            x, conv.own_kernel, conv.added_bias, y, chosen, self._options(x)
        )
        if training:
            self._cache = x, chosen
        return y

    def gradients(self, dy: np.ndarray, dx: np.ndarray | None) -> None:
        """Compute the gradients of the parameters, and dx if it is wanted."""
        conv = self.parts[0]
        x, chosen = self._cache
        gradients = Gradients(conv.d_kernel, conv.d_bias, dx)
        kernels.pooled_convolution_backward(
            x, conv.own_kernel, dy, chosen, gradients, self._options(x)
        )

    def _options(self, x: np.ndarray) -> Options:
        conv, pooling = self.parts[0], self.parts[-1]
        return Options(conv.strides, conv.pads(x), pooling.pool_size)


class NormalisedConvolution(PooledConvolution):
    """Convolution, ReLU, batch normalisation and max pooling.

    When training, the convolution's output is kept: the batch's mean and variance have
    to be known before any pixel is normalised, and the way back needs it again. See
    `scratchnet.kernels.pooled_convolution`.
    """

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Normalise by the batch's statistics, or by the moving ones."""
        conv, _, norm, pooling = self.parts
        y = pooling.empty("y", self.compute_output_shape(x.shape))
        weight, options = conv.own_kernel, self._options(x)
        scaling = norm.gamma_or_ones, norm.beta_or_zeros, norm.epsilon
        if not training:
            moving = norm.buffers["moving_mean"], norm.buffers["moving_variance"]
            kernels.normalised_convolution_inference(
                x, weight, conv.added_bias, Normalisation(*moving, *scaling), y, options
            )
            return y
        z = conv.empty("y", conv.compute_output_shape(x.shape))
        mean, variance = (
            norm.empty(name, norm.gamma_or_ones.shape) for name in ("mean", "variance")
        )
        kernels.measured_convolution_forward(
            *(x, weight, conv.added_bias, z, mean, variance),
            *(options.strides, options.pads),
        )
        if len(x) > 0:  # no samples have no statistics
            norm.follow(mean, variance)
        selected = pooling.empty("chosen", y.shape)
        own = Normalisation(mean, variance, *scaling)
        kernels.normalised_pooling_forward(z, own, y, selected, options.pool_size)
        self._cache = x, z, own, selected
        return y

    def gradients(self, dy: np.ndarray, dx: np.ndarray | None) -> None:
        """Compute the gradients of the parameters, and dx if it is wanted."""
        conv, _, norm, _ = self.parts
        x, z, own, selected = self._cache
        of_norm = norm.gradient_arrays()
        gradients = Gradients(conv.d_kernel, conv.d_bias, dx, *of_norm)
        kernels.normalised_convolution_backward(
            *(x, conv.own_kernel, z, own, selected, dy, gradients),
            self._options(x),
        )


PATTERNS: dict[tuple[str, ...], type[PooledConvolution]] = {
    ("convolution", "relu", "max_pooling"): PooledConvolution,
    ("convolution", "relu", "batch_normalization", "max_pooling"): (
        NormalisedConvolution
    ),
}

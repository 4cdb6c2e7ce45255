"""Convolution, ReLU, batch normalisation and max pooling as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scratchnet import activations, kernels
from scratchnet.kernels.pooled_convolution.operands import (
    Gradients,
    Normalisation,
    Options,
)
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.layer import Layer
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.plan.stages import Done, is_own

if TYPE_CHECKING:
    from scratchnet.plan.plan import Plan


def pooled_convolution(plan: Plan) -> None:
    """Run convolution, ReLU, batch normalisation and max pooling as one stage.

    It saves passes over arrays as large as the convolution's output. Windows must lie
    side by side, without padding, and all layers learn. It is used where the kernels'
    `direct` rung is, or a higher one.

    Without batch normalisation the bits are the same; only where windows leave rows or
    columns over, `winograd` may cut a small batch's sum over images in other places.
    With it, (x − mean)·scale + beta is rounded once less, and the sums over pixels are
    taken row by row and image by image, in the arrays' type.
    """
    if kernels.RUNGS.index(kernels.get_rung()) < kernels.RUNGS.index("direct"):
        return
    layers = plan.layers
    for start, convolution in enumerate(layers):
        norm = _at(layers, start + 1, BatchNormalization)
        pooling = _at(layers, start + (2 if norm else 1), MaxPooling2D)
        chain = [layer for layer in (convolution, norm, pooling) if layer is not None]
        if (
            isinstance(convolution, Conv2D)
            and convolution.activation is activations.relu
            and pooling is not None
            and pooling.strides == pooling.pool_size
            and pooling.padding == "valid"
            and all(layer.trainable and is_own(layer) for layer in chain)
            and len({layer.dtype for layer in chain}) == 1
        ):
            plan.stages[start] = PooledConvolution(convolution, norm, pooling)
            for at in range(start + 1, start + len(chain)):
                plan.stages[at] = Done()


def _at(layers: list[Layer], index: int, kind: type[Any]) -> Any:
    """Return the layer at an index if there is one and it is of a kind."""
    found = layers[index] if index < len(layers) else None
    return found if isinstance(found, kind) else None


class PooledConvolution:
    """Convolution and ReLU, batch normalisation or none, and max pooling.

    What lies between convolution and pooling is as large as the convolution's
    output, and is kept only where batch normalisation needs it again; see
    `scratchnet.kernels.pooled_convolution`.
    """

    def __init__(
        self,
        convolution: Conv2D,
        normalisation: BatchNormalization | None,
        pooling: MaxPooling2D,
    ) -> None:
        """Keep the layers, whose parameters, buffers and memory it uses."""
        self.convolution, self.pooling = convolution, pooling
        self.normalisation = normalisation
        self._cache: Any = None

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the pooled output."""
        layer, pooling, norm = self.convolution, self.pooling, self.normalisation
        z_shape = layer.compute_output_shape(x.shape)
        shape = pooling.compute_output_shape(z_shape)
        y = pooling.empty("y", shape)
        chosen = pooling.empty("chosen", shape) if training else None
        convolution = x, layer.params["kernel"], layer.bias
        options = Options(layer.strides, layer.pads(x), pooling.pool_size)
        if norm is None:
            kernels.pooled_convolution_forward(*convolution, y, chosen, options)
            cache: Any = x, chosen
        elif training:
            z = layer.empty("y", z_shape)
            mean, variance = (
                norm.empty(name, norm.gamma.shape) for name in ("mean", "variance")
            )
            kernels.measured_convolution_forward(
                *convolution, z, mean, variance, options.strides, options.pads
            )
            if len(x) > 0:  # no samples have no statistics
                norm.follow(mean, variance)
            own = Normalisation(mean, variance, norm.gamma, norm.beta, norm.epsilon)
            kernels.normalised_pooling_forward(z, own, y, chosen, pooling.pool_size)
            cache = x, chosen, z, own
        else:
            moving = norm.buffers["moving_mean"], norm.buffers["moving_variance"]
            own = Normalisation(*moving, norm.gamma, norm.beta, norm.epsilon)
            kernels.normalised_convolution_inference(*convolution, own, y, options)
        if training:
            self._cache = cache
        return y

    def backward(
        self, dy: np.ndarray, *, input_gradient: bool = True
    ) -> np.ndarray | None:
        """Compute all gradients and return the input's, if it is wanted."""
        x, chosen, *measured = self._cache
        layer, norm = self.convolution, self.normalisation
        dx = layer.empty("dx", x.shape) if input_gradient else None
        gradients = Gradients(*layer.gradient_arrays(), dx)
        options = Options(layer.strides, layer.pads(x), self.pooling.pool_size)
        weight = layer.params["kernel"]
        if norm is None:
            kernels.pooled_convolution_backward(
                x, weight, dy, chosen, gradients, options
            )
        else:
            d_gamma, d_beta = norm.gradient_arrays()
            gradients = gradients._replace(d_gamma=d_gamma, d_beta=d_beta)
            kernels.normalised_convolution_backward(
                x, weight, *measured, chosen, dy, gradients, options
            )
        return dx

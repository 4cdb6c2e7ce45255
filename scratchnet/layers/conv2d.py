"""The two-dimensional convolution layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.convolution import GroupedConvolution


@keras_signature
class Conv2D(GroupedConvolution):
    """One small dense layer, slid over the image.

        y = activation(z)
        z[n, i, j, o] = bias[o] + ∑ over a, b, c of
                        x[n, i·stride + a − top, j·stride + b − left, c]
                        · kernel[a, b, c, o]

    (a cross-correlation, as in every deep-learning library). Pixels outside the image
    count as 0. The gradients are derived in `kernels/convolution/`.

    With a dilation_rate, a and b are multiplied by it. With groups, o runs over a part
    of the filters only, and c over the same part of the channels: see
    `kernels/grouped_convolution/`.

    Shapes:
        x: (N, H, W, C), kernel: (KH, KW, C / groups, CO), bias: (CO,),
        y: (N, OH, OW, CO)

    Args:
        filters: CO, the number of output channels, at least 1.
        kernel_size: KH and KW, one integer or two.
        strides: step between windows, one integer or two.
        padding: ``"valid"`` (none) or ``"same"`` (OH = ⌈H / stride⌉).
        dilation_rate: step between neighbours in a window, one integer or two.
        groups: how many parts channels and filters are cut into.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, padding is unknown, strides and
            dilation_rate are both above 1, or groups don't divide the filters or the
            channels.

    Reference: `keras/src/layers/convolutional/conv2d.py`.
    """

    operation = "convolution"

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=2,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            dilation_rate=dilation_rate,
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        if self.groups > 1 or max(self.dilation_rate) > 1:
            self.operation = "grouped_convolution"

    def geometry(self, x: np.ndarray) -> tuple[Any, ...]:
        """Return how windows lie, as the operation's kernels take it."""
        if self.operation == "convolution":
            return self.strides, self.pads(x)
        return super().geometry(x)

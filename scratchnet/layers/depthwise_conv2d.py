"""The depthwise convolution layer."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.convolution import Convolution


@keras_signature
class DepthwiseConv2D(Convolution):
    """Small kernels slid over the image, for each channel its own.

        y = activation(z)
        z[n, i, j, c·M + m] = bias[c·M + m]
                              + ∑ over a, b of x[n, h, w, c] · kernel[a, b, c, m]
        with h = i·stride + a·dilation − top, and w likewise

    No channel sees another; a convolution with a kernel of 1 × 1 behind it mixes them,
    see `SeparableConv2D`. The gradients: `kernels/depthwise_convolution/`.

    Shapes:
        x: (N, H, W, C), kernel: (KH, KW, C, M), bias: (C · M,), y: (N, OH, OW, C · M)

    Args:
        kernel_size: KH and KW, one integer or two.
        strides: step between windows, one integer or two.
        padding: ``"valid"`` (none) or ``"same"`` (OH = ⌈H / stride⌉).
        depth_multiplier: M, how many channels each one makes.
        dilation_rate: step between neighbours in a window, one integer or two.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        depthwise_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, or padding is unknown.

    References: `keras/src/layers/convolutional/depthwise_conv2d.py`; Howard and others
    (2017), "MobileNets", section 3.1.
    """

    operation = "depthwise_convolution"

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=2,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        self.depth_multiplier = arguments.positive_int(
            self.label, "depth_multiplier", depth_multiplier
        )

    def _stems(self, weight: str) -> tuple[str, ...]:
        """Return how the arguments begin: the kernel's with ``depthwise``."""
        return ("depthwise",) if weight == self.kernel_name else (weight,)

    def channels(self, input_shape: Shape) -> int:
        """Return C · M."""
        return int(input_shape[-1] or 0) * self.depth_multiplier

    def kernel_shape(self, input_shape: Shape) -> Shape:
        """Return (KH, KW, C, M)."""
        return (*self.kernel_size, input_shape[-1], self.depth_multiplier)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        config["depthwise_initializer"] = config.pop("kernel_initializer")
        return {**config, "depth_multiplier": self.depth_multiplier}

"""The two-dimensional convolution layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers import windows
from scratchnet.layers.kernel_and_bias import KernelAndBias


@keras_signature
class Conv2D(KernelAndBias):
    """One small dense layer, slid over the image.

        y = activation(z)
        z[n, i, j, o] = bias[o] + ∑ over a, b, c of
                        x[n, i·stride + a − top, j·stride + b − left, c]
                        · kernel[a, b, c, o]

    (a cross-correlation, as in every deep-learning library). Pixels outside the image
    count as 0. The gradients are derived in `kernels/convolution/`.

    Shapes:
        x: (N, H, W, C), kernel: (KH, KW, C, CO), bias: (CO,), y: (N, OH, OW, CO)

    Args:
        filters: CO, the number of output channels, at least 1.
        kernel_size: KH and KW, one integer or two.
        strides: step between windows, one integer or two.
        padding: ``"valid"`` (none) or ``"same"`` (OH = ⌈H / stride⌉).
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, or padding is unknown.

    Reference: `keras/src/layers/convolutional/conv2d.py`.
    """

    operation = "convolution"

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        who = self.label
        self.filters = arguments.positive_int(who, "filters", filters)
        self.kernel_size = arguments.pair(who, "kernel_size", kernel_size)
        self.strides = arguments.pair(who, "strides", strides)
        self.padding = arguments.choice(who, "padding", padding, ("valid", "same"))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OH, OW, CO).

        Raises:
            ValueError: the input is not (N, H, W, C), or smaller than the window.
        """
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        plane = windows.output_plane(
            self.label, input_shape, self.kernel_size, self.strides, self.padding
        )
        return (input_shape[0], *plane, self.filters)

    def kernel_shape(self, input_shape: Shape) -> Shape:
        """Return (KH, KW, C, CO)."""
        return (*self.kernel_size, input_shape[-1], self.filters)

    def pads(self, x: np.ndarray) -> tuple[int, int]:
        """Return the padding (top, left) of a batch."""
        return windows.pads(x.shape, self.kernel_size, self.strides, self.padding)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y, the activation of x convolved with the kernel, plus bias."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        kernels.convolution_forward(
            x, self.params["kernel"], self.added_bias, y, self.strides, self.pads(x)
        )
        return self.activate(x, y, training=training)

    def learn(self, dy: np.ndarray) -> np.ndarray:
        """Overwrite d_kernel and d_bias, and return dz."""
        x, _ = self.recall()
        dz = self.gradient_before_activation(dy)
        kernels.convolution_backward_weight(
            x, dz, self.grads["kernel"], self.d_bias, self.strides, self.pads(x)
        )
        return dz

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Learn, and return dx: every pixel collects from the windows it lay in."""
        dz = self.learn(dy)
        x, _ = self.recall()
        dx = self.empty("dx", x.shape)
        kernels.convolution_backward_input(
            dz, self.params["kernel"], dx, self.strides, self.pads(x)
        )
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
        }

"""The two-dimensional convolution layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments, lookup
from scratchnet.foundation.shapes import Shape
from scratchnet.foundation.subset import refuse
from scratchnet.layers import windows
from scratchnet.layers.weighted import WeightedLayer


class Conv2D(WeightedLayer):
    """One small dense layer, slid over the image.

        z[n, i, j, o] = bias[o] + ∑ over a, b, c of
                        x[n, i·stride + a − top, j·stride + b − left, c]
                        · kernel[a, b, c, o]

    (a cross-correlation, as in every deep-learning library). Pixels outside the image
    count as 0. The gradients are derived in `kernels/convolution/`.

    Shapes:
        x: (N, H, W, C), kernel: (KH, KW, C, CO), bias: (CO,), y: (N, OH, OW, CO)

    Args:
        filters: CO, the number of output channels, at least 1.
        kernel_size: KH and KW, one whole number or two.
        strides: step between windows, one whole number or two.
        padding: ``"valid"`` (none) or ``"same"`` (OH = ⌈H / stride⌉).
        data_format: ``"channels_last"`` or None, which means the same.
        dilation_rate: outside the subset beyond 1.
        groups: outside the subset beyond 1.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        kernel_regularizer: outside the subset, as are the arguments after it.
        bias_regularizer: outside the subset.
        activity_regularizer: outside the subset.
        kernel_constraint: outside the subset.
        bias_constraint: outside the subset.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a size is no positive whole number, or padding is unknown.
        NotImplementedError: an argument outside the subset is used.

    Reference: `keras/src/layers/convolutional/conv2d.py`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        """Check and keep the hyperparameters."""
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        who = self.label
        self.filters = arguments.positive_int(who, "filters", filters)
        self.kernel_size = arguments.pair(who, "kernel_size", kernel_size)
        self.strides = arguments.pair(who, "strides", strides)
        self.padding = arguments.choice(who, "padding", padding, ("valid", "same"))
        arguments.channels_last(who, data_format)
        refuse(
            who,
            dilation_rate=(arguments.pair(who, "dilation_rate", dilation_rate), (1, 1)),
            groups=(groups, 1),
            kernel_regularizer=(kernel_regularizer, None),
            bias_regularizer=(bias_regularizer, None),
            kernel_constraint=(kernel_constraint, None),
            bias_constraint=(bias_constraint, None),
        )

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate kernel (KH, KW, C, CO) and bias (CO,)."""
        self.add_kernel(self.weight_shapes(input_shape)["kernel"], rng)

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return kernel (KH, KW, C, CO) and bias (CO,)."""
        kernel = (*self.kernel_size, int(input_shape[-1] or 0), self.filters)
        bias = {"bias": (self.filters,)} if self.use_bias else {}
        return {"kernel": kernel, **bias}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OH, OW, CO).

        Raises:
            ValueError: the input is no (N, H, W, C), or smaller than the window.
        """
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        plane = windows.output_plane(
            self.label, input_shape, self.kernel_size, self.strides, self.padding
        )
        return (input_shape[0], *plane, self.filters)

    def pre_activation(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute z, the convolution of x with the kernel, plus bias."""
        z = self.empty("y", self.compute_output_shape(x.shape))
        kernels.convolution_forward(
            x, self.params["kernel"], self.bias, z, self.strides, self.pads(x)
        )
        self.remember(x, training=training)
        return z

    def backward_params(self, dz: np.ndarray) -> None:
        """Overwrite d_kernel and d_bias."""
        x = self.recall()
        kernels.convolution_backward_weight(
            x, dz, *self.gradient_arrays(), self.strides, self.pads(x)
        )

    def backward_input(self, dz: np.ndarray) -> np.ndarray:
        """Return dx: every pixel collects from the windows that it lay in."""
        x = self.recall()
        dx = self.empty("dx", x.shape)
        kernels.convolution_backward_input(
            dz, self.params["kernel"], dx, self.strides, self.pads(x)
        )
        return dx

    def pads(self, x: np.ndarray) -> tuple[int, int]:
        """Return the padding (top, left) of a batch."""
        return windows.pads(x.shape, self.kernel_size, self.strides, self.padding)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "activation": self.activation.name,
            "use_bias": self.use_bias,
            "kernel_initializer": lookup.describe(self.kernel_initializer),
            "bias_initializer": lookup.describe(self.bias_initializer),
        }

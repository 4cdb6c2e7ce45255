"""The transposed convolution layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet import kernels
from scratchnet.foundation import arguments
from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.layers import windows
from scratchnet.layers.convolution import Convolution
from scratchnet.layers.margins import pair


@keras_signature
class Conv2DTranspose(Convolution):
    """A convolution the other way round: every pixel paints a window of the output.

        y = activation(z)
        z[n, h, w, o] = bias[o] + ∑ x[n, i, j, c] · kernel[a, b, o, c]
                        over c and those (i, a) and (j, b) that meet in (h, w)
        with h = i·stride + a·dilation − top, and w likewise

    So z is what a `Conv2D` from y to x would hand its input as a gradient, and in turn
    dx is that convolution of dz: three kernels of `kernels/convolution/` serve here in
    other roles. With strides, images become larger, as a decoder needs it.

    Shapes:
        x: (N, H, W, C), kernel: (KH, KW, CO, C), bias: (CO,), y: (N, OH, OW, CO)

    Args:
        filters: CO, the number of output channels, at least 1.
        kernel_size: KH and KW, one integer or two.
        strides: step between the windows that pixels paint, one integer or two.
        padding: ``"valid"`` (OH = (H − 1) · stride + KH, at least H · stride) or
            ``"same"`` (OH = H · stride).
        output_padding: rows and columns more than the smallest output has that such a
            convolution maps to x, one integer or two; None takes those above.
        dilation_rate: step between neighbours in a window, one integer or two.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, padding is unknown,
            output_padding is not below the strides, strides and dilation_rate are both
            above 1, or no convolution leads from such an output to the input.

    References: `keras/src/layers/convolutional/conv2d_transpose.py`; Dumoulin & Visin
    (2016), "A guide to convolution arithmetic for deep learning", chapter 4.
    """

    operation = "transposed_convolution"

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        output_padding: int | tuple[int, int] | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
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
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            **kwargs,
        )
        who = self.label
        self.filters = arguments.positive_int(who, "filters", filters)
        self.output_padding: tuple[int, int] | None = None
        if output_padding is not None:
            self.output_padding = pair(who, "output_padding", output_padding)
            if any(
                p >= s for p, s in zip(self.output_padding, self.strides, strict=True)
            ):
                raise ValueError(
                    f"{who}: expected output_padding below strides={self.strides}, "
                    f"received {output_padding!r}"
                )
        self.refuse_strides_with_dilation()

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OH, OW, CO).

        Raises:
            ValueError: the input is not (N, H, W, C), or nothing leads back to it.
        """
        arguments.rank(self.label, input_shape, "(N, H, W, C)")
        more = self.output_padding or (None, None)
        plane = []
        for size, window, stride, of_axis in zip(
            input_shape[1:3], self.span, self.strides, more, strict=True
        ):
            size = int(size or 0)
            long = windows.transposed_size(size, window, stride, self.padding, of_axis)
            if windows.output_size(long, window, stride, self.padding) != size:
                raise ValueError(
                    f"{self.label}: expected an output_padding that leads back to the "
                    f"input {format_shape(input_shape)}; with "
                    f"{self.output_padding} the output would be {long} pixels long, "
                    "too few for it"
                )
            plane.append(long)
        return (input_shape[0], *plane, self.filters)

    def kernel_shape(self, input_shape: Shape) -> Shape:
        """Return (KH, KW, CO, C)."""
        return (*self.kernel_size, self.filters, input_shape[-1])

    def geometry(self, x: np.ndarray) -> tuple[Any, ...]:
        """Return how windows lie in the output; ``x`` is that."""
        if max(self.dilation_rate) == 1:
            return self.strides, self.pads(x)
        return (*super().geometry(x), 1)

    def kernel_of(self, part: str) -> Any:
        """Return one of the three kernels of the convolution from y to x."""
        kind = "convolution" if max(self.dilation_rate) == 1 else "grouped_convolution"
        return kernels.OPERATIONS[f"{kind}_{part}"]

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Let every pixel paint its window, and add the bias."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        self.kernel_of("backward_input")(x, self.own_kernel, y, *self.geometry(y))
        y += self.added_bias
        return self.activate(x, y, training=training)

    def learn(self, dy: np.ndarray) -> np.ndarray:
        """Overwrite d_kernel and d_bias, and return dz."""
        x, _ = self.recall()
        dz = self.gradient_before_activation(dy)
        spare = self.empty("sum_of_x", x.shape[3:])
        self.kernel_of("backward_weight")(
            dz, x, self.d_kernel, spare, *self.geometry(dz)
        )
        np.sum(dz, axis=(0, 1, 2), out=self.d_bias)
        return dz

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Learn, and return dx: every pixel collects from the window it has painted."""
        dz = self.learn(dy)
        x, _ = self.recall()
        dx, no_bias = self.empty("dx", x.shape), self.empty("no_bias", x.shape[3:])
        no_bias[...] = 0
        self.kernel_of("forward")(dz, self.own_kernel, no_bias, dx, *self.geometry(dz))
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        own = {"filters": self.filters, "output_padding": self.output_padding}
        return {**super().get_config(), **own}

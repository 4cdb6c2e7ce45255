"""The one-dimensional convolution layer."""

from __future__ import annotations

from typing import Any

from scratchnet.foundation.outside import keras_signature
from scratchnet.layers.convolution import GroupedConvolution


@keras_signature
class Conv1D(GroupedConvolution):
    """One small dense layer, slid along a sequence.

        y = activation(z)
        z[n, i, o] = bias[o]
                     + ∑ over a, c of x[n, i·stride + a·dilation − before, c]
                       · kernel[a, c, o]

    It is a `Conv2D` on images one pixel high.

    Shapes:
        x: (N, L, C), kernel: (K, C / groups, CO), bias: (CO,), y: (N, OL, CO)

    Args:
        filters: CO, the number of output channels, at least 1.
        kernel_size: K.
        strides: step between windows.
        padding: ``"valid"`` (none), ``"same"`` (OL = ⌈L / stride⌉) or ``"causal"``, all
            of it before the sequence: no window sees what comes after its place.
        dilation_rate: step between neighbours in a window.
        groups: how many parts channels and filters are cut into.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        kernel_initializer: first values of the kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: as for `Conv2D`.

    References: `keras/src/layers/convolutional/conv1d.py`; van den Oord and others
    (2016), "WaveNet: a generative model for raw audio", section 2.1, for causal ones.
    """

    operation = "grouped_convolution"

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int],
        strides: int | tuple[int] = 1,
        padding: str = "valid",
        dilation_rate: int | tuple[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            rank=1,
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

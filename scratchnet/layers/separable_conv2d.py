"""The separable convolution layer."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from scratchnet.foundation.outside import keras_signature
from scratchnet.foundation.shapes import Shape
from scratchnet.layers.arrays import Arrays
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.depthwise_conv2d import DepthwiseConv2D
from scratchnet.layers.layer import Layer


class _Depthwise(DepthwiseConv2D):
    class_name = "SeparableConv2D"  # for messages
    kernel_name = "depthwise_kernel"


class _Pointwise(Conv2D):
    class_name = "SeparableConv2D"
    kernel_name = "pointwise_kernel"


@keras_signature
class SeparableConv2D(Layer):
    """A depthwise convolution, and one with a kernel of 1 × 1 that mixes its channels.

        y = activation((x ∗ depthwise_kernel) ∗ pointwise_kernel + bias)

    Space and channels are taken one after the other, with far fewer weights than a
    `Conv2D` that takes both at once: KH·KW·C·M + C·M·CO instead of KH·KW·C·CO. It is
    made of a `DepthwiseConv2D` and a `Conv2D`, in a plan, too.

    Shapes:
        x: (N, H, W, C), depthwise_kernel: (KH, KW, C, M),
        pointwise_kernel: (1, 1, C · M, CO), bias: (CO,), y: (N, OH, OW, CO)

    Args:
        filters: CO, the number of output channels, at least 1.
        kernel_size: KH and KW, one integer or two.
        strides: step between windows, one integer or two.
        padding: ``"valid"`` (none) or ``"same"`` (OH = ⌈H / stride⌉).
        dilation_rate: step between neighbours in a window, one integer or two.
        depth_multiplier: M, how many channels each one makes in between.
        activation: name or function; None is linear.
        use_bias: whether a bias is added.
        depthwise_initializer: first values of the depthwise kernel.
        pointwise_initializer: first values of the pointwise kernel.
        bias_initializer: first values of the bias.
        **kwargs: `Layer`'s arguments (name, trainable, dtype, input_shape).

    Raises:
        ValueError: a size is not a positive integer, or padding is unknown.

    References: `keras/src/layers/convolutional/separable_conv2d.py`; Chollet (2017),
    "Xception: deep learning with depthwise separable convolutions".
    """

    weight_names = ("depthwise_kernel", "pointwise_kernel", "bias")

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        dilation_rate: int | tuple[int, int] = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        own: dict[str, Any] = {"name": self.name, "dtype": self.dtype}
        self.depthwise = _Depthwise(
            kernel_size,
            strides,
            padding,
            depth_multiplier,
            dilation_rate=dilation_rate,
            use_bias=False,
            depthwise_initializer=depthwise_initializer,
            **own,
        )
        self.pointwise = _Pointwise(
            filters,
            1,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            **own,
        )

    @property
    def parts(self) -> tuple[DepthwiseConv2D, Conv2D]:
        """The two layers that it is made of; its gradients are theirs."""
        for part in (self.depthwise, self.pointwise):
            part.trainable = self.trainable
            part.params |= {name: self.params[name] for name in part.params}
            part.grads |= {name: self.grads[name] for name in part.grads}
        return self.depthwise, self.pointwise

    def __copy__(self) -> SeparableConv2D:
        """Return a copy with the same weights, whose parts remember by themselves."""
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        for name in ("depthwise", "pointwise"):
            part = copy.copy(getattr(self, name))
            part.grads = Arrays(part.grads)
            setattr(twin, name, part)
        return twin

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OH, OW, CO).

        Raises:
            ValueError: the input is not (N, H, W, C), or smaller than the window.
        """
        between = self.depthwise.compute_output_shape(input_shape)
        return self.pointwise.compute_output_shape(between)

    def weight_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of both kernels and the bias."""
        between = self.depthwise.compute_output_shape(input_shape)
        return {
            **self.depthwise.weight_shapes(input_shape),
            **self.pointwise.weight_shapes(between),
        }

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Build the two layers; their weights and gradients are this one's."""
        self.depthwise.ensure_built(input_shape, rng)
        self.pointwise.ensure_built(self.depthwise.output_shape, rng)
        for part in (self.depthwise, self.pointwise):
            self.params |= part.params
            self.grads |= part.grads

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Run one after the other."""
        for part in self.parts:
            x = part.forward(x, training=training)
        return x

    def learn(self, dy: np.ndarray) -> np.ndarray:
        """Overwrite the gradients of both kernels and the bias."""
        return self.depthwise.learn(self.pointwise.backward(dy))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Learn, and return dx."""
        return self.depthwise.backward(self.pointwise.backward(dy))

    def lower(self, program: Any, *places: int) -> int:
        """Append the two layers, and the activation as an operation of its own."""
        (place,) = places
        for part in self.parts:
            place = part.lower(program, place)
        return place

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        depthwise, pointwise = (part.get_config() for part in self.parts)
        of_depthwise = ("kernel_size", "strides", "padding", "dilation_rate")
        of_pointwise = ("filters", "activation", "use_bias", "bias_initializer")
        return {
            **super().get_config(),
            **{name: depthwise[name] for name in of_depthwise},
            "depth_multiplier": depthwise["depth_multiplier"],
            "depthwise_initializer": depthwise["depthwise_initializer"],
            "pointwise_initializer": pointwise["kernel_initializer"],
            **{name: pointwise[name] for name in of_pointwise},
        }

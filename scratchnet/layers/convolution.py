"""What layers have in common that slide a kernel over images, or over sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import arguments
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.kernels import OPERATIONS
from scratchnet.layers import windows
from scratchnet.layers.kernel_and_bias import KernelAndBias

Pair = tuple[int, int]


class Convolution(KernelAndBias):
    """The base of `Conv2D`, `Conv1D` and `DepthwiseConv2D`.

    A subclass says with ``operation`` which of the kernels computes it, and how wide
    kernel and output are. A sequence is an image one pixel high: the kernels know
    images only.

    Args:
        rank: 2 for images, 1 for sequences.
        kernel_size: height and width of the window, one integer or two.
        strides: step between windows.
        padding: ``"valid"``, ``"same"``, or for sequences ``"causal"``.
        dilation_rate: step between neighbours in a window.
        **kwargs: those of `KernelAndBias`.

    Raises:
        ValueError: a size is not a positive integer, or padding is unknown.
    """

    def __init__(
        self,
        *,
        rank: int,
        kernel_size: Any,
        strides: Any,
        padding: str,
        dilation_rate: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = self.label
        self.kernel_size = sizes(who, "kernel_size", kernel_size, rank)
        self.strides = sizes(who, "strides", strides, rank)
        self.dilation_rate = sizes(who, "dilation_rate", dilation_rate, rank)
        known = ("valid", "same", "causal") if rank == 1 else ("valid", "same")
        self.padding = arguments.choice(who, "padding", padding, known)

    def refuse_strides_with_dilation(self) -> None:
        """Refuse what Keras refuses: windows with gaps that are apart, too.

        Raises:
            ValueError: strides and dilation_rate are both above 1.
        """
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{self.label}: expected strides or dilation_rate to be 1, received "
                f"strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    def channels(self, input_shape: Shape) -> int:
        """Return the number of output channels."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (N, OH, OW, CO), or (N, OL, CO).

        Raises:
            ValueError: the input has another rank, or is smaller than the window.
        """
        rank = len(self.kernel_size)
        expected = "(N, H, W, C)" if rank == 2 else "(N, L, C)"
        arguments.rank(self.label, input_shape, expected)
        image = (input_shape[0], *of_images(input_shape[1:-1]), input_shape[-1])
        plane = windows.output_plane(
            self.label, image, self.span, of_images(self.strides), self.padding
        )
        return (input_shape[0], *plane[-rank:], self.channels(input_shape))

    @property
    def span(self) -> Pair:
        """How many rows and columns a window covers, its gaps included."""
        rows, columns = of_images(self.kernel_size)
        down, across = of_images(self.dilation_rate)
        return (rows - 1) * down + 1, (columns - 1) * across + 1

    def pads(self, x: np.ndarray) -> Pair:
        """Return the padding (top, left) of a batch of images."""
        strides = of_images(self.strides)
        return windows.pads(x.shape, self.span, strides, self.padding)

    def geometry(self, x: np.ndarray) -> tuple[Any, ...]:
        """Return how windows lie, as the operation's kernels take it."""
        return of_images(self.strides), self.pads(x), of_images(self.dilation_rate)

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute y, the activation of x convolved with the kernel, plus bias."""
        y = self.empty("y", self.compute_output_shape(x.shape))
        images = as_images(x)
        OPERATIONS[f"{self.operation}_forward"](
            images,
            as_kernel_of_images(self.own_kernel),
            self.added_bias,
            as_images(y),
            *self.geometry(images),
        )
        return self.activate(x, y, training=training)

    def learn(self, dy: np.ndarray) -> np.ndarray:
        """Overwrite d_kernel and d_bias, and return dz."""
        images = as_images(self.recall()[0])
        dz = self.gradient_before_activation(dy)
        OPERATIONS[f"{self.operation}_backward_weight"](
            images,
            as_images(dz),
            as_kernel_of_images(self.d_kernel),
            self.d_bias,
            *self.geometry(images),
        )
        return dz

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Learn, and return dx: every pixel collects from the windows it lay in."""
        dz = self.learn(dy)
        dx = self.empty("dx", self.recall()[0].shape)
        images = as_images(dx)
        OPERATIONS[f"{self.operation}_backward_input"](
            as_images(dz),
            as_kernel_of_images(self.own_kernel),
            images,
            *self.geometry(images),
        )
        return dx

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
        }


class GroupedConvolution(Convolution):
    """The base of `Conv2D` and `Conv1D`, which mix the channels, or groups of them.

    Args:
        filters: number of output channels, at least 1.
        groups: how many parts channels and filters are cut into.
        **kwargs: those of `Convolution`.

    Raises:
        ValueError: a size is not a positive integer, groups don't divide the filters,
            or strides and dilation_rate are both above 1.
    """

    def __init__(self, *, filters: int, groups: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        who = self.label
        self.filters = arguments.positive_int(who, "filters", filters)
        self.groups = arguments.positive_int(who, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{who}: expected filters to be a multiple of groups, received "
                f"filters={self.filters} and groups={self.groups}"
            )
        self.refuse_strides_with_dilation()

    def channels(self, input_shape: Shape) -> int:
        """Return the number of filters.

        Raises:
            ValueError: groups don't divide the input's channels.
        """
        if int(input_shape[-1] or 0) % self.groups:
            raise ValueError(
                f"{self.label}: expected input channels that are a multiple of "
                f"groups={self.groups}, received {format_shape(input_shape)}"
            )
        return self.filters

    def kernel_shape(self, input_shape: Shape) -> Shape:
        """Return (KH, KW, C / groups, CO), or (K, C / groups, CO)."""
        inputs = int(input_shape[-1] or 0) // self.groups
        return (*self.kernel_size, inputs, self.filters)

    def geometry(self, x: np.ndarray) -> tuple[Any, ...]:
        """Return how windows lie, as the operation's kernels take it."""
        return (*super().geometry(x), self.groups)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        own = {"filters": self.filters, "groups": self.groups}
        return {**super().get_config(), **own}


def sizes(who: str, name: str, value: Any, rank: int) -> tuple[int, ...]:
    """Return as many positive integers as images, or sequences, have dimensions.

    Raises:
        ValueError: it is anything else.
    """
    if rank == 2:
        return arguments.pair(who, name, value)
    if isinstance(value, tuple | list) and len(value) == 1:
        (value,) = value
    return (arguments.positive_int(who, name, value),)


def of_images(values: Any) -> Pair:
    """Return (rows, columns), of a sequence's one size those of an image 1 high."""
    rows, columns = (1, *values)[-2:]
    return rows, columns


def as_images(x: np.ndarray) -> np.ndarray:
    """Return sequences (N, L, C) as images (N, 1, L, C), and images as they are."""
    return x if x.ndim == 4 else x[:, np.newaxis]


def as_kernel_of_images(kernel: np.ndarray) -> np.ndarray:
    """Return a kernel (K, C, CO) as one of images, (1, K, C, CO)."""
    return kernel if kernel.ndim == 4 else kernel[np.newaxis]

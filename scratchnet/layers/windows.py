"""How windows slide over an image: sizes and padding, for convolution and pooling.

    valid   windows lie inside the image       OH = ⌊(H − KH) / stride⌋ + 1
    same    the image is padded until every    OH = ⌈H / stride⌉
            stride-th pixel has a window; the odd pixel of padding goes after
    causal  all padding goes before, so that   OH = ⌈H / stride⌉
            no window reaches beyond its pixel

A window with gaps is as large as what it covers: (KH − 1) · dilation + 1. Transposed,
an image is what windows were slid over, and its pixels are the windows.

Reference: `keras/src/ops/operation_utils.py` (compute_conv_output_shape).
"""

from __future__ import annotations

from scratchnet.foundation.shapes import Shape, format_shape


def output_size(size: int, window: int, stride: int, padding: str) -> int:
    """Return how many windows fit along one axis; 0 or less where none does.

    >>> output_size(28, 3, 1, "valid"), output_size(5, 2, 2, "same")
    (26, 3)
    """
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - window) // stride + 1


def pad_before(size: int, window: int, stride: int, padding: str) -> int:
    """Return how many pixels of padding precede the image along one axis.

    >>> pad_before(5, 2, 2, "same")  # one pixel in all, and it goes after
    0
    """
    if padding == "valid":
        return 0
    if padding == "causal":
        return window - 1
    count = output_size(size, window, stride, padding)
    return max((count - 1) * stride + window - size, 0) // 2


def output_plane(
    who: str,
    shape: Shape,
    window: tuple[int, int],
    strides: tuple[int, int],
    padding: str,
) -> tuple[int, int]:
    """Return (OH, OW) for an input (N, H, W, C).

    Raises:
        ValueError: the window is larger than the image.
    """
    height, width = (
        output_size(int(shape[axis + 1] or 0), window[axis], strides[axis], padding)
        for axis in (0, 1)
    )
    if height < 1 or width < 1:
        raise ValueError(
            f"{who}: expected an input of at least {window[0]}x{window[1]} pixels "
            f"(the window), received {format_shape(shape)}; a smaller window, fewer "
            "pooling layers or padding='same' would fit"
        )
    return height, width


def pads(
    shape: Shape, window: tuple[int, int], strides: tuple[int, int], padding: str
) -> tuple[int, int]:
    """Return the padding (top, left) for an input (N, H, W, C)."""
    height, width = int(shape[1] or 0), int(shape[2] or 0)
    return (
        pad_before(height, window[0], strides[0], padding),
        pad_before(width, window[1], strides[1], padding),
    )


def transposed_size(
    size: int, window: int, stride: int, padding: str, output_padding: int | None
) -> int:
    """Return how long an image is whose windows are so many pixels.

    >>> transposed_size(5, 3, 2, "same", None), transposed_size(5, 3, 2, "valid", None)
    (10, 11)
    """
    if padding == "valid":
        more = max(stride - window, 0) if output_padding is None else output_padding
        return (size - 1) * stride + window + more
    if output_padding is None:
        return size * stride
    return (size - 1) * stride + window % 2 + output_padding

"""How images are moved: windows of them, and other sizes, as affine transforms."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from scratchnet.foundation import arguments


class Transform(NamedTuple):
    """One affine transform of a batch; see `kernels/affine_transform.py`.

    Attributes:
        matrices: (N, 6), or (6,) for all images alike.
        size: height and width of the output.
        interpolation, fill_mode, fill_value: as the kernel takes them.
    """

    matrices: np.ndarray
    size: tuple[int, int]
    interpolation: str = "bilinear"
    fill_mode: str = "nearest"
    fill_value: float = 0.0


def window(
    top: int, left: int, height: int, width: int, fill_value: float = 0.0
) -> Transform:
    """Cut a window out of images; what of it lies outside of them is filled."""
    matrix = np.array([1, 0, left, 0, 1, top], np.float64)
    return Transform(matrix, (height, width), "nearest", "constant", fill_value)


def resize(size: tuple[int, int], to: tuple[int, int], interpolation: str) -> Transform:
    """Change the size of images; the centres of outer pixels move with their edges.

    For ``nearest`` a place between two pixels belongs to the later one: half a
    thousandth of a pixel settles what rounding would otherwise leave to chance.
    """
    down, across = (before / after for before, after in zip(size, to, strict=True))
    later = 5e-4 if interpolation == "nearest" else 0.0
    shift = [factor / 2 - 0.5 + later for factor in (across, down)]
    matrix = np.array([across, 0, shift[0], 0, down, shift[1]], np.float64)
    return Transform(matrix, to, interpolation)


def cropped_and_resized(
    size: tuple[int, int], to: tuple[int, int], interpolation: str = "bilinear"
) -> list[Transform]:
    """Cut the largest window of another shape out of the middle, and resize it.

    Reference: `keras/src/utils/image_utils.py` (smart_resize).
    """
    (H, W), (height, width) = size, to
    rows = max(min(H, int(W * height / width)), 1)
    columns = max(min(W, int(H * width / height)), 1)
    cut = window((H - rows) // 2, (W - columns) // 2, rows, columns)
    steps = [] if cut.size == size else [cut]
    return steps if cut.size == to else [*steps, resize(cut.size, to, interpolation)]


def check_interpolation(who: str, word: Any) -> str:
    """Return the word, if images can be resized so.

    Raises:
        NotImplementedError: Keras can, and scratchnet can't.
        ValueError: nobody can.
    """
    others = "bicubic area lanczos3 lanczos5 gaussian mitchellcubic".split()
    if word in others:
        raise NotImplementedError(
            f"{who}: interpolation={word!r} is outside scratchnet's subset of Keras; "
            "only 'bilinear' and 'nearest' are supported"
        )
    return arguments.choice(who, "interpolation", word, ("bilinear", "nearest"))


def padded_and_resized(
    size: tuple[int, int], to: tuple[int, int], interpolation: str, fill_value: float
) -> list[Transform]:
    """Put images in the middle of a larger one of the shape wanted, and resize it.

    Reference: `keras/src/backend/tensorflow/image.py` (resize).
    """
    (H, W), (height, width) = size, to
    above = (max(H, int(W * height / width)) - H) // 2
    before = (max(W, int(H * width / height)) - W) // 2
    larger = window(-above, -before, H + 2 * above, W + 2 * before, fill_value)
    return [larger, resize(larger.size, to, interpolation)]


def resized_and_padded(
    size: tuple[int, int], to: tuple[int, int], interpolation: str
) -> list[Transform]:
    """Resize images to fit into a window, and put them in the middle of it.

    Reference: `tf.image.resize_with_pad`, which Keras reads folders with.
    """
    ratio = max(before / after for before, after in zip(size, to, strict=True))
    fitting = [max(before / ratio, 1.0) for before in size]
    above, before = (
        max(0, int((after - own) / 2)) for after, own in zip(to, fitting, strict=True)
    )
    rows, columns = (int(own + 1e-6) for own in fitting)
    return [
        resize(size, (rows, columns), interpolation),
        window(-above, -before, *to),
    ]

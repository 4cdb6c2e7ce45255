"""What `ImageDataGenerator` does to one image, once it is drawn.

Reference: `keras/src/legacy/preprocessing/image.py`.
"""

from __future__ import annotations

import numpy as np

from scratchnet.utils import array_to_img, img_to_array


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """Turn, shift, slant and zoom an image about its centre.

    A pixel (column, row) of the result, counted from the centre, is found at

        rotation(θ) · shift(tx, ty) · shear · zoom(zx, zy) · (column, row)

    As in Keras, tx and zx are for the columns where rows come before them, although
    `ImageDataGenerator` draws tx from ``height_shift_range``.

    Args:
        x: an image of three dimensions.
        theta: angle in degrees.
        tx: columns that it is shifted by.
        ty: rows.
        shear: angle in degrees.
        zx: factor of the columns; above 1 shows more of them.
        zy: factor of the rows.
        row_axis: which dimension is the rows.
        col_axis: which is the columns.
        channel_axis: which is the channels: 0 or 2.
        fill_mode: what is beyond the edges: SciPy's ``"nearest"``, ``"constant"``,
            ``"reflect"`` or ``"wrap"``.
        cval: what ``"constant"`` fills with.
        order: of the splines between pixels: 0 the nearest, 1 linear, up to 5.

    Raises:
        ValueError: x has not three dimensions, or the axes are not these.
    """
    if np.ndim(x) != 3:
        raise ValueError(
            f"apply_affine_transform: expected an image of three dimensions, received "
            f"shape {np.shape(x)}"
        )
    axes = (row_axis, col_axis, channel_axis)
    if sorted(axes) != [0, 1, 2] or channel_axis == 1:
        raise ValueError(
            "apply_affine_transform: expected row_axis, col_axis and channel_axis to "
            f"be 0, 1 and 2, the channels first or last, received {axes}"
        )
    matrix = _matrix(theta, tx, ty, shear, zx, zy)
    if np.array_equal(matrix, np.eye(3)):
        return x
    from scipy.ndimage import affine_transform

    centre = np.eye(3)
    centre[:2, 2] = x.shape[row_axis] / 2 - 0.5, x.shape[col_axis] / 2 - 0.5
    matrix = centre @ matrix @ np.linalg.inv(centre)
    if col_axis > row_axis:  # SciPy counts rows before columns
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    channels = np.moveaxis(x, channel_axis, 0)
    moved = [
        affine_transform(
            channel,
            matrix[:2, :2],
            matrix[:2, 2],
            order=order,
            mode=fill_mode,
            cval=cval,
        )
        for channel in channels
    ]
    return np.moveaxis(np.stack(moved), 0, channel_axis)


def _matrix(
    theta: float, tx: float, ty: float, shear: float, zx: float, zy: float
) -> np.ndarray:
    matrix = np.eye(3)
    if theta:
        cosine, sine = np.cos(np.deg2rad(theta)), np.sin(np.deg2rad(theta))
        matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    matrix = matrix @ np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear:
        angle = np.deg2rad(shear)
        slant = [[1, -np.sin(angle), 0], [0, np.cos(angle), 0], [0, 0, 1]]
        matrix = matrix @ np.array(slant)
    return matrix @ np.diag([zx, zy, 1])


def apply_channel_shift(
    x: np.ndarray, intensity: float, channel_axis: int = 0
) -> np.ndarray:
    """Add a number to all of an image, within the range that its values have.

    Args:
        x: an image.
        intensity: what is added.
        channel_axis: without effect, since all channels get the same.
    """
    return np.clip(x + intensity, np.min(x), np.max(x))


def apply_brightness_shift(
    x: np.ndarray, brightness: float, scale: bool = True
) -> np.ndarray:
    """Multiply an image's values by a factor, in whole numbers from 0 to 255.

    Args:
        x: an image (H, W, C).
        brightness: the factor; 0 is black, 1 changes nothing.
        scale: whether the values are spread over 0 to 255 first.
    """
    from PIL import ImageEnhance

    low, high = np.min(x), np.max(x)
    beyond = bool(low < 0 or high > 255)
    image = array_to_img(x, scale=beyond or scale)
    y = img_to_array(ImageEnhance.Brightness(image).enhance(brightness))
    return y / 255 * (high - low) + low if beyond and not scale else y


def flip(x: np.ndarray, axis: int) -> np.ndarray:
    """Return an image mirrored along an axis."""
    return np.flip(np.asarray(x), axis)

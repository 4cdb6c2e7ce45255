"""Affine transforms of images: flips, rotations, zooms, shifts, crops and resizing.

For every pixel of the output, a matrix says where in the input its value is found:

    x = a₀·column + a₁·row + a₂
    y = b₀·column + b₁·row + b₂

a and b are an image's six numbers. Where (x, y) lies outside of the image,
``fill_mode`` says what stands there, of a row a b c d:

    reflect    d c b a | a b c d | d c b a
    wrap       a b c d | a b c d | a b c d
    nearest    a a a a | a b c d | d d d d
    constant   k k k k | a b c d | k k k k

``nearest`` interpolation takes the pixel that (x, y) rounds to, half away from 0;
``bilinear`` the mean of the four around it, each weighted by how near it is. Places are
computed in float32, whatever the images are in, as Keras does it.

The output is a sum of pixels with weights that don't depend on them, so that the way
back hands dy, times the same weights, to the same pixels.

Reference: TensorFlow, `tensorflow/core/kernels/image/image_ops.h`
(ImageProjectiveTransformV3, which Keras's layers call).
"""

import numpy as np
from numba import prange

from scratchnet.kernels.ladder import ladder
from scratchnet.kernels.machine.compile import compiled, inlined, parallel

FILL_MODES = ("constant", "reflect", "wrap", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")

CONSTANT, REFLECT, WRAP, _ = range(4)

# Fewer pixels are not worth waking a thread for.
SMALL = 1 << 12


def affine_transform_forward_reference(
    x, matrices, interpolation, fill_mode, fill_value, y
):
    """Transform every image by its own matrix.

    What limits this rung: arrays of places and weights as large as the output.

    Shapes: x (N, H, W, C), matrices (N, 6), y (N, OH, OW, C).

    Args:
        x: images.
        matrices: (a₀, a₁, a₂, b₀, b₁, b₂) of each image.
        interpolation: one of `INTERPOLATIONS`.
        fill_mode: one of `FILL_MODES`.
        fill_value: what stands outside, for ``constant``.
        y: written.
    """
    images = np.arange(len(x)).reshape(-1, 1, 1)
    y[...] = 0
    for weight, row, column, inside in _parts(x, y, matrices, interpolation, fill_mode):
        pixels = np.where(
            inside[..., np.newaxis],
            x[images, np.where(inside, row, 0), np.where(inside, column, 0)],
            x.dtype.type(fill_value),
        )
        y += weight[..., np.newaxis] * pixels if interpolation == "bilinear" else pixels


def affine_transform_backward_reference(dy, matrices, interpolation, fill_mode, dx):
    """Compute the gradient of the images.

    What limits this rung: as in `affine_transform_forward_reference`.

    Shapes: dy (N, OH, OW, C), matrices (N, 6), dx (N, H, W, C).

    Args:
        dy: gradient of y.
        matrices: as on the way forwards.
        interpolation: likewise.
        fill_mode: likewise.
        dx: written.
    """
    images = np.arange(len(dy)).reshape(-1, 1, 1)
    dx[...] = 0
    for weight, row, column, inside in _parts(
        dx, dy, matrices, interpolation, fill_mode
    ):
        share = np.where(inside, weight, 0)[..., np.newaxis] * dy
        rows, columns = np.where(inside, row, 0), np.where(inside, column, 0)
        np.add.at(dx, (images, rows, columns), share)


def _parts(x, y, matrices, interpolation, fill_mode):
    """Yield the weight and the place of each pixel of x that goes into one of y.

    Together with whether the place is inside of the image; all are (N, OH, OW).
    """
    (_, H, W, _), (_, OH, OW, _) = x.shape, y.shape
    a0, a1, a2, b0, b1, b2 = (
        column.reshape(-1, 1, 1) for column in matrices.astype(np.float32).T
    )
    rows = np.arange(OH, dtype=np.float32).reshape(1, -1, 1)
    columns = np.arange(OW, dtype=np.float32).reshape(1, 1, -1)
    across = _brought_inside(a0 * columns + a1 * rows + a2, W, fill_mode)
    down = _brought_inside(b0 * columns + b1 * rows + b2, H, fill_mode)
    if interpolation == "nearest":
        corners = [(np.ones_like(down), _rounded(down), _rounded(across))]
    else:
        top, left = np.floor(down), np.floor(across)
        corners = [
            (
                (top + 1 - down if i == 0 else down - top)
                * (left + 1 - across if j == 0 else across - left),
                top + i,
                left + j,
            )
            for i in (0, 1)
            for j in (0, 1)
        ]
    for weight, row, column in corners:
        inside = (row >= 0) & (row < H) & (column >= 0) & (column < W)
        places = (
            np.where(inside, place, 0).astype(np.int64) for place in (row, column)
        )
        yield weight.astype(x.dtype), *places, inside


def _rounded(place):
    return np.trunc(place + np.copysign(np.float32(0.5), place))


def _brought_inside(place, size, fill_mode):
    """Return where the value of a place outside of ``size`` pixels is found."""
    if fill_mode == "constant":
        return place
    last = np.float32(size - 1)
    if fill_mode != "nearest" and size == 1:
        return np.zeros_like(place)
    if fill_mode == "reflect":
        twice = np.float32(2 * size)
        before = twice * np.trunc(-place / twice) + place
        before = np.where(before < -size, before + twice, -before - 1)
        after = place - twice * np.trunc(place / twice)
        after = np.where(after >= size, twice - after - 1, after)
    elif fill_mode == "wrap":
        whole = np.float32(size)
        before = place + whole * (np.trunc(-place / last) + 1)
        after = place - whole * np.trunc(place / last)
    else:
        before = after = place
    place = np.where(place < 0, before, np.where(place > last, after, place))
    return np.clip(place, 0, last)


def affine_transform_forward_loops(
    x, matrices, interpolation, fill_mode, fill_value, y
):
    """Transform every image by its own matrix.

    Against `reference`: a place is worked out once for all channels and never stored;
    rows are spread over threads. What limits this rung: the four pixels are gathered
    from anywhere in the image.

    Shapes and arguments as in `affine_transform_forward_reference`.
    """
    _forward(
        x,
        matrices.astype(np.float32),
        interpolation == "bilinear",
        FILL_MODES.index(fill_mode),
        x.dtype.type(fill_value),
        y,
    )


def affine_transform_backward_loops(dy, matrices, interpolation, fill_mode, dx):
    """Compute the gradient of the images.

    Against `reference`: nothing is stored; images are spread over threads. What limits
    this rung: within an image one thread adds up, for pixels meet in one place.

    Shapes and arguments as in `affine_transform_backward_reference`.
    """
    _backward(
        dy,
        matrices.astype(np.float32),
        interpolation == "bilinear",
        FILL_MODES.index(fill_mode),
        dx,
    )


@compiled
def _inside(place, size, fill_mode):
    if fill_mode == CONSTANT:
        return place
    last = np.float32(size - 1)
    if fill_mode == REFLECT:
        twice = np.float32(2 * size)
        if place < 0:
            place = twice * np.trunc(-place / twice) + place
            place = place + twice if place < -size else -place - np.float32(1)
        elif place > last:
            place = place - twice * np.trunc(place / twice)
            place = twice - place - np.float32(1) if place >= size else place
    elif fill_mode == WRAP and size > 1:
        if place < 0:
            place += np.float32(size) * (np.trunc(-place / last) + np.float32(1))
        elif place > last:
            place -= np.float32(size) * np.trunc(place / last)
    return min(max(place, np.float32(0)), last)


@compiled
def _rounded_place(place):
    half = np.float32(0.5)
    return np.intp(np.trunc(place + half if place >= 0 else place - half))


@compiled
def _across(matrix, row, column):
    return matrix[0] * np.float32(column) + matrix[1] * np.float32(row) + matrix[2]


@compiled
def _place(matrix, row, column, H, W, fill_mode):
    r, c = np.float32(row), np.float32(column)
    down = matrix[3] * c + matrix[4] * r + matrix[5]
    across = _across(matrix, row, column)
    return _inside(down, H, fill_mode), _inside(across, W, fill_mode)


@compiled
def _add_corner(weight, image, row, column, fill_value, y):
    H, W, C = image.shape
    if 0 <= row < H and 0 <= column < W:
        for c in range(C):
            y[c] += weight * image[row, column, c]
    else:
        for c in range(C):
            y[c] += weight * fill_value


@inlined
def _row(image, matrix, row, bilinear, fill_mode, fill_value, C, y):
    H, W, _ = image.shape
    kind = y.dtype.type
    aligned = matrix[1] == 0 and matrix[3] == 0  # the row's pixels come from one row
    down, across = _place(matrix, row, 0, H, W, fill_mode)
    for column in range(y.shape[0]):
        if aligned:
            across = _inside(_across(matrix, row, column), W, fill_mode)
        else:
            down, across = _place(matrix, row, column, H, W, fill_mode)
        if not bilinear:
            i, j = _rounded_place(down), _rounded_place(across)
            if 0 <= i < H and 0 <= j < W:
                for c in range(C):
                    y[column, c] = image[i, j, c]
            else:
                for c in range(C):
                    y[column, c] = fill_value
            continue
        top, left = np.floor(down), np.floor(across)
        i, j = np.intp(top), np.intp(left)
        lower, right = kind(down - top), kind(across - left)
        one = np.float32(1)
        upper, before = kind(top + one - down), kind(left + one - across)
        if 0 <= i < H - 1 and 0 <= j < W - 1:
            for c in range(C):
                above = before * image[i, j, c] + right * image[i, j + 1, c]
                below = before * image[i + 1, j, c] + right * image[i + 1, j + 1, c]
                y[column, c] = upper * above + lower * below
            continue
        for c in range(C):
            y[column, c] = 0
        _add_corner(upper * before, image, i, j, fill_value, y[column])
        _add_corner(upper * right, image, i, j + 1, fill_value, y[column])
        _add_corner(lower * before, image, i + 1, j, fill_value, y[column])
        _add_corner(lower * right, image, i + 1, j + 1, fill_value, y[column])


@compiled
def _transform_row(image, matrix, row, bilinear, fill_mode, fill_value, y):
    # A number of channels that the compiler knows is a loop that it can unroll.
    C = image.shape[2]
    if C == 3:
        _row(image, matrix, row, bilinear, fill_mode, fill_value, 3, y)
    elif C == 1:
        _row(image, matrix, row, bilinear, fill_mode, fill_value, 1, y)
    else:
        _row(image, matrix, row, bilinear, fill_mode, fill_value, C, y)


@parallel
def _forward(x, matrices, bilinear, fill_mode, fill_value, y):
    N, OH, OW, _ = y.shape
    if N * OH * OW <= SMALL:
        for n in range(N):
            for row in range(OH):
                _transform_row(
                    x[n], matrices[n], row, bilinear, fill_mode, fill_value, y[n, row]
                )
    else:
        for line in prange(N * OH):
            n, row = line // OH, line % OH
            _transform_row(
                x[n], matrices[n], row, bilinear, fill_mode, fill_value, y[n, row]
            )


@compiled
def _hand_back(weight, dy, row, column, dx):
    H, W, C = dx.shape
    if 0 <= row < H and 0 <= column < W:
        for c in range(C):
            dx[row, column, c] += weight * dy[c]


@compiled
def _transform_back(dy, matrix, bilinear, fill_mode, dx):
    H, W, _ = dx.shape
    kind = dx.dtype.type
    one = np.float32(1)
    dx[...] = 0
    for row in range(dy.shape[0]):
        for column in range(dy.shape[1]):
            down, across = _place(matrix, row, column, H, W, fill_mode)
            if not bilinear:
                i, j = _rounded_place(down), _rounded_place(across)
                _hand_back(kind(1), dy[row, column], i, j, dx)
                continue
            top, left = np.floor(down), np.floor(across)
            i, j = np.intp(top), np.intp(left)
            lower, right = kind(down - top), kind(across - left)
            upper, before = kind(top + one - down), kind(left + one - across)
            _hand_back(upper * before, dy[row, column], i, j, dx)
            _hand_back(upper * right, dy[row, column], i, j + 1, dx)
            _hand_back(lower * before, dy[row, column], i + 1, j, dx)
            _hand_back(lower * right, dy[row, column], i + 1, j + 1, dx)


@parallel
def _backward(dy, matrices, bilinear, fill_mode, dx):
    for n in prange(len(dx)):
        _transform_back(dy[n], matrices[n], bilinear, fill_mode, dx[n])


affine_transform_forward = ladder(
    affine_transform_forward_reference, affine_transform_forward_loops
)
affine_transform_backward = ladder(
    affine_transform_backward_reference, affine_transform_backward_loops
)

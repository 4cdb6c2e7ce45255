"""Winograd's algorithm in plain NumPy, for any matrices.

With the absolute values of everything it gives the size of the terms that the rung
`winograd` adds up: what its rounding is bounded by.
"""

from typing import NamedTuple

import numpy as np


class Matrices(NamedTuple):
    """The transposed transform of the input, those of the kernel and the output."""

    B: np.ndarray
    G: np.ndarray
    A: np.ndarray


MATRICES = Matrices(
    np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]),
    np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
    np.array([[1, 1, 1, 0], [0, 1, -1, -1]]),
)

SIZES = Matrices(*map(np.abs, MATRICES))


def forward(x, weight, z_shape, pads, matrices=MATRICES):
    """Return the convolution, without a bias."""
    V = _input_tiles(x, z_shape, pads, matrices)
    M = np.einsum("nijuvc,uvcd->nijuvd", V, _kernel(weight, matrices))
    z = np.einsum("au,bv,nijuvd->niajbd", matrices.A, matrices.A, M)
    N, OH, OW, CO = z_shape
    return z.reshape(N, 2 * z.shape[1], 2 * z.shape[3], CO)[:, :OH, :OW]


def weight_gradient(x, dz, pads, matrices=MATRICES):
    """Return d_weight."""
    V = _input_tiles(x, dz.shape, pads, matrices)
    d_U = np.einsum("nijuvc,nijuvd->uvcd", V, _gradient_tiles(dz, matrices))
    return np.einsum("ua,vb,uvcd->abcd", matrices.G, matrices.G, d_U)


def input_gradient(dz, weight, x_shape, pads, matrices=MATRICES):
    """Return dx."""
    d_M = _gradient_tiles(dz, matrices)
    d_V = np.einsum("nijuvd,uvcd->nijuvc", d_M, _kernel(weight, matrices))
    tiles = np.einsum("uh,vw,nijuvc->nijhwc", matrices.B, matrices.B, d_V)
    N, H, W, C = x_shape
    dx = np.zeros((N, *_padded_plane((H, W), dz.shape[1:3], pads), C))
    for i in range(tiles.shape[1]):
        for j in range(tiles.shape[2]):
            dx[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += tiles[:, i, j]
    return dx[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W]


def _padded_plane(plane, z_plane, pads):
    """Return rows and columns with padding, as far as image or tiles reach."""
    return [
        max(before + length, 2 * -(-count // 2) + 2)
        for length, count, before in zip(plane, z_plane, pads, strict=True)
    ]


def _input_tiles(x, z_shape, pads, matrices):
    N, H, W, C = x.shape
    padded = np.zeros((N, *_padded_plane((H, W), z_shape[1:3], pads), C))
    padded[:, pads[0] : pads[0] + H, pads[1] : pads[1] + W] = x
    across = [-(-count // 2) for count in z_shape[1:3]]
    tiles = np.zeros((N, *across, 4, 4, C))
    for i in range(across[0]):
        for j in range(across[1]):
            tiles[:, i, j] = padded[:, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
    return np.einsum("uh,vw,nijhwc->nijuvc", matrices.B, matrices.B, tiles)


def _kernel(weight, matrices):
    return np.einsum("ua,vb,abcd->uvcd", matrices.G, matrices.G, weight)


def _gradient_tiles(dz, matrices):
    N, OH, OW, CO = dz.shape
    down, across = -(-OH // 2), -(-OW // 2)
    whole = np.zeros((N, 2 * down, 2 * across, CO))
    whole[:, :OH, :OW] = dz
    tiles = whole.reshape(N, down, 2, across, 2, CO)
    return np.einsum("au,bv,niajbd->nijuvd", matrices.A, matrices.A, tiles)

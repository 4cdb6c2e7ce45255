import numpy as np
import pytest
import scipy.signal

from scratchnet.foundation import workspace
from scratchnet.kernels import OPERATIONS
from scratchnet.kernels.convolution import im2col

RUNGS = list(OPERATIONS["convolution_forward"].rungs)


def forward(rung, x, weight, bias, output_plane, strides, pads):
    y = np.full((len(x), *output_plane, bias.size), np.nan, x.dtype)
    OPERATIONS["convolution_forward"].rungs[rung](x, weight, bias, y, strides, pads)
    return y


def backward(rung, x, weight, dy, strides, pads):
    rungs = "convolution_backward_weight", "convolution_backward_input"
    backward_weight, backward_input = (OPERATIONS[name].rungs[rung] for name in rungs)
    dx, d_weight = np.full(x.shape, np.nan), np.full(weight.shape, np.nan)
    d_bias = np.full(weight.shape[3], np.nan)
    backward_weight(x, dy, d_weight, d_bias, strides, pads)
    backward_input(dy, weight, dx, strides, pads)
    return dx, d_weight, d_bias


# 3 x 3 pixels 0 … 8 and a 2 x 2 kernel 0 … 3, by hand.
X = np.arange(9.0).reshape(1, 3, 3, 1)
WEIGHT = np.arange(4.0).reshape(2, 2, 1, 1)


@pytest.mark.parametrize("rung", RUNGS)
def test_forward_by_hand(rung):
    y = forward(rung, X, WEIGHT, np.ones(1), (2, 2), (1, 1), (0, 0))
    assert y.reshape(2, 2).tolist() == [[20, 26], [38, 44]]


@pytest.mark.parametrize("rung", RUNGS)
def test_forward_by_hand_with_stride_and_padding_below_and_right(rung):
    y = forward(rung, X, np.ones_like(WEIGHT), np.zeros(1), (2, 2), (2, 2), (0, 0))
    assert y.reshape(2, 2).tolist() == [[8, 7], [13, 8]]


@pytest.mark.parametrize("rung", RUNGS)
def test_forward_by_hand_with_padding_above_and_left(rung):
    y = forward(rung, X, WEIGHT, np.zeros(1), (2, 2), (2, 2), (1, 1))
    # Windows [0 0; 0 x00], [0 0; x01 x02], [0 x10; 0 x20] and all of the last four.
    assert y.reshape(2, 2).tolist() == [[0, 2 + 6], [3 + 18, 5 + 14 + 24]]


@pytest.mark.parametrize("rung", RUNGS)
def test_gradients_by_hand(rung):
    dy = np.array([[1.0, 0], [0, 2]]).reshape(1, 2, 2, 1)
    dx, d_weight, d_bias = backward(rung, X, WEIGHT, dy, (1, 1), (0, 0))
    assert d_weight.reshape(2, 2).tolist() == [[8, 11], [17, 20]]
    assert d_bias.tolist() == [3]
    assert dx.reshape(3, 3).tolist() == [[0, 1, 0], [2, 3, 2], [0, 4, 6]]


@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
@pytest.mark.parametrize("pads", [(0, 0), (1, 2)])
def test_reference_agrees_with_scipy(strides, pads):
    rng = np.random.default_rng(8)
    x, weight = rng.standard_normal((2, 9, 8, 3)), rng.standard_normal((3, 4, 3, 5))
    bias = rng.standard_normal(5)
    padded = np.pad(x, [(0, 0), (pads[0], 0), (pads[1], 0), (0, 0)])

    def correlate(n, co):
        planes = [
            scipy.signal.correlate(
                padded[n, :, :, c], weight[:, :, c, co], "valid", "direct"
            )
            for c in range(3)
        ]
        return sum(planes)[:: strides[0], :: strides[1]] + bias[co]

    expected = np.stack(
        [np.stack([correlate(n, co) for co in range(5)], axis=-1) for n in range(2)]
    )
    y = forward("reference", x, weight, bias, expected.shape[1:3], strides, pads)
    # 36 products of numbers of order 1 and a bias, summed twice.
    tolerance = (
        2 * 38 * np.finfo(float).eps * np.abs(x).max() * np.abs(weight).max() * 36
    )
    np.testing.assert_allclose(y, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("plane", "kernel_size", "strides", "pads", "output_plane"),
    [
        ((7, 6), (3, 3), (1, 1), (0, 0), (5, 4)),
        ((7, 6), (3, 3), (1, 1), (1, 1), (7, 6)),
        ((7, 6), (2, 3), (2, 3), (0, 1), (4, 2)),
        ((9, 9), (1, 2), (3, 4), (0, 0), (3, 2)),
    ],
    ids=["valid", "same", "strided", "gaps"],
)
def test_gradients_are_adjoint_to_forward(
    rung, plane, kernel_size, strides, pads, output_plane
):
    # ⟨conv(x, w), dy⟩ = ⟨x, dx⟩ = ⟨w, d_weight⟩: one number, summed in three orders.
    rng = np.random.default_rng(9)
    x = rng.standard_normal((3, *plane, 4))
    weight = rng.standard_normal((*kernel_size, 4, 6))
    dy = rng.standard_normal((3, *output_plane, 6))
    y = forward(rung, x, weight, np.zeros(6), output_plane, strides, pads)
    dx, d_weight, d_bias = backward(rung, x, weight, dy, strides, pads)
    absolute = [np.abs(array) for array in (x, weight)]
    size = np.sum(
        forward("reference", *absolute, np.zeros(6), output_plane, strides, pads)
        * np.abs(dy)
    )
    terms = dy.size * weight[..., 0].size
    tolerance = 2 * np.sqrt(terms) * np.finfo(float).eps * size
    assert abs(np.sum(y * dy) - np.sum(x * dx)) <= tolerance
    assert abs(np.sum(y * dy) - np.sum(weight * d_weight)) <= tolerance
    np.testing.assert_allclose(d_bias, dy.sum(axis=(0, 1, 2)), rtol=0, atol=tolerance)


@pytest.mark.parametrize("images", [1, 2])
def test_im2col_in_groups_of_images_gives_the_same(images, monkeypatch):
    rng = np.random.default_rng(10)
    x, weight = rng.standard_normal((5, 6, 6, 2)), rng.standard_normal((3, 3, 2, 4))
    dy, bias = rng.standard_normal((5, 4, 4, 4)), rng.standard_normal(4)
    arguments = (x, weight, bias, (4, 4), (1, 1), (0, 0))
    whole = forward("im2col", *arguments)
    gradients = backward("im2col", x, weight, dy, (1, 1), (0, 0))
    monkeypatch.setattr(im2col, "GROUP_BYTES", images * 16 * 19 * 8)
    # At most 80 products of numbers below 4 in size, in two orders.
    tolerance = 2 * 80 * np.finfo(float).eps * 80 * 16
    np.testing.assert_allclose(forward("im2col", *arguments), whole, atol=tolerance)
    in_groups = backward("im2col", x, weight, dy, (1, 1), (0, 0))
    for one, other in zip(gradients, in_groups, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


def test_im2col_memory_does_not_grow_with_the_batch(monkeypatch):
    monkeypatch.setattr(im2col, "GROUP_BYTES", 1 << 16)
    weight = np.zeros((3, 3, 2, 4), np.float32)
    x = np.zeros((300, 6, 6, 2), np.float32)
    with workspace.Workspace() as memory:
        forward("im2col", x, weight, np.zeros(4, np.float32), (4, 4), (1, 1), (0, 0))
        assert memory.nbytes() <= (1 << 16) + 19 * 4 * 4


@pytest.mark.parametrize("rung", ["reference", "direct", "winograd"])
@pytest.mark.parametrize("channels", [1, 8])
def test_the_gradients_of_no_images_are_0(rung, channels):
    x, dy = np.empty((0, 6, 6, channels)), np.empty((0, 4, 4, 8))
    weight = np.ones((3, 3, channels, 8))
    d_weight, d_bias = np.full_like(weight, np.nan), np.full(8, np.nan)
    OPERATIONS["convolution_backward_weight"].rungs[rung](
        x, dy, d_weight, d_bias, (1, 1), (0, 0)
    )
    assert not d_weight.any()
    assert not d_bias.any()

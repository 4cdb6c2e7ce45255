import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS

RUNGS = ("reference", "loops")


def forward(rung, x, epsilon=1e-3, gamma=None, beta=None):
    C = x.shape[1]
    gamma = np.ones(C, x.dtype) if gamma is None else gamma
    beta = np.zeros(C, x.dtype) if beta is None else beta
    y = np.full_like(x, np.nan)
    mean, variance = np.full(C, np.nan, x.dtype), np.full(C, np.nan, x.dtype)
    OPERATIONS["batch_normalization_forward"].rungs[rung](
        x, gamma, beta, epsilon, y, mean, variance
    )
    return y, mean, variance


@pytest.mark.parametrize("rung", RUNGS)
def test_by_hand(rung):
    x = np.array([[1.0, 0], [3, 0], [1, 0], [3, 0]])
    y, mean, variance = forward(
        rung, x, epsilon=3.0, gamma=np.array([4.0, 1]), beta=np.array([10.0, 7])
    )
    assert mean.tolist() == [2, 0]
    assert variance.tolist() == [1, 0]  # of the four, not of three
    assert y.tolist() == [[8, 7], [12, 7], [8, 7], [12, 7]]


@pytest.mark.parametrize("rung", RUNGS)
def test_one_row_has_no_variance(rung):
    y, mean, variance = forward(rung, np.array([[5.0, -2]]))
    assert (mean.tolist(), variance.tolist(), y.tolist()) == ([5, -2], [0, 0], [[0, 0]])


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("rows", [1000, 50_000])
def test_a_large_mean_does_not_spoil_the_variance(rung, rows):
    # Integers, so that x is exact in float32, and E[x²] − E[x]² in it is not even
    # positive: the squares are of order 10¹² and the variance is 2/3.
    rng = np.random.default_rng(11)
    x = (1_000_000 + rng.integers(-1, 2, (rows, 3))).astype(np.float32)
    y, _, variance = forward(rung, x)
    exact = x.astype(np.float64)
    # The mean itself is rounded to float32, here to a sixteenth.
    tolerance = np.spacing(np.float32(1e6)) ** 2
    np.testing.assert_allclose(variance, exact.var(axis=0), rtol=1e-5, atol=tolerance)
    assert np.abs(y.std(axis=0) - 1).max() < 1e-2


def test_means_of_many_rows_are_exact_to_the_last_bits():
    # 0.1 summed 40,000 times in float32 is off by 4e-4 of itself.
    x = np.full((40_000, 2), 0.1, np.float32)
    _, mean, variance = forward("loops", x)
    assert mean.tolist() == x[0].tolist()
    assert np.all(variance <= np.finfo(np.float32).eps ** 2)


@pytest.mark.parametrize("rows", [1, 3, 10_923, 21_846, 30_000])
def test_chunks_merge_to_the_mean_and_variance_of_the_whole(rows):
    # Of three channels, 10,922 rows make a chunk. Means differ between the chunks.
    x = np.random.default_rng(12).standard_normal((rows, 3))
    x += np.linspace(0, 10, rows)[:, None]
    _, mean, variance = forward("loops", x)
    rounding = rows * np.finfo(float).eps
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=0, atol=rounding * 15)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=rounding, atol=0)


@pytest.mark.parametrize("rung", RUNGS)
def test_gradient_has_no_part_along_the_mean_or_x(rung):
    # Shifting or scaling a channel changes nothing, if epsilon is 0.
    rng = np.random.default_rng(13)
    x, dy = rng.standard_normal((50, 4)), rng.standard_normal((50, 4))
    _, mean, variance = forward(rung, x)
    dx, d_gamma, d_beta = np.empty((50, 4)), np.empty(4), np.empty(4)
    OPERATIONS["batch_normalization_backward"].rungs[rung](
        x, mean, variance, np.ones(4), 0.0, dy, dx, d_gamma, d_beta
    )
    tolerance = 100 * 50 * np.finfo(float).eps
    assert np.abs(dx.sum(axis=0)).max() < tolerance
    assert np.abs((dx * (x - mean)).sum(axis=0)).max() < tolerance

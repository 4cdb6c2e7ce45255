"""What `pooled_convolution` promises beside agreeing with its reference."""

import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS
from scratchnet.kernels.pooled_convolution.operands import Gradients, Options
from tests.kernels.cases import CASES, DTYPES
from tests.kernels.run_cases import LARGE

RUNGS = list(OPERATIONS["pooled_convolution_forward"].rungs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pick", LARGE)
@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    "operation", ["pooled_convolution_backward", "normalised_convolution_backward"]
)
def test_without_dx_the_rest_has_the_same_bits(operation, rung, pick, dtype):
    implementation = OPERATIONS[operation].rungs[rung]
    with_dx = CASES[operation](pick, np.random.default_rng(1), dtype)
    without = CASES[operation](pick, np.random.default_rng(1), dtype)
    without.written["gradients"] = without.written["gradients"]._replace(dx=None)
    expected, _ = with_dx.run(implementation)
    for name, result in without.run(implementation)[0].items():
        np.testing.assert_array_equal(result, expected[name], name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pick", LARGE)
@pytest.mark.parametrize("rung", RUNGS)
def test_without_chosen_y_has_the_same_bits(rung, pick, dtype):
    name = "pooled_convolution_forward"
    implementation = OPERATIONS[name].rungs[rung]
    kept = CASES[name](pick, np.random.default_rng(1), dtype)
    without = CASES[name](pick, np.random.default_rng(1), dtype)
    del without.written["chosen"]
    without.arguments["chosen"] = None
    expected, _ = kept.run(implementation)
    results, _ = without.run(implementation)
    np.testing.assert_array_equal(results["y"], expected["y"])


# Eight channels that are alike, so that `winograd` takes part; a kernel that copies.

CHANNELS = 8


def copying(image):
    """Return arguments of a convolution that gives an image back."""
    x = np.array(image, float)[np.newaxis, :, :, np.newaxis].repeat(CHANNELS, axis=3)
    weight = np.zeros((3, 3, CHANNELS, CHANNELS))
    weight[1, 1] = np.eye(CHANNELS)
    return x, weight, np.zeros(CHANNELS)


def forward(rung, image, pool_size):
    x, weight, bias = copying(image)
    plane = [n // size for n, size in zip(x.shape[1:3], pool_size, strict=True)]
    y, chosen = (np.full((1, *plane, CHANNELS), np.nan) for _ in range(2))
    OPERATIONS["pooled_convolution_forward"].rungs[rung](
        x, weight, bias, y, chosen, Options((1, 1), (1, 1), pool_size)
    )
    return y[0, ..., -1].tolist(), chosen[0, ..., -1].tolist()


@pytest.mark.parametrize("rung", RUNGS)
class TestByHand:
    def test_the_first_of_equal_maxima_is_chosen(self, rung):
        image = [[1, 3, 0, 0], [3, 3, 0, 5]]
        assert forward(rung, image, (2, 2)) == ([[3, 5]], [[1, 3]])

    def test_nothing_is_chosen_where_nothing_is_positive(self, rung):
        image = [[-1, 0], [-2, -3]]
        assert forward(rung, image, (2, 2)) == ([[0]], [[-1]])

    def test_rows_and_columns_that_no_window_reaches_do_not_count(self, rung):
        image = [[1, 2, 9], [3, 4, 9], [9, 9, 9]]
        assert forward(rung, image, (2, 2)) == ([[4]], [[3]])

    def test_a_gradient_goes_where_its_maximum_was(self, rung):
        x, weight, _ = copying([[1, 3, 0, 0], [3, 3, 0, 5]])
        dy, chosen = np.full((2, 1, 1, 2, CHANNELS), 7.0)
        chosen[..., :1, :], chosen[..., 1:, :] = 1, -1
        d_weight, d_bias, dx = np.empty_like(weight), np.empty(CHANNELS), x.copy()
        OPERATIONS["pooled_convolution_backward"].rungs[rung](
            *(x, weight, dy, chosen, Gradients(d_weight, d_bias, dx)),
            Options((1, 1), (1, 1), (2, 2)),
        )
        assert dx[0, ..., 0].tolist() == [[0, 7, 0, 0], [0, 0, 0, 0]]
        assert d_bias.tolist() == [7] * CHANNELS
        assert d_weight[1, 1, 0, 0] == 7 * 3

    @pytest.mark.parametrize("where", range(4))
    def test_nan_is_not_hidden(self, rung, where):
        image = np.array([1.0, 2, 3, 4])
        image[where] = np.nan
        y, chosen = forward(rung, image.reshape(2, 2), (2, 2))
        assert np.isnan(y[0][0])
        assert chosen == [[-1]]

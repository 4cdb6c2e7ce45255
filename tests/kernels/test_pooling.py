import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS

RUNGS = ("reference", "loops")
NAN, INF = np.nan, np.inf


def pool(kind, rung, x, output_plane, *windows):
    x = np.array(x, float).reshape(1, *np.shape(x), 1)
    y = np.full((1, *output_plane, 1), NAN)
    OPERATIONS[f"{kind}_pooling_forward"].rungs[rung](x, y, *windows)
    return y.reshape(output_plane).tolist()


def unpool_max(rung, x, y, dy, *windows):
    x, y, dy = (np.array(a, float).reshape(1, *np.shape(a), 1) for a in (x, y, dy))
    dx = np.full(x.shape, NAN)
    OPERATIONS["max_pooling_backward"].rungs[rung](x, y, dy, dx, *windows)
    return dx[0, :, :, 0].tolist()


def unpool_average(rung, dy, plane, *windows):
    dy = np.array(dy, float).reshape(1, *np.shape(dy), 1)
    dx = np.full((1, *plane, 1), NAN)
    OPERATIONS["average_pooling_backward"].rungs[rung](dy, dx, *windows)
    return dx[0, :, :, 0].tolist()


SQUARES = (2, 2), (2, 2), (0, 0)


@pytest.mark.parametrize("rung", RUNGS)
class TestMaxPooling:
    def test_by_hand(self, rung):
        x = np.arange(20).reshape(4, 5)
        assert pool("max", rung, x, (2, 2), *SQUARES) == [[6, 8], [16, 18]]

    def test_padding_is_never_the_maximum(self, rung):
        x = [[-5, -6], [-7, -8]]
        y = pool("max", rung, x, (2, 2), (2, 2), (1, 1), (0, 0))
        assert y == [[-5, -6], [-7, -8]]
        y = pool("max", rung, x, (2, 2), (2, 2), (1, 1), (1, 1))
        assert y == [[-5, -5], [-5, -5]]

    @pytest.mark.parametrize("where", range(4))
    def test_nan_makes_its_window_nan(self, rung, where):
        x = [1.0, 2.0, 3.0, INF]
        x[where] = NAN
        y = pool("max", rung, np.reshape(x, (2, 2)), (1, 1), *SQUARES)
        assert np.isnan(y[0][0])

    def test_nan_passes_no_gradient(self, rung):
        dx = unpool_max(rung, [[1, NAN], [2, 3]], [[NAN]], [[1]], *SQUARES)
        assert dx == [[0, 0], [0, 0]]

    def test_gradient_goes_to_the_first_of_equal_maxima(self, rung):
        dx = unpool_max(rung, [[1, 2], [2, 2]], [[2]], [[5]], *SQUARES)
        assert dx == [[0, 5], [0, 0]]

    def test_gradients_of_overlapping_windows_add_up(self, rung):
        x, y = [[1, 9, 2]], [[9, 9]]
        dx = unpool_max(rung, x, y, [[1, 10]], (1, 2), (1, 1), (0, 0))
        assert dx == [[0, 11, 0]]

    def test_pixels_between_windows_get_no_gradient(self, rung):
        dx = unpool_max(rung, [[1, 2, 3]], [[1, 3]], [[7, 8]], (1, 1), (1, 2), (0, 0))
        assert dx == [[7, 0, 8]]

    def test_a_window_of_minus_infinity_is_not_mistaken_for_padding(self, rung):
        windows = (2, 2), (1, 1), (1, 1)
        assert pool("max", rung, [[-INF]], (1, 1), *windows) == [[-INF]]
        assert unpool_max(rung, [[-INF]], [[-INF]], [[3]], *windows) == [[3]]


@pytest.mark.parametrize("rung", RUNGS)
class TestAveragePooling:
    def test_by_hand(self, rung):
        x = np.arange(20).reshape(4, 5)
        assert pool("average", rung, x, (2, 2), *SQUARES) == [[3, 5], [13, 15]]

    def test_padding_is_not_counted(self, rung):
        # Windows that start at −1: one pixel, two above each other, and so on.
        x = [[2, 4], [6, 8]]
        y = pool("average", rung, x, (2, 2), (2, 2), (1, 1), (1, 1))
        assert y == [[2, 3], [4, 5]]

    def test_gradient_is_shared_by_the_pixels_counted(self, rung):
        dx = unpool_average(rung, [[1, 2], [4, 8]], (2, 2), (2, 2), (1, 1), (1, 1))
        assert dx == [[1 + 1 + 2 + 2, 1 + 2], [2 + 2, 2]]

    def test_the_whole_map_is_a_window(self, rung):
        windows = (4, 5), (1, 1), (0, 0)
        assert pool("average", rung, np.arange(20).reshape(4, 5), (1, 1), *windows) == [
            [9.5]
        ]
        assert unpool_average(rung, [[40]], (4, 5), *windows) == [[2] * 5] * 4

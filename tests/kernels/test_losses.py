import math

import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS

RUNGS = ("reference", "loops")


def from_logits(rung, logits, targets, dtype=float):
    logits, targets = np.array(logits, dtype), np.array(targets, dtype)
    losses, probabilities = np.empty(len(logits), dtype), np.empty_like(logits)
    OPERATIONS["softmax_cross_entropy_forward"].rungs[rung](
        logits, targets, losses, probabilities
    )
    return losses, probabilities


def from_probabilities(rung, p, targets, normalise, dtype=np.float32):
    p, targets = np.array(p, dtype), np.array(targets, dtype)
    losses, dp = np.empty(len(p), dtype), np.empty_like(p)
    OPERATIONS["cross_entropy_forward"].rungs[rung](p, targets, losses, normalise)
    OPERATIONS["cross_entropy_backward"].rungs[rung](
        p, targets, np.ones(len(p), dtype), dp, normalise
    )
    return losses, dp


@pytest.mark.parametrize("rung", RUNGS)
class TestSoftmaxCrossEntropy:
    def test_by_hand(self, rung):
        losses, p = from_logits(rung, [[0, math.log(3)], [4, 4]], [[1, 0], [0.5, 0.5]])
        np.testing.assert_allclose(losses, [math.log(4), math.log(2)], rtol=1e-15)
        np.testing.assert_allclose(p, [[0.25, 0.75], [0.5, 0.5]], rtol=1e-15)

    def test_a_hopeless_class_has_a_finite_loss(self, rung):
        losses, p = from_logits(rung, [[0, 1000], [1000, 0]], [[1, 0]] * 2, np.float32)
        assert losses.tolist() == [1000, 0]
        assert p.tolist() == [[0, 1], [1, 0]]

    def test_nan_is_not_hidden(self, rung):
        losses, _ = from_logits(rung, [[np.nan, 1]], [[0, 1]])
        assert np.isnan(losses[0])

    def test_gradient_by_hand(self, rung):
        gradient = np.empty((2, 2))
        OPERATIONS["softmax_cross_entropy_backward"].rungs[rung](
            np.array([[0.25, 0.75]] * 2),
            np.array([[1.0, 0], [2, 2]]),
            np.array([4.0, 1]),
            gradient,
        )
        assert gradient.tolist() == [[-3, 3], [-1, 1]]


@pytest.mark.parametrize("rung", RUNGS)
class TestCrossEntropy:
    def test_probabilities_are_clipped_as_keras_clips(self, rung):
        losses, _ = from_probabilities(rung, [[0, 1], [0, 1]], [[1, 0], [0, 1]], True)
        assert losses[0] == pytest.approx(16.118095, abs=2e-6)
        assert losses[1] == pytest.approx(-math.log1p(-1.1920929e-07), abs=1e-8)

    def test_clipped_probabilities_have_no_gradient(self, rung):
        _, dp = from_probabilities(rung, [[0, 1]], [[0.5, 0.5]], True)
        assert dp.tolist() == [[0, 0]]

    def test_normalising_makes_the_scale_of_a_row_irrelevant(self, rung):
        losses, dp = from_probabilities(rung, [[1, 3]], [[1, 0]], True)
        assert losses[0] == pytest.approx(math.log(4), rel=1e-6)
        # −1/p + 1/∑p for the target, 1/∑p for the other.
        np.testing.assert_allclose(dp, [[-0.75, 0.25]], rtol=1e-6)

    def test_without_normalising_it_is_clipped_instead(self, rung):
        losses, dp = from_probabilities(rung, [[0.25, 3]], [[1, 1]], False)
        assert losses[0] == pytest.approx(math.log(4), rel=1e-6)
        np.testing.assert_allclose(dp, [[-4, 0]], rtol=1e-6)


@pytest.mark.parametrize("rung", RUNGS)
def test_mean_squared_error_by_hand(rung):
    predictions, targets = np.array([[1.0, 5], [0, 0]]), np.array([[0.0, 2], [0, 0]])
    losses, gradient = np.empty(2), np.empty((2, 2))
    OPERATIONS["mean_squared_error_forward"].rungs[rung](predictions, targets, losses)
    OPERATIONS["mean_squared_error_backward"].rungs[rung](
        predictions, targets, np.array([10.0, 1]), gradient
    )
    assert losses.tolist() == [5, 0]
    assert gradient.tolist() == [[10, 30], [0, 0]]

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import Normalization
from tests.layers.suite import Case, LayerSuite, refuses

RNG = np.random.default_rng(3)


class TestNormalization(LayerSuite):
    layer = Normalization
    terms = 4
    cases = (
        Case({}, (4, 5, 2), (4, 5, 2), {"mean": (2,), "variance": (2,), "count": ()}),
        Case(
            {"axis": (1, -1), "invert": True},
            (4, 5, 2),
            (4, 5, 2),
            {"mean": (4, 2), "variance": (4, 2), "count": ()},
        ),
        Case({"axis": None, "mean": 2.0, "variance": 9.0}, (3,), (3,)),
    )

    def expected(self, layer, x, weights):
        mean = weights.get("mean", np.float64(2))
        deviation = np.sqrt(weights.get("variance", np.float64(9)))
        if layer.axis == (1, -1):
            return mean[:, None] + x * deviation[:, None]
        return (x - mean) / deviation


def shown(axis=-1, **settings):
    layer = Normalization(axis, **settings)
    return layer, RNG.normal(3, 2, (50, 4, 5, 2)).astype(np.float32)


@pytest.mark.parametrize(
    ("axis", "others"), [(-1, (0, 1, 2)), ((1, 3), (0, 2)), (None, (0, 1, 2, 3))]
)
def test_adapt_takes_mean_and_variance_of_arrays_and_of_batches(axis, others):
    layer, x = shown(axis)
    layer.adapt(x)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(layer.get_weights()[0], wide.mean(others), rtol=1e-6)
    np.testing.assert_allclose(layer.get_weights()[1], wide.var(others), rtol=1e-6)
    in_batches, _ = shown(axis)
    in_batches.adapt((x[i : i + 7], None) for i in range(0, len(x), 7))
    for one, other in zip(layer.get_weights(), in_batches.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    y = layer(x)
    np.testing.assert_allclose(y.mean(others), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(others), 1, rtol=1e-5)


def test_adapting_again_starts_anew_and_a_constant_is_not_divided_by_0():
    layer, x = shown()
    layer.adapt(x)
    layer.adapt(np.full_like(x, 7))
    np.testing.assert_array_equal(layer.mean.ravel(), [7, 7])
    np.testing.assert_array_equal(layer(np.full_like(x, 7)), np.zeros_like(x))


def test_what_does_not_fit_is_said():
    layer, x = shown()
    layer.adapt(x)
    with pytest.raises(ValueError, match="of the same size in axis"):
        layer.adapt(x[..., :1])
    with pytest.raises(ValueError, match="at least one batch"):
        layer.adapt([])
    with pytest.raises(TypeError, match="an array or batches, received 3"):
        layer.adapt(3)
    with pytest.raises(RuntimeError, match="was given its mean and variance"):
        Normalization(mean=1.0, variance=1.0).adapt(x)
    with pytest.raises(ValueError, match="axis from -4 to 3"):
        Normalization(axis=4)(x)
    refuses(Normalization, {"mean": 1.0}, "mean and variance, or neither")
    refuses(Normalization, {"mean": [1.0, 2.0], "variance": 1.0}, "of one shape")

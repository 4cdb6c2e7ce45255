"""Layers that move elements, repeat them or mix them by fixed weights."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from scratchnet import layers
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses

IMAGE = (3, 4, 2)


class TestReshape(RefusesShapes, LayerSuite):
    layer = layers.Reshape
    cases = (
        Case({"target_shape": (-1,)}, IMAGE, (24,)),
        Case({"target_shape": (4, -1, 1)}, IMAGE, (4, 6, 1)),
    )
    bad_shapes = (
        ({"target_shape": (5,)}, (2, 6), r"fills \(5,\), received \(N, 6\)"),
        ({"target_shape": (4, -1)}, (2, 3, 2), r"fills \(4, -1\), received"),
    )

    def expected(self, layer, x, weights):
        return np.stack([sample.flatten().reshape(layer.target_shape) for sample in x])

    def test_input_of_another_shape_than_built_for_is_refused(self, case):
        layer = self.built(case)
        with pytest.raises(ValueError, match=f"{layer.name}.*expected input"):
            layer(np.ones((2, *case.input_shape, 1), np.float32))


class TestPermute(RefusesShapes, LayerSuite):
    layer = layers.Permute
    cases = (Case({"dims": (3, 1, 2)}, IMAGE, (2, 3, 4)),)
    bad_shapes = (
        ({"dims": (2, 1)}, (2, 6), r"expected input \(N, S1, S2\), received \(N, 6\)"),
    )

    def expected(self, layer, x, weights):
        return np.moveaxis(x, layer.dims, range(1, x.ndim))


class TestRepeatVector(RefusesShapes, LayerSuite):
    layer = layers.RepeatVector
    cases = (Case({"n": 3}, (4,), (3, 4)),)
    bad_shapes = (({"n": 2}, (2, 3, 4), r"expected input \(N, F\)"),)

    def expected(self, layer, x, weights):
        return np.stack([x] * layer.n, axis=1)


class TestZeroPadding1D(RefusesShapes, LayerSuite):
    layer = layers.ZeroPadding1D
    cases = (Case({"padding": (0, 2)}, (3, 2), (5, 2)),)
    bad_shapes = (({}, (2, 4, 4, 1), r"expected input \(N, L, C\)"),)

    def expected(self, layer, x, weights):
        return np.pad(x, [(0, 0), layer.padding, (0, 0)])


class TestZeroPadding2D(RefusesShapes, LayerSuite):
    layer = layers.ZeroPadding2D
    cases = (
        Case({}, IMAGE, (5, 6, 2)),
        Case({"padding": [[0, 2], [1, 0]]}, IMAGE, (5, 5, 2)),
    )
    bad_shapes = (({}, (2, 4, 4), r"expected input \(N, H, W, C\)"),)

    def expected(self, layer, x, weights):
        return np.pad(x, [(0, 0), *layer.padding, (0, 0)])


class TestCropping1D(RefusesShapes, LayerSuite):
    layer = layers.Cropping1D
    cases = (Case({"cropping": (1, 0)}, (3, 2), (2, 2)),)
    bad_shapes = (
        ({}, (2, 4, 4, 1), r"expected input \(N, L, C\)"),
        ({}, (2, 2, 4), r"larger than what is cut off, \(\(1, 1\),\), received"),
    )

    def expected(self, layer, x, weights):
        first, last = layer.cropping
        return x[:, first : x.shape[1] - last]


class TestCropping2D(RefusesShapes, LayerSuite):
    layer = layers.Cropping2D
    cases = (
        Case({"cropping": (0, 1)}, IMAGE, (3, 2, 2)),
        Case({"cropping": [[0, 2], [1, 0]]}, IMAGE, (1, 3, 2)),
    )
    bad_shapes = (
        ({}, (2, 4, 4), r"expected input \(N, H, W, C\)"),
        ({"cropping": 2}, (2, 5, 4, 1), r"cut off, .* received \(N, 5, 4, 1\)"),
    )

    def expected(self, layer, x, weights):
        (top, bottom), (left, right) = layer.cropping
        return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


class TestUpSampling1D(RefusesShapes, LayerSuite):
    layer = layers.UpSampling1D
    cases = (Case({"size": 3}, (1, 17), (3, 17)),)
    bad_shapes = (({}, (2, 4, 4, 1), r"expected input \(N, L, C\)"),)

    def expected(self, layer, x, weights):
        return np.kron(x, np.ones((1, layer.size, 1)))


class TestUpSampling2D(RefusesShapes, LayerSuite):
    layer = layers.UpSampling2D
    cases = (
        Case({}, IMAGE, (6, 8, 2)),
        Case({"size": (1, 3)}, IMAGE, (3, 12, 2)),
        Case({"size": (3, 1), "interpolation": "BILINEAR"}, IMAGE, (9, 4, 2)),
        Case({"size": 2, "interpolation": "bilinear"}, (1, 1, 2), (2, 2, 2)),
    )
    bad_shapes = (({}, (2, 4, 4), r"expected input \(N, H, W, C\)"),)

    def expected(self, layer, x, weights):
        if layer.interpolation == "nearest":
            return np.kron(x, np.ones((1, *layer.size, 1)))
        # SciPy wants two pixels at least; those outside of the image repeat its edge.
        x = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
        grid = [np.arange(size) - 1.0 for size in x.shape[1:3]]
        points = np.meshgrid(
            *(
                (np.arange((len(axis) - 2) * factor) + 0.5) / factor - 0.5
                for axis, factor in zip(grid, layer.size, strict=True)
            ),
            indexing="ij",
        )
        return np.stack(
            [RegularGridInterpolator(grid, one)(tuple(points)) for one in x]
        )


def test_an_open_dimension_stays_open():
    assert layers.Reshape((3, -1)).compute_output_shape((None, None, 3)) == (
        *(None, 3, None),
    )


@pytest.mark.parametrize(
    ("layer", "settings", "message"),
    [
        ("Reshape", {"target_shape": (2, -1, -1)}, "at most one −1 in target_shape"),
        ("Reshape", {"target_shape": (2, -2)}, "positive integers or −1"),
        ("Permute", {"dims": (0, 1)}, "each of 1, 2, … once, received"),
        ("Permute", {"dims": (1, 1)}, "each of 1, 2, … once, received"),
        ("RepeatVector", {"n": 0}, "positive integer for n"),
        ("ZeroPadding2D", {"padding": -1}, "integers of at least 0 for padding"),
        ("ZeroPadding2D", {"padding": (1, 2, 3)}, r"padding to be one integer, \(rows"),
        ("ZeroPadding2D", {"padding": ((1, 2, 3), 1)}, "one or two integers of"),
        ("ZeroPadding1D", {"padding": 1.5}, "one or two integers of at least 0"),
        ("Cropping2D", {"cropping": "1"}, "one or two integers of at least 0"),
        ("Cropping1D", {"cropping": (1, 2, 3)}, "one or two integers of at least 0"),
        ("Cropping2D", {"data_format": "channels_first"}, "is outside"),
        ("UpSampling2D", {"size": 0}, "positive integer for size"),
        ("UpSampling2D", {"interpolation": "bicubic"}, "='bicubic' is outside"),
        ("UpSampling2D", {"interpolation": "cubic"}, "one of nearest, bilinear"),
    ],
)
def test_bad_settings_are_refused(layer, settings, message):
    refuses(getattr(layers, layer), settings, message)


@pytest.mark.parametrize(
    ("layer", "settings"),
    [
        ("Reshape", {"target_shape": 4}),
        ("RepeatVector", {"n": 2.0}),
        ("UpSampling1D", {"size": (2, 2)}),
    ],
)
def test_what_is_of_another_type_is_refused_as_in_keras(layer, settings):
    with pytest.raises(TypeError, match="expected"):
        getattr(layers, layer)(**settings)

from __future__ import annotations

import numpy as np
import pytest

from scratchnet.layers import CenterCrop, Resizing
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses

RANK = ((4, 6), r"expected input \(N, H, W, C\), received \(N, 6\)")


def resized(x, height, width, interpolation):
    """Interpolate along one axis after the other, in float64."""
    for axis, size in ((1, height), (2, width)):
        before = x.shape[axis]
        places = (np.arange(size) + 0.5) * before / size - 0.5
        if interpolation == "nearest":
            x = np.take(x, np.floor(places + 0.5 + 1e-9).astype(int), axis)
            continue
        x = np.apply_along_axis(
            lambda row, to=places, size=before: np.interp(to, np.arange(size), row),
            axis,
            x,
        )
    return x


class TestResizing(RefusesShapes, LayerSuite):
    layer = Resizing
    terms = 16  # and places in float32, of which a few hundred-thousandths are off
    cases = (
        Case({"height": 9, "width": 4}, (5, 6, 2), (9, 4, 2)),
        Case(
            {"height": 3, "width": 7, "interpolation": "nearest"}, (7, 9, 1), (3, 7, 1)
        ),
    )
    bad_shapes = (({"height": 2, "width": 2}, *RANK),)

    def expected(self, layer, x, weights):
        return resized(x, layer.height, layer.width, layer.interpolation)

    def tolerance(self, reference, dtype):
        # Places are computed in float32, whatever the images are in.
        return super().tolerance(reference, "float32")

    def test_any_memory_layout_and_number_type_of_x(self, case):
        x = np.rint(self.batch(case) * 10)
        y = self.built(case)(x)
        whole = self.built(case)(x.astype(np.int64))
        assert whole.dtype == np.int64
        np.testing.assert_array_equal(whole, np.rint(y))


def test_the_shape_of_things_is_kept_by_cropping_or_padding():
    x = np.random.default_rng(0).random((2, 4, 10, 3))
    cropped = Resizing(6, 6, crop_to_aspect_ratio=True, dtype="float64")(x)
    np.testing.assert_allclose(
        cropped, resized(x[:, :, 3:7], 6, 6, "bilinear"), atol=1e-5
    )
    settings = {"pad_to_aspect_ratio": True, "fill_value": 0.5, "dtype": "float64"}
    padded = np.pad(x, ((0, 0), (3, 3), (0, 0), (0, 0)), constant_values=0.5)
    np.testing.assert_allclose(
        Resizing(5, 5, **settings)(x), resized(padded, 5, 5, "bilinear"), atol=1e-5
    )


def test_one_image_and_images_of_any_size_by_hand():
    layer = Resizing(3, 3)
    for shape in ((5, 4, 1), (2, 9, 8, 3), (6, 6, 2)):
        assert layer(np.ones(shape)).shape == (*shape[:-3], 3, 3, shape[-1])
    pixels = np.array([[[0], [255]]], np.uint8)
    np.testing.assert_array_equal(Resizing(1, 4)(pixels)[0, :, 0], [0, 64, 191, 255])


def test_what_can_not_be_done_is_refused():
    refuses(Resizing, {"height": 0, "width": 2}, "a positive integer for height")
    size = {"height": 2, "width": 2}
    refuses(Resizing, {**size, "interpolation": "bicubic"}, "'bicubic' is outside")
    refuses(Resizing, {**size, "interpolation": "none"}, "interpolation to be one of")
    refuses(Resizing, {**size, "antialias": True}, "antialias=True is outside")
    both = {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}
    refuses(Resizing, size | both, "received both")


class TestCenterCrop(RefusesShapes, LayerSuite):
    layer = CenterCrop
    terms = 16
    cases = (
        Case({"height": 3, "width": 4}, (6, 7, 2), (3, 4, 2)),
        Case({"height": 8, "width": 2}, (6, 7, 2), (8, 2, 2)),
    )
    bad_shapes = (({"height": 2, "width": 2}, *RANK),)

    def expected(self, layer, x, weights):
        if layer.height == 3:
            return x[:, 1:4, 1:5]
        return resized(x[:, :, 3:4], 8, 2, "bilinear")

    def tolerance(self, reference, dtype):
        return super().tolerance(reference, "float32")


def test_a_layer_in_a_model_takes_the_size_of_its_input_only():
    from scratchnet import Input, Sequential

    model = Sequential([Input((6, 6, 1)), Resizing(3, 3), CenterCrop(2, 2)])
    assert model.output_shape == (None, 2, 2, 1)
    assert model.predict(np.ones((2, 6, 6, 1)), verbose=0).shape == (2, 2, 2, 1)
    with pytest.raises(ValueError, match="expected x of shape"):
        model.predict(np.ones((2, 7, 6, 1)), verbose=0)

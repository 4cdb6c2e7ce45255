"""Filters, feature maps and saliency: the arrays, and what the figures show of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from scratchnet import Input, Model, Sequential, inspection, layers, utils
from scratchnet.inspection import figures


def colour_network() -> Sequential:
    utils.set_random_seed(1)
    return Sequential(
        [
            Input((8, 7, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(5, 3, activation="relu", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.3),
            layers.Dense(4, activation="softmax", name="out$1$"),
        ],
        name="colour",
    )


def image(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, shape, np.uint8)


def drawn(figure) -> list[np.ndarray]:
    """Return what every picture of a figure shows, in its order."""
    figure.canvas.draw()  # a layout that doesn't fit would warn
    return [
        np.asarray(shown.get_array())
        for axes in figure.get_axes()
        for shown in axes.get_images()
    ]


def texts(figure) -> str:
    import matplotlib.text

    found = figure.findobj(matplotlib.text.Text)
    return "\n".join(text.get_text() for text in found)


# First-layer filters.


def test_filters_of_a_convolution():
    model = colour_network()
    kernel = model.get_layer("conv").params["kernel"]
    filters = inspection.first_filters(model)
    assert filters.shape == (5, 3, 3, 3)
    for number in range(5):
        np.testing.assert_array_equal(filters[number], kernel[..., number])
    filters[...] = 0
    assert kernel.any()  # a copy


def test_colour_filters_are_drawn_with_grey_for_nothing():
    model = colour_network()
    pictures = drawn(inspection.plot_filters(model))
    assert len(pictures) == 5
    for picture, one in zip(pictures, inspection.first_filters(model), strict=True):
        np.testing.assert_allclose(picture, 0.5 + 0.5 * one / np.abs(one).max())


def test_filters_of_a_dense_layer_are_images_of_its_weights():
    model = Sequential([Input((3, 4)), layers.Flatten(), layers.Dense(2, name="first")])
    kernel = model.get_layer("first").params["kernel"]
    filters = inspection.first_filters(model)
    assert filters.shape == (2, 3, 4, 1)
    assert filters[1, 2, 3, 0] == kernel[2 * 4 + 3, 1]
    pictures = drawn(inspection.plot_filters(model))
    np.testing.assert_array_equal(pictures[1], filters[1, ..., 0])
    figure = inspection.plot_filters(model, most=1)
    assert len(drawn(figure)) == 1 and "the first 1 of 2" in texts(figure)


def test_filters_of_two_channels_are_drawn_one_by_one():
    model = Sequential([Input((5, 5, 2)), layers.Conv2D(3, 3)])
    pictures = drawn(inspection.plot_filters(model))
    filters = inspection.first_filters(model)
    assert len(pictures) == 6
    np.testing.assert_array_equal(pictures[3], filters[1, ..., 1])


def test_a_model_that_sees_no_image_has_no_filters():
    model = Sequential([Input((5,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="begin with a convolution"):
        inspection.first_filters(model)
    pooled = Sequential(
        [Input((4, 4, 1)), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(2)]
    )
    with pytest.raises(ValueError, match="begin with a convolution"):
        inspection.first_filters(pooled)


# Feature maps.


def test_feature_maps_are_what_numpy_makes_of_the_image():
    model, x = colour_network(), image((8, 7, 3))
    maps = inspection.feature_maps(model, x)
    assert list(maps) == [layer.name for layer in model.layers]
    kernel, bias = model.get_layer("conv").get_weights()
    scaled = x / 255
    convolved = np.stack(
        [
            correlate(scaled, kernel[..., number].astype(float), "valid")[..., 0]
            + bias[number]
            for number in range(5)
        ],
        axis=-1,
    )
    rectified = np.maximum(convolved, 0)
    np.testing.assert_allclose(maps["conv"], rectified, atol=1e-5)
    normalized = rectified / np.sqrt(1.001)
    np.testing.assert_allclose(maps["norm"], normalized, atol=1e-5)
    windows = normalized[:6, :4].reshape(3, 2, 2, 2, 5)
    np.testing.assert_allclose(maps["pool"], windows.max(axis=(1, 3)), atol=1e-5)
    np.testing.assert_allclose(maps["out$1$"].sum(), 1, atol=1e-6)


def test_the_figure_of_feature_maps_shows_the_strongest_first():
    model, x = colour_network(), image((8, 7, 3))
    figure = inspection.plot_feature_maps(model, x, most=3)
    maps = inspection.feature_maps(model, x)
    pictures = drawn(figure)
    # The image, three maps each of conv, norm and pool, and the units of the output.
    assert len(pictures) == 1 + 3 * 3 + 1
    np.testing.assert_allclose(pictures[0], (x - x.min()) / np.ptp(x))
    order = np.argsort(-maps["conv"].mean((0, 1)))[:3]
    for picture, channel in zip(pictures[1:4], order, strict=True):
        np.testing.assert_array_equal(picture, maps["conv"][..., channel])
    np.testing.assert_array_equal(pictures[-1][0, :4], maps["out$1$"])
    said = texts(figure)
    assert "conv  6 × 5 × 5" in said and "pool  3 × 2 × 5" in said
    assert "out$1$  4 units" in said and "rescaling" not in said


def test_feature_maps_of_a_model_without_images():
    model = Sequential([Input((3,)), layers.Dense(2, name="dense")])
    x = np.array([1.0, -2.0, 3.0])
    pictures = drawn(inspection.plot_feature_maps(model, x))
    np.testing.assert_array_equal(pictures[0][0, :3], x)
    np.testing.assert_array_equal(
        pictures[1][0, :2], inspection.feature_maps(model, x)["dense"]
    )


def branching_network() -> Model:
    """A stem, and a block past which the stem's output goes as well."""
    utils.set_random_seed(1)
    start = Input((6, 6, 1))
    stem = layers.Conv2D(3, 3, activation="relu", name="stem")(start)
    conv = layers.Conv2D(3, 3, padding="same", name="conv")
    block = Sequential([conv, layers.ReLU(name="relu")], name="block")
    added = layers.Add(name="add")([stem, block(stem)])
    pooled = layers.GlobalAveragePooling2D(name="pool")(added)
    return Model(start, layers.Dense(3, activation="softmax", name="out")(pooled))


def test_layers_of_a_model_in_the_model_are_looked_at_by_their_paths():
    model, x = branching_network(), image((6, 6, 1))
    maps = inspection.feature_maps(model, x)
    assert list(maps) == ["stem", "block/conv", "block/relu", "add", "pool", "out"]
    np.testing.assert_array_equal(maps["add"], maps["stem"] + maps["block/relu"])
    said = texts(inspection.plot_feature_maps(model, x))
    assert "block/conv  4 × 4 × 3" in said
    statistics = inspection.activation_statistics(model, x[None])
    assert [path for path, one in statistics.items() if one.dead is not None] == [
        "stem",
        "block/relu",
    ]
    kernel = model.get_layer("stem").params["kernel"]
    np.testing.assert_array_equal(
        inspection.first_filters(model), np.moveaxis(kernel, -1, 0)
    )
    assert inspection.gradient_saliency(model, x).shape == (6, 6, 1)
    assert inspection.occlusion(model, x).shape == (6, 6)


# Saliency.


def linear_network() -> Sequential:
    model = Sequential([Input((6, 6, 1)), layers.Flatten(), layers.Dense(3)])
    weights = np.random.default_rng(4).normal(size=(36, 3))
    model.set_weights([weights, np.zeros(3)])
    return model


def test_the_gradient_of_a_linear_model_is_its_weights():
    model, x = linear_network(), image((6, 6, 1))
    found = inspection.gradient_saliency(model, x, 2)
    kernel = model.get_weights()[0]
    np.testing.assert_array_equal(found[..., 0], kernel[:, 2].reshape(6, 6))
    best = int(model.predict(x[None], verbose=0).argmax())
    np.testing.assert_array_equal(
        inspection.gradient_saliency(model, x),
        inspection.gradient_saliency(model, x, best),
    )


def test_the_gradient_of_a_network_is_the_slope_of_its_logit():
    model = colour_network()
    x = image((8, 7, 3)).astype("float32")
    found = inspection.gradient_saliency(model, x, 1)
    kernel, bias = model.layers[-1].get_weights()

    def logit(moved: np.ndarray) -> float:
        flat = inspection.feature_maps(model, moved)["flat"]
        return float(flat.astype(float) @ kernel[:, 1] + bias[1])

    flat = int(np.abs(found).argmax())
    at = tuple(int(i) for i in np.unravel_index(flat, found.shape))
    above, below = x.copy(), x.copy()
    above[at] += 0.5
    below[at] -= 0.5
    slope = logit(above) - logit(below)
    assert found[at] == pytest.approx(slope, rel=0.02)


def test_occlusion_of_a_linear_model_is_what_the_window_held():
    model, x = linear_network(), image((6, 6, 1))
    found = inspection.occlusion(model, x, 0, window=2, fill=0)
    weights = model.get_weights()[0][:, 0].reshape(6, 6)
    held = weights * x[..., 0]
    lost, count = np.zeros((6, 6)), np.zeros((6, 6))
    for top in range(5):
        for left in range(5):
            part = np.s_[top : top + 2, left : left + 2]
            lost[part] += held[part].sum()
            count[part] += 1
    np.testing.assert_allclose(found, lost / count, rtol=1e-4, atol=1e-3)
    small = inspection.occlusion(model, x, 0, window=2, fill=0, batch_size=3)
    np.testing.assert_allclose(small, found, rtol=1e-5, atol=1e-4)


def test_occlusion_with_a_stride_leaves_out_what_no_window_covers():
    model, x = linear_network(), image((6, 6, 1))
    found = inspection.occlusion(model, x, window=2, stride=3)
    covered = np.zeros(6, bool)
    covered[[0, 1, 3, 4]] = True
    np.testing.assert_array_equal(np.isnan(found), ~np.outer(covered, covered))


def test_what_occlusion_refuses():
    model, x = linear_network(), image((6, 6, 1))
    with pytest.raises(ValueError, match="a window of at most 6 pixels, received 7"):
        inspection.occlusion(model, x, window=7)
    with pytest.raises(ValueError, match="a class from 0 to 2, received 3"):
        inspection.occlusion(model, x, 3)
    unpooled = Sequential([Input((6, 6, 1)), layers.Conv2D(2, 3)])
    for look in (inspection.gradient_saliency, inspection.occlusion):
        with pytest.raises(ValueError, match=r"output \(N, C\), .* \(4, 4, 2\) for"):
            look(unpooled, x)
    flat = Sequential([Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"an image \(H, W, C\), received \(4,\)"):
        inspection.occlusion(flat, np.ones(4))


def test_the_figure_of_saliency_shows_all_three():
    model, x = colour_network(), image((8, 7, 3))
    names = ["a", "b$x$", "c", "d"]
    figure = inspection.plot_saliency(model, x, 1, class_names=names, window=3)
    pictures = drawn(figure)
    gradient = np.abs(inspection.gradient_saliency(model, x, 1)).max(-1)
    np.testing.assert_array_equal(pictures[1], gradient)
    np.testing.assert_array_equal(
        pictures[2], inspection.occlusion(model, x, 1, window=3)
    )
    probability = model.predict(x[None], verbose=0)[0, 1]
    assert f"b$x$, {probability:.3f}" in texts(figure)


# Layers of one's own.


class Scale(layers.Layer):
    def build(self, input_shape, rng):
        self.add_param("scale", np.array([1.0, 2.0, -3.0]))

    def forward(self, x, *, training):
        self.remember(x, training=training)
        return x * self.params["scale"]

    def backward(self, dy):
        self.grads["scale"][...] = (self.recall() * dy).sum((0, 1, 2))
        return dy * self.params["scale"]


def test_a_layer_of_ones_own_is_looked_at_like_any_other():
    model = Sequential(
        [Input((4, 4, 3)), Scale(name="scale"), layers.GlobalAveragePooling2D()]
    )
    x = image((4, 4, 3)).astype("float32")
    maps = inspection.feature_maps(model, x)
    np.testing.assert_array_equal(maps["scale"], x * [1, 2, -3])
    assert len(drawn(inspection.plot_feature_maps(model, x))) == 1 + 3 + 1
    gradient = inspection.gradient_saliency(model, x, 2)
    np.testing.assert_allclose(gradient[..., 2], -3 / 16)
    assert not gradient[..., :2].any()
    statistics = inspection.activation_statistics(model, x[None])
    assert statistics["scale"].mean == pytest.approx(maps["scale"].mean(), rel=1e-6)


# What all figures share.


def test_an_image_without_contrast_is_drawn():
    assert len(drawn(figures.grid([np.zeros((2, 2))], columns=3, size=1))) == 1
    figure = figures.grid([np.zeros((2, 2))] * 3, columns=2, size=1, signed=True)
    assert len(drawn(figure)) == 3

"""Convolutions with gaps and groups, depthwise, separable, transposed, of sequences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve

import scratchnet as keras
from scratchnet import layers
from tests.layers.suite import Case, LayerSuite, RefusesShapes, refuses

IMAGE = (5, 6, 4)


def spread(kernel, dilation):
    """Put zeros between the rows and columns of a kernel."""
    wide = [(K - 1) * D + 1 for K, D in zip(kernel.shape, dilation, strict=False)]
    made = np.zeros((*wide, *kernel.shape[2:]))
    made[:: dilation[0], :: dilation[1]] = kernel
    return made


def padded(x, window, strides, padding):
    """Pad by the rule of TensorFlow."""
    widths = [(0, 0)] * 4
    for axis, (K, S) in enumerate(zip(window, strides, strict=True), start=1):
        if padding == "causal":
            widths[axis] = (K - 1, 0)
        if padding == "same":
            total = max((-(-x.shape[axis] // S) - 1) * S + K - x.shape[axis], 0)
            widths[axis] = (total // 2, total - total // 2)
    return np.pad(x, widths)


def grouped(x, kernel, strides, padding, dilation, groups):
    """Multiply every window with the kernel, group by group."""
    kernel = spread(kernel, dilation)
    KH, KW, C, CO = kernel.shape
    x = padded(x, (KH, KW), strides, padding)
    windows = np.lib.stride_tricks.sliding_window_view(x, (KH, KW), axis=(1, 2))
    windows = windows[:, :: strides[0], :: strides[1]]
    outputs = [
        np.tensordot(
            windows[:, :, :, g * C : (g + 1) * C],
            kernel[..., g * (CO // groups) : (g + 1) * (CO // groups)],
            ((4, 5, 3), (0, 1, 2)),
        )
        for g in range(groups)
    ]
    return np.concatenate(outputs, axis=-1)


def depthwise(x, kernel, strides, padding, dilation):
    """Take each channel for a group of its own."""
    KH, KW, C, M = kernel.shape
    kernel = kernel.reshape(KH, KW, 1, C * M)
    return grouped(x, kernel, strides, padding, dilation, groups=C)


def transposed(x, kernel, strides, padding, dilation, plane):
    """Convolve the image, its pixels apart, with SciPy, and cut the output out."""
    kernel = spread(kernel, dilation)
    N, H, W, C = x.shape
    apart = np.zeros((N, (H - 1) * strides[0] + 1, (W - 1) * strides[1] + 1, C))
    apart[:, :: strides[0], :: strides[1]] = x
    full = np.stack(
        [
            sum(convolve(image[..., c], kernel[..., o, c]) for c in range(C))
            for image in apart
            for o in range(kernel.shape[2])
        ]
    )
    full = np.moveaxis(full.reshape(N, -1, *full.shape[1:]), 1, 3)
    befores = [
        max(full.shape[i + 1] - plane[i], 0) // 2 if padding == "same" else 0
        for i in (0, 1)
    ]
    wide = np.pad(full, [(0, 0), (0, plane[0]), (0, plane[1]), (0, 0)])
    top, left = befores
    return wide[:, top : top + plane[0], left : left + plane[1]]


def finished(layer, z, weights):
    z = z + weights.get("bias", 0)
    return np.tanh(z) if layer.get_config()["activation"] == "tanh" else z


class TestConv2DWithGapsAndGroups(RefusesShapes, LayerSuite):
    layer = layers.Conv2D
    terms = 40
    cases = (
        Case(
            {"filters": 3, "kernel_size": 3, "dilation_rate": (2, 1)},
            IMAGE,
            (1, 4, 3),
            {"kernel": (3, 3, 4, 3), "bias": (3,)},
        ),
        Case(
            {"filters": 6, "kernel_size": (2, 3), "dilation_rate": 3, "groups": 2}
            | {"padding": "same", "activation": "tanh"},
            IMAGE,
            (5, 6, 6),
            {"kernel": (2, 3, 2, 6), "bias": (6,)},
        ),
        Case(
            {"filters": 4, "kernel_size": 3, "strides": 2, "groups": 4}
            | {"padding": "same", "use_bias": False},
            IMAGE,
            (3, 3, 4),
            {"kernel": (3, 3, 1, 4)},
        ),
    )
    bad_shapes = (
        (
            {"filters": 4, "kernel_size": 1, "groups": 2},
            (2, 5, 5, 3),
            r"multiple of groups=2, received \(N, 5, 5, 3\)",
        ),
        ({"filters": 1, "kernel_size": 3, "dilation_rate": 2}, (2, 4, 9, 1), "5x5 pix"),
    )

    def expected(self, layer, x, weights):
        how = layer.strides, layer.padding, layer.dilation_rate, layer.groups
        return finished(layer, grouped(x, weights["kernel"], *how), weights)


class TestConv1D(RefusesShapes, LayerSuite):
    layer = layers.Conv1D
    terms = 40
    cases = (
        Case(
            {"filters": 3, "kernel_size": 3, "strides": 2},
            (8, 2),
            (3, 3),
            {"kernel": (3, 2, 3), "bias": (3,)},
        ),
        Case(
            {"filters": 4, "kernel_size": (3,), "padding": "causal", "groups": 2}
            | {"dilation_rate": 2, "activation": "tanh"},
            (7, 2),
            (7, 4),
            {"kernel": (3, 1, 4), "bias": (4,)},
        ),
        Case(
            {"filters": 2, "kernel_size": 2, "strides": 3, "padding": "same"}
            | {"use_bias": False},
            (7, 3),
            (3, 2),
            {"kernel": (2, 3, 2)},
        ),
    )
    bad_shapes = (
        ({"filters": 2, "kernel_size": 3}, (2, 4, 4, 1), r"expected input \(N, L, C\)"),
        ({"filters": 2, "kernel_size": 3}, (2, 2, 1), "at least 1x3 pixels"),
    )

    def expected(self, layer, x, weights):
        how = (1, *layer.strides), layer.padding, (1, *layer.dilation_rate)
        z = grouped(x[:, None], weights["kernel"][None], *how, layer.groups)[:, 0]
        return finished(layer, z, weights)


class TestDepthwiseConv2D(RefusesShapes, LayerSuite):
    layer = layers.DepthwiseConv2D
    terms = 10
    cases = (
        Case(
            {"kernel_size": 3},
            (5, 9, 17),
            (3, 7, 17),
            {"kernel": (3, 3, 17, 1), "bias": (17,)},
        ),
        Case(
            {"kernel_size": (3, 2), "strides": 2, "padding": "same"}
            | {"depth_multiplier": 3, "activation": "tanh"},
            (5, 6, 2),
            (3, 3, 6),
            {"kernel": (3, 2, 2, 3), "bias": (6,)},
        ),
        Case(
            {"kernel_size": 3, "dilation_rate": (1, 2), "padding": "same"}
            | {"use_bias": False},
            (5, 6, 2),
            (5, 6, 2),
            {"kernel": (3, 3, 2, 1)},
        ),
        Case(
            {"kernel_size": 2, "dilation_rate": 2, "strides": (1, 2)},
            (5, 6, 2),
            (3, 2, 2),
            {"kernel": (2, 2, 2, 1), "bias": (2,)},
        ),
    )
    bad_shapes = (
        ({"kernel_size": 3}, (2, 4, 4), r"expected input \(N, H, W, C\)"),
        ({"kernel_size": 3}, (2, 2, 4, 1), "at least 3x3 pixels"),
    )

    def expected(self, layer, x, weights):
        how = layer.strides, layer.padding, layer.dilation_rate
        return finished(layer, depthwise(x, weights["kernel"], *how), weights)


class TestSeparableConv2D(RefusesShapes, LayerSuite):
    layer = layers.SeparableConv2D
    terms = 120
    cases = (
        Case(
            {"filters": 3, "kernel_size": 3},
            (5, 6, 2),
            (3, 4, 3),
            {
                "depthwise_kernel": (3, 3, 2, 1),
                "pointwise_kernel": (1, 1, 2, 3),
                "bias": (3,),
            },
        ),
        Case(
            {"filters": 2, "kernel_size": (2, 3), "strides": 2, "padding": "same"}
            | {"depth_multiplier": 2, "use_bias": False, "activation": "tanh"},
            (5, 6, 3),
            (3, 3, 2),
            {"depthwise_kernel": (2, 3, 3, 2), "pointwise_kernel": (1, 1, 6, 2)},
        ),
    )
    bad_shapes = (
        ({"filters": 2, "kernel_size": 3}, (2, 4, 4), r"expected input \(N, H, W, C\)"),
        ({"filters": 2, "kernel_size": 3}, (2, 2, 4, 1), "at least 3x3 pixels"),
    )

    def expected(self, layer, x, weights):
        of = layer.get_config()
        how = of["strides"], of["padding"], of["dilation_rate"]
        z = depthwise(x, weights["depthwise_kernel"], *how)
        z = np.tensordot(z, weights["pointwise_kernel"][0, 0], 1)
        return finished(layer, z, weights)


class TestConv2DTranspose(RefusesShapes, LayerSuite):
    layer = layers.Conv2DTranspose
    terms = 40
    cases = (
        Case(
            {"filters": 3, "kernel_size": 3},
            (2, 3, 2),
            (4, 5, 3),
            {"kernel": (3, 3, 3, 2), "bias": (3,)},
        ),
        Case(
            {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}
            | {"activation": "tanh"},
            (3, 2, 2),
            (6, 4, 3),
            {"kernel": (3, 3, 3, 2), "bias": (3,)},
        ),
        Case(
            {"filters": 2, "kernel_size": (2, 4), "strides": (3, 2), "padding": "same"}
            | {"output_padding": (1, 1), "use_bias": False},
            (2, 3, 2),
            (4, 5, 2),
            {"kernel": (2, 4, 2, 2)},
        ),
        Case(
            {"filters": 1, "kernel_size": 2, "strides": 3},
            (2, 3, 2),
            (6, 9, 1),
            {"kernel": (2, 2, 1, 2), "bias": (1,)},
        ),
        Case(
            {"filters": 2, "kernel_size": 3, "dilation_rate": (1, 2)}
            | {"padding": "same"},
            (2, 3, 2),
            (2, 3, 2),
            {"kernel": (3, 3, 2, 2), "bias": (2,)},
        ),
    )
    bad_shapes = (
        ({"filters": 2, "kernel_size": 3}, (2, 4, 4), r"expected input \(N, H, W, C\)"),
        (
            {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"}
            | {"output_padding": 0},
            (2, 4, 4, 1),
            r"leads back to the input .* with \(0, 0\) the output would be 6 pixels",
        ),
    )

    def expected(self, layer, x, weights):
        plane = layer.compute_output_shape(x.shape)[1:3]
        how = layer.strides, layer.padding, layer.dilation_rate, plane
        return finished(layer, transposed(x, weights["kernel"], *how), weights)


def pooled(x, layer, reduce):
    """Reduce window by window what lies inside the sequence."""
    (K,), (S,), L = layer.pool_size, layer.strides, x.shape[1]
    count, before = (L - K) // S + 1, 0
    if layer.padding == "same":
        count = -(-L // S)
        before = max((count - 1) * S + K - L, 0) // 2
    starts = [i * S - before for i in range(count)]
    return np.stack(
        [reduce(x[:, max(at, 0) : at + K], axis=1) for at in starts], axis=1
    )


class TestMaxPooling1D(RefusesShapes, LayerSuite):
    layer = layers.MaxPooling1D
    cases = (
        Case({}, (5, 2), (2, 2)),
        Case({"pool_size": 3, "strides": 2, "padding": "same"}, (6, 3), (3, 3)),
    )
    bad_shapes = (
        ({}, (2, 4, 4, 1), r"expected input \(N, L, C\)"),
        ({}, (2, 1, 4), "at least 1x2 pixels"),
    )
    reduce = staticmethod(np.max)

    def expected(self, layer, x, weights):
        return pooled(x, layer, self.reduce)

    def test_a_shape_that_the_layer_cannot_take_is_refused(self):
        for settings, shape, message in self.bad_shapes:
            with pytest.raises(ValueError, match=f"'victim'.*{message}"):
                self.layer(**settings, name="victim")(np.ones(shape, np.float32))


class TestAveragePooling1D(TestMaxPooling1D):
    layer = layers.AveragePooling1D
    cases = (
        Case({"pool_size": 2, "strides": 3}, (6, 2), (2, 2)),
        Case({"pool_size": 3, "strides": 1, "padding": "same"}, (4, 3), (4, 3)),
    )
    reduce = staticmethod(np.mean)


class TestGlobalAveragePooling1D(RefusesShapes, LayerSuite):
    layer = layers.GlobalAveragePooling1D
    cases = (Case({}, (5, 2), (2,)), Case({"keepdims": True}, (3, 2), (1, 2)))
    bad_shapes = (({}, (2, 4, 4, 1), r"expected input \(N, L, C\)"),)

    def expected(self, layer, x, weights):
        return x.mean(axis=1, keepdims=layer.keepdims)


class TestGlobalMaxPooling1D(TestGlobalAveragePooling1D):
    layer = layers.GlobalMaxPooling1D

    def expected(self, layer, x, weights):
        return x.max(axis=1, keepdims=layer.keepdims)


@pytest.mark.parametrize(
    ("layer", "settings", "message"),
    [
        ("Conv2D", {"groups": 0}, "positive integer for groups"),
        ("Conv2D", {"groups": 3}, "filters to be a multiple of groups, received"),
        (
            "Conv2D",
            {"dilation_rate": 2, "strides": 2},
            "strides or dilation_rate to be",
        ),
        ("Conv1D", {"kernel_size": (3, 3)}, "positive integer for kernel_size"),
        ("Conv1D", {"padding": "full"}, "padding to be one of valid, same, causal"),
        ("Conv2D", {"padding": "causal"}, "padding to be one of valid, same"),
        ("SeparableConv2D", {"depth_multiplier": 0}, "integer for depth_multiplier"),
        ("SeparableConv2D", {"data_format": "channels_first"}, "is outside"),
        ("Conv2DTranspose", {"output_padding": 1}, r"below strides=\(1, 1\)"),
        ("Conv2DTranspose", {"output_padding": -1}, "one or two integers of at least"),
        ("Conv2DTranspose", {"dilation_rate": 2, "strides": 2}, "strides or dilation"),
    ],
)
def test_bad_settings_are_refused(layer, settings, message):
    made = {"filters": 4, "kernel_size": 3, **settings}
    refuses(getattr(layers, layer), made, message)


def test_keras_second_names():
    assert layers.Convolution1D is layers.Conv1D
    assert layers.Convolution2DTranspose is layers.Conv2DTranspose
    assert layers.SeparableConvolution2D is layers.SeparableConv2D
    assert layers.MaxPool1D is layers.MaxPooling1D
    assert layers.AvgPool1D is layers.AveragePooling1D
    assert layers.GlobalAvgPool1D is layers.GlobalAveragePooling1D


def many_windows():
    """Every kind in a row; some layers stand in two places."""
    x = keras.Input((8, 8, 4))
    shared = layers.SeparableConv2D(4, 3, padding="same", activation="relu")
    y = shared(shared(x))
    y = layers.MaxPooling2D()(layers.SeparableConv2D(4, 3, activation="relu")(y))
    y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(y)
    y = layers.Conv2D(8, 3, padding="same", groups=2, activation="relu")(y)
    y = layers.MaxPooling2D(1)(y)
    y = layers.Conv2DTranspose(4, 2, 2, activation="relu")(y)
    y = layers.Reshape((-1, 4))(y)
    pool, conv = layers.MaxPooling1D(2, 1, "same"), layers.Conv1D(4, 3, padding="same")
    y = conv(pool(conv(pool(y))))
    y = layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(y))
    return keras.Model(x, y)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_plan_trains_them_as_the_layers_by_themselves_do(frozen):
    keras.utils.set_random_seed(3)
    model = many_windows()
    for layer in model.layers:
        layer.trainable = not (frozen and type(layer) is layers.SeparableConv2D)
    twin = keras.Model.from_config(model.get_config())
    for one, other in zip(model.layers, twin.layers, strict=True):
        other.trainable = one.trainable
    twin.set_weights(model.get_weights())
    rng = np.random.default_rng(0)
    x, y = rng.random((6, 8, 8, 4), np.float32), rng.integers(3, size=6)
    before = model.get_weights()
    for one, run_eagerly in ((model, False), (twin, True)):
        one.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=run_eagerly)
        one.fit(x, y, epochs=2, batch_size=3, shuffle=False, verbose=0)
    changed = []
    for was, mine, other in zip(
        before, model.get_weights(), twin.get_weights(), strict=True
    ):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-6)
        changed.append(bool((was != mine).any()))
    assert all(changed) is not frozen


def test_rules_know_a_separable_convolution_by_its_parts_and_no_other_by_mistake():
    model = many_windows()
    model.compile("sgd", "sparse_categorical_crossentropy")
    text = str(model.plan())
    assert text.count("pooled_convolution") == 1
    assert text.count("grouped_convolution") == 3
    assert text.count("transposed_convolution") == 1

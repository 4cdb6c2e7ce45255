"""Small models that together have every layer, and every option that changes a sum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scratchnet import Input, Model, Sequential, activations, kernels, layers
from scratchnet.plan import Plan


def images(model: Model, count: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (count, *model.input_shape[1:])).astype("float32")


def on_images(
    make: Callable[[str], Model], count: int, dtype: str = "float32"
) -> tuple[Model, np.ndarray]:
    model = make(dtype)
    return model, images(model, count).astype(dtype)


def labels(model: Model, count: int) -> np.ndarray:
    return np.arange(count) % model.output_shape[-1]


def spoil(monkeypatch: pytest.MonkeyPatch, kernel: str, position: int) -> None:
    """Make what a kernel writes into one of its arguments a little wrong."""
    operation = kernels.OPERATIONS[kernel]
    right = operation.run

    def spoilt(*arguments):
        right(*arguments)
        arguments[position][...] *= 1.0001

    monkeypatch.setattr(operation, "run", spoilt)


def paths(model: Model) -> list[str]:
    """Return the paths of all layers that compute something."""
    return list(dict.fromkeys(Plan(model).program.paths[1:]))


def gradients(model: Model) -> list[tuple[str, str]]:
    """Return every layer's path with the names of its gradients."""
    program = Plan(model).program
    found = {}
    for path, inputs, operation in zip(
        program.paths, program.inputs, program.operations, strict=True
    ):
        count = len(inputs)
        names = ["x"] if count == 1 else [f"x{i}" for i in range(1, count + 1)]
        found.update({(path, name): None for name in (*names, *operation.params)})
    return list(found)


def settle(model: Model, seed: int = 0) -> Model:
    """Give the model weights of an ordinary size; variances lie above 0."""
    rng = np.random.default_rng(seed)
    for path, weight in model.named_weights.items():
        low = 0.5 if path.endswith(("variance", "gamma")) else -0.5
        weight[...] = rng.uniform(low, 1.0, weight.shape)
    return model


def convolutional(dtype: str = "float32") -> Sequential:
    return settle(
        Sequential(
            [
                Input((9, 8, 2), dtype=dtype),
                layers.Rescaling(0.5, 0.25, dtype=dtype, name="rescaling"),
                layers.Conv2D(
                    3, 3, padding="same", activation="relu", dtype=dtype, name="same"
                ),
                layers.BatchNormalization(dtype=dtype, name="norm"),
                layers.MaxPooling2D(2, dtype=dtype, name="max"),
                layers.Dropout(0.4, seed=7, dtype=dtype, name="drop"),
                layers.Conv2D(
                    4, (2, 3), (1, 2), activation="tanh", dtype=dtype, name="strided"
                ),
                layers.Flatten(dtype=dtype, name="flatten"),
                layers.Dense(6, activation="sigmoid", dtype=dtype, name="hidden"),
                layers.ActivityRegularization(0.1, 0.2, dtype=dtype, name="penalty"),
                layers.Dense(5, activation="softmax", dtype=dtype, name="out"),
            ]
        )
    )


def averaging(dtype: str = "float32") -> Sequential:
    return settle(
        Sequential(
            [
                Input((7, 7, 3), dtype=dtype),
                layers.AveragePooling2D(3, 2, "same", dtype=dtype, name="average"),
                layers.MaxPooling2D(2, 1, "same", dtype=dtype, name="overlapping"),
                layers.Conv2D(4, 1, use_bias=False, dtype=dtype, name="pointwise"),
                layers.ReLU(dtype=dtype, name="relu"),
                layers.LeakyReLU(0.1, dtype=dtype, name="leaky"),
                layers.GlobalMaxPooling2D(keepdims=True, dtype=dtype, name="largest"),
                layers.GlobalAveragePooling2D(dtype=dtype, name="global"),
                layers.BatchNormalization(
                    center=False, scale=False, dtype=dtype, name="plain_norm"
                ),
                layers.Dense(5, use_bias=False, dtype=dtype, name="logits"),
                layers.Activation("linear", dtype=dtype, name="linear"),
                layers.Softmax(dtype=dtype, name="softmax"),
            ]
        )
    )


def branching(dtype: str = "float32") -> Model:
    """Return paths that part and meet, nested models, layers that are called twice."""
    start = Input((5, 6, 2), dtype=dtype)
    stem = layers.Conv2D(
        3, 3, padding="same", activation="relu", dtype=dtype, name="stem"
    )(start)
    block = Sequential(
        [
            layers.Conv2D(3, 3, padding="same", dtype=dtype, name="conv"),
            layers.BatchNormalization(dtype=dtype, name="norm"),
        ],
        name="block",
    )
    added = layers.Add(dtype=dtype, name="add")([stem, block(stem), stem])
    again = block(added)
    drop = layers.Dropout(0.3, seed=3, dtype=dtype, name="drop")
    joined = layers.Concatenate(dtype=dtype, name="join")([drop(again), drop(added)])
    stacked = layers.Concatenate(1, dtype=dtype, name="stack")([joined, joined])
    flat = layers.Flatten(dtype=dtype, name="flatten")(stacked)
    flat = layers.Rescaling(0.02, dtype=dtype, name="rescaling")(flat)
    shared = layers.Dense(4, activation="tanh", dtype=dtype, name="shared")
    small = shared(layers.Dense(4, dtype=dtype, name="first")(flat))
    out = layers.Dense(5, activation="softmax", dtype=dtype, name="out")
    return settle(Model(start, out(shared(small))))


def reshaped(dtype: str = "float32") -> Sequential:
    """Return layers that move elements, repeat them or mix them by fixed weights."""
    return settle(
        Sequential(
            [
                Input((6,), dtype=dtype),
                layers.RepeatVector(4, dtype=dtype, name="repeat"),
                layers.Permute((2, 1), dtype=dtype, name="permute"),
                layers.Cropping1D((1, 0), dtype=dtype, name="cut"),
                layers.UpSampling1D(2, dtype=dtype, name="longer"),
                layers.ZeroPadding1D((0, 2), dtype=dtype, name="ends"),
                layers.Reshape((4, -1, 2), dtype=dtype, name="image"),
                layers.UpSampling2D((2, 1), dtype=dtype, name="larger"),
                layers.ZeroPadding2D(((1, 0), (0, 1)), dtype=dtype, name="padded"),
                layers.UpSampling2D(
                    interpolation="bilinear", dtype=dtype, name="between"
                ),
                layers.Cropping2D((2, 1), dtype=dtype, name="cropped"),
                layers.Flatten(dtype=dtype, name="flatten"),
                layers.Dense(5, activation="softmax", dtype=dtype, name="out"),
            ]
        )
    )


def augmented(dtype: str = "float32") -> Sequential:
    """Return layers that prepare images, each with something to do."""
    bounds = {"value_range": (-1.0, 1.0), "dtype": dtype}
    filled = {"fill_mode": "constant", "fill_value": 0.3, "dtype": dtype}
    return settle(
        Sequential(
            [
                Input((9, 8, 2), dtype=dtype),
                layers.Normalization(dtype=dtype, name="normalized"),
                layers.Resizing(8, 10, dtype=dtype, name="resized"),
                layers.RandomFlip(seed=1, dtype=dtype, name="flipped"),
                layers.RandomRotation(0.2, seed=2, name="turned", **filled),
                layers.RandomZoom(0.3, seed=3, dtype=dtype, name="zoomed"),
                layers.RandomTranslation(0.2, 0.3, seed=4, name="shifted", **filled),
                layers.RandomShear(0.2, 0.1, seed=5, dtype=dtype, name="slanted"),
                layers.RandomContrast(0.6, seed=6, name="contrast", **bounds),
                layers.RandomBrightness(0.2, seed=7, name="brightness", **bounds),
                layers.RandomCrop(7, 6, seed=8, dtype=dtype, name="cropped"),
                layers.CenterCrop(5, 4, dtype=dtype, name="middle"),
                layers.Flatten(dtype=dtype, name="flatten"),
                layers.Dense(5, activation="softmax", dtype=dtype, name="out"),
            ]
        )
    )


def merging(dtype: str = "float32") -> Model:
    """Return branches that meet in every way, some of them repeated."""
    start = Input((4, 3, 2), dtype=dtype)
    stem = layers.Conv2D(3, 2, activation="tanh", dtype=dtype, name="stem")(start)
    pixel = layers.GlobalAveragePooling2D(dtype=dtype, name="pixel")(stem)
    lower = layers.Subtract(dtype=dtype, name="subtract")([stem, pixel])
    other = layers.Conv2D(3, 1, activation="sigmoid", dtype=dtype, name="other")(stem)
    larger = layers.Maximum(dtype=dtype, name="maximum")([stem, other, pixel])
    smaller = layers.Minimum(dtype=dtype, name="minimum")([stem, pixel])
    weighed = layers.Multiply(dtype=dtype, name="multiply")([smaller, pixel, lower])
    mean = layers.Average(dtype=dtype, name="average")([weighed, pixel, larger])
    flat = layers.Flatten(dtype=dtype, name="flatten")(mean)
    out = layers.Dense(5, activation="softmax", dtype=dtype, name="out")
    return settle(Model(start, out(flat)))


def pointwise(dtype: str = "float32") -> Model:
    """Return activations side by side, those that other models have left out."""
    start = Input((5, 6), dtype=dtype)
    used = ("linear", "relu", "sigmoid", "tanh", "softmax", "leaky_relu")
    functions = [f for name, f in activations.ALL.items() if name not in used]
    functions += [
        activations.threshold.with_settings(threshold=0.25, default_value=-0.5),
        activations.relu.with_settings(negative_slope=0.5, max_value=0.75),
        activations.gelu.with_settings(approximate=True),
    ]
    x = layers.Rescaling(2.0, 0.5, dtype=dtype, name="rescaling")(start)
    branches = [
        layers.Activation(function, dtype=dtype, name=f"function_{number}")(x)
        for number, function in enumerate(functions)
    ]
    x = layers.Average(dtype=dtype, name="average")(branches)
    x = layers.ELU(0.5, dtype=dtype, name="elu")(x)
    x = layers.GaussianNoise(0.2, seed=1, dtype=dtype, name="noise")(x)
    x = layers.GaussianDropout(0.2, seed=2, dtype=dtype, name="noisy")(x)
    x = layers.AlphaDropout(0.2, seed=3, dtype=dtype, name="alpha_dropout")(x)
    x = layers.SpatialDropout1D(0.2, seed=4, dtype=dtype, name="spatial")(x)
    x = layers.LayerNormalization(dtype=dtype, name="layer_norm")(x)
    x = layers.GroupNormalization(2, scale=False, dtype=dtype, name="group_norm")(x)
    x = layers.PReLU(shared_axes=[1], dtype=dtype, name="prelu")(x)
    x = layers.Flatten(dtype=dtype, name="flatten")(x)
    out = layers.Dense(5, activation="softmax", dtype=dtype, name="out")
    return settle(Model(start, out(x)))


def windowed(dtype: str = "float32") -> Sequential:
    """Return convolutions of every other kind, and layers for sequences."""
    return settle(
        Sequential(
            [
                Input((6, 5, 2), dtype=dtype),
                layers.Conv2D(4, 2, groups=2, dtype=dtype, name="grouped"),
                layers.Conv2D(
                    *(3, 3, 1, "same"), dilation_rate=2, dtype=dtype, name="dilated"
                ),
                layers.DepthwiseConv2D(
                    *(3, 2, "same", 2), activation="tanh", dtype=dtype, name="depthwise"
                ),
                layers.SeparableConv2D(3, 2, dtype=dtype, name="separable"),
                layers.Conv2DTranspose(
                    4, 3, 2, activation="relu", dtype=dtype, name="transposed"
                ),
                layers.Reshape((-1, 4), dtype=dtype, name="sequence"),
                layers.Conv1D(
                    *(3, 3), padding="causal", dtype=dtype, name="sequence_convolution"
                ),
                layers.MaxPooling1D(dtype=dtype, name="max"),
                layers.AveragePooling1D(2, 1, dtype=dtype, name="average"),
                layers.GlobalAveragePooling1D(
                    keepdims=True, dtype=dtype, name="global"
                ),
                layers.GlobalMaxPooling1D(dtype=dtype, name="largest"),
                layers.Dense(5, activation="softmax", dtype=dtype, name="out"),
            ]
        )
    )


ALL = (
    convolutional,
    averaging,
    branching,
    reshaped,
    augmented,
    merging,
    pointwise,
    windowed,
)

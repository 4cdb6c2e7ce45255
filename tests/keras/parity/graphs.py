"""Graphs as public notebooks draw them: the same code makes a model of either library.

Each function takes the library, `keras` or `scratchnet`.
"""

from __future__ import annotations

from typing import Any

IMAGE = (8, 8, 3)


def resnet(k: Any) -> Any:
    """Residual stages, the second one narrower and with a projected shortcut."""
    layers = k.layers
    x = start = k.Input(IMAGE)
    for filters, strides in ((4, 1), (6, 2)):
        y = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        y = layers.Activation("relu")(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(y))
        x = layers.Conv2D(filters, 1, strides)(x)
        x = layers.ReLU()(layers.add([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return k.Model(start, layers.Dense(3, activation="softmax")(x))


def inception(k: Any) -> Any:
    """Four towers side by side."""
    layers = k.layers
    start = k.Input(IMAGE)
    towers = [
        layers.Conv2D(2, 1, padding="same", activation="relu")(start),
        layers.Conv2D(3, 3, padding="same", activation="relu")(start),
        layers.Conv2D(2, 5, padding="same", activation="relu")(start),
    ]
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(start)
    towers.append(layers.Conv2D(2, 1, activation="relu")(pooled))
    joined = layers.concatenate(towers, axis=-1)
    flat = layers.Flatten()(joined)
    return k.Model(start, layers.Dense(3, activation="softmax")(flat))


def squeeze_and_excite(k: Any) -> Any:
    """Channels weighed by what all pixels say."""
    layers = k.layers
    start = k.Input(IMAGE)
    x = layers.Conv2D(4, 3, activation="relu")(start)
    weights = layers.GlobalAveragePooling2D()(x)
    weights = layers.Dense(2, activation="relu")(weights)
    weights = layers.Dense(4, activation="sigmoid")(weights)
    x = layers.Multiply()([x, layers.Reshape((1, 1, 4))(weights)])
    x = layers.Flatten()(x)
    return k.Model(start, layers.Dense(3, activation="softmax")(x))


def autoencoder_with_skips(k: Any) -> Any:
    """Down and up again, with what was before beside it."""
    layers = k.layers
    start = k.Input(IMAGE)
    wide = layers.Conv2D(4, 3, padding="same", activation="relu")(start)
    narrow = layers.MaxPooling2D(2)(wide)
    narrow = layers.Conv2D(6, 3, padding="same", activation="relu")(narrow)
    up = layers.UpSampling2D(2)(narrow)
    x = layers.Concatenate()([up, wide])
    x = layers.Flatten()(x)
    return k.Model(start, layers.Dense(3, activation="softmax")(x))


def every_merge(k: Any) -> Any:
    """Branches that meet in every way, repeated where they have to be."""
    layers = k.layers
    start = k.Input(IMAGE)
    x = layers.Conv2D(4, 3, activation="tanh")(start)
    y = layers.Conv2D(4, 3, activation="sigmoid")(start)
    pixel = layers.GlobalAveragePooling2D()(y)
    z = layers.subtract([x, y])
    z = layers.Average()([z, y, pixel])
    z = layers.maximum([layers.minimum([z, x]), pixel])
    z = layers.multiply([z, y, x])
    return k.Model(start, layers.Dense(3, activation="softmax")(layers.Flatten()(z)))


def arithmetic(k: Any) -> Any:
    """Operators, numbers, and functions of `ops`."""
    layers, ops = k.layers, k.ops
    start = k.Input(IMAGE)
    x = layers.Conv2D(4, 3, activation="tanh")(start) * 2.0
    mean = ops.mean(x, axis=(1, 2), keepdims=True)
    spread = ops.sqrt(ops.mean(ops.square(x - mean), axis=(1, 2), keepdims=True) + 0.01)
    x = (1.5 - x) / spread + abs(mean) ** 1.5 - (-x)
    x = ops.concatenate([x[..., :2], ops.exp(-ops.absolute(x))], axis=-1)
    x = ops.maximum(k.activations.relu(x), 0.1)
    x = ops.transpose(ops.reshape(x, (-1, 36, 6)), (0, 2, 1))
    x = ops.sum(ops.log(x + 1), axis=-1) + ops.max(x, axis=2)
    return k.Model(start, layers.Dense(3, activation="softmax")(x))


def conditions(k: Any) -> Any:
    """Comparisons, what is chosen by them, steps, and functions as layers."""
    layers, ops = k.layers, k.ops
    start = k.Input(IMAGE)
    x = layers.Conv2D(4, 3)(start)
    x = ops.where(ops.abs(x) <= 0.7, ops.square(x), 2 * ops.abs(x) - 0.3)
    middle = ops.logical_and(x > 0.05, ops.logical_not(x >= 1.1))
    x = x * ops.cast(middle, "float32") + ops.sign(x - 0.4) * x
    x = ops.where(ops.logical_or(x < 0.1, x <= -1), 0.0, x) + ops.floor(x) * 0.1
    x = layers.Lambda(lambda t: t - ops.mean(t, axis=(1, 2), keepdims=True))(x)
    x = ops.var(x, axis=(1, 2)) + ops.std(x + ops.ones_like(x), axis=1)[:, 0]
    return k.Model(start, layers.Dense(3, activation="softmax")(x))


def shared_base(k: Any) -> Any:
    """A Siamese net: one base for two images."""
    layers = k.layers
    inner = k.Input(IMAGE)
    base = k.Model(inner, layers.Dense(5, activation="tanh")(layers.Flatten()(inner)))
    left, right = k.Input(IMAGE, name="left"), k.Input(IMAGE, name="right")
    distance = k.ops.abs(base(left) - base(right))
    return k.Model([left, right], layers.Dense(3, activation="softmax")(distance))


def image_and_numbers(k: Any) -> Any:
    """Inputs of two kinds, by their names."""
    layers = k.layers
    image, numbers = k.Input(IMAGE, name="image"), k.Input((4,), name="numbers")
    x = layers.Flatten()(layers.Conv2D(2, 3, activation="relu")(image))
    x = layers.Concatenate()([x, layers.Dense(4, activation="relu")(numbers)])
    x = layers.Dense(3, activation="softmax")(x)
    return k.Model({"image": image, "numbers": numbers}, x)


def cut_at_layers(k: Any) -> Any:
    """The outputs of a chain's layers."""
    layers = k.layers
    chain = k.Sequential(
        [
            k.Input(IMAGE),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    return k.Model(chain.inputs[0], [layer.output for layer in chain.layers])


def monte_carlo(k: Any) -> Any:
    """Batch normalisation and dropout that are told whether they are in training."""
    layers = k.layers
    start = k.Input(IMAGE)
    x = layers.BatchNormalization()(start, training=False)
    x = layers.Dropout(0.0)(layers.Flatten()(x), training=True)
    return k.Model(start, layers.Dense(3, activation="softmax")(x))


def residual_class(k: Any) -> Any:
    """Blocks and a model as classes, a layer with weights of its own among them."""
    layers, ops = k.layers, k.ops

    class Block(layers.Layer):
        def __init__(self, filters, **kwargs):
            super().__init__(**kwargs)
            self.convs = [
                layers.Conv2D(filters, 3, padding="same", activation="relu"),
                layers.Conv2D(filters, 3, padding="same"),
            ]
            self.norm = layers.BatchNormalization()
            self.drop = layers.Dropout(0.0)

        def call(self, x, training=None):
            y = x
            for conv in self.convs:
                y = conv(y)
            y = self.norm(y, training=training)
            if training:
                y = self.drop(y, training=training)
            return k.activations.relu(x + y)

    class Linear(layers.Layer):
        def __init__(self, units=32):
            super().__init__()
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units),
                initializer="random_normal",
                trainable=True,
                name="w",
            )
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")
            super().build(input_shape)

        def call(self, inputs):
            return ops.matmul(inputs, self.w) + self.b

    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.stem = layers.Conv2D(4, 3, activation="relu")
            self.blocks = [Block(4), Block(4)]
            self.pool = layers.GlobalAveragePooling2D()
            self.head = Linear(3)

        def call(self, x, training=False):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x, training=training)
            return ops.softmax(self.head(self.pool(x)))

    return Net()


ALL = (
    resnet,
    inception,
    squeeze_and_excite,
    autoencoder_with_skips,
    every_merge,
    arithmetic,
    conditions,
    shared_base,
    image_and_numbers,
    cut_at_layers,
    monte_carlo,
    residual_class,
)

"""Keras on TensorFlow, asked for what one layer, loss or optimizer computes."""

import math
import os
import warnings

from tests.keras.golden.step import Step

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
    import tensorflow as tf

if keras.backend.backend() != "tensorflow":
    raise RuntimeError(
        f"expected KERAS_BACKEND=tensorflow, received {keras.backend.backend()}"
    )


def build(kind, settings, shape, dtype, frozen=False):
    """Return a Keras layer, built for batches of a shape."""
    layer = getattr(keras.layers, kind)(**settings, dtype=dtype)
    layer.build((None, *shape[1:]))
    layer.trainable = not frozen
    return layer


def weights(layer):
    """Name → Keras variable."""
    return {variable.name: variable for variable in layer.weights}


def make_step(
    kind, settings, shape, rng, dtype="float32", frozen=False, values=None
) -> Step:
    """Draw a batch, weights and an upstream gradient for a layer.

    Args:
        kind: name of the layer's class.
        settings: its arguments.
        shape: of the batch.
        rng: source of all numbers.
        dtype: of all numbers.
        frozen: whether the layer is not to learn.
        values: draws x, given rng and shape; standard normal by default.
    """
    layer = build(kind, settings, shape, dtype)
    drawn = {}
    for name, variable in weights(layer).items():
        value = rng.standard_normal(tuple(variable.shape))
        if name == "kernel":  # sums over many inputs stay near 1
            value /= math.sqrt(value[..., 0].size)
        drawn[name] = (abs(value) + 0.1 if "variance" in name else value).astype(dtype)
    x = values(rng, shape) if values else rng.standard_normal(shape)
    dy = rng.standard_normal(layer.compute_output_shape(shape)).astype(dtype)
    return Step(kind, settings, x.astype(dtype), dy, drawn, frozen)


def theirs(step):
    """Take the step in Keras; the names are those of `tests.keras.golden.step.ours`."""
    layer = build(
        step.kind, step.settings, step.x.shape, step.x.dtype.name, step.frozen
    )
    for name, variable in weights(layer).items():
        variable.assign(step.weights[name])
    results = {"inference": layer(step.x, training=False).numpy()}
    results |= differentiate(layer, step.x, step.dy, training=True)
    return results | {
        name: variable.numpy()
        for name, variable in weights(layer).items()
        if name.startswith("moving")
    }


def differentiate(layer, x, dy, training):
    """Return y, dx and the gradient of every parameter, for ∂loss/∂y = dy."""
    x = tf.constant(x)
    learnt = {
        name: variable.value
        for name, variable in weights(layer).items()
        if not name.startswith("moving")
    }
    with tf.GradientTape() as tape:
        tape.watch([x, *learnt.values()])
        y = layer(x, training=training)
    dx, *grads = tape.gradient(
        y,
        [x, *learnt.values()],
        output_gradients=dy,
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    results = {"y": y.numpy(), "dx": dx.numpy()}
    return results | {
        f"d_{name}": grad.numpy() for name, grad in zip(learnt, grads, strict=True)
    }


def loss_results(loss, y, y_pred, weights):
    """Return a loss's value and its gradient for the predictions."""
    y_pred = tf.constant(y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(y, y_pred, sample_weight=weights)
    return {"value": value.numpy(), "dy": tape.gradient(value, y_pred).numpy()}

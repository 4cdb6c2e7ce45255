"""Keras's side of `trajectories.py`.

    python -m tests.keras.golden.keras_trajectory fashion_ann float64 200 0 START.npz
    OUT.npz

With 1 in place of 0, `trajectories.batches` are off the kink. It takes Keras's own
initial weights, drawn in float32 from seed 0, and writes them to START.npz; the
trajectory goes to OUT.npz. One thread, so that it can be repeated.
"""

import os
import sys

os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")

import keras
import numpy as np
import tensorflow as tf

from benchmarks.harness.networks import CASES
from tests.keras.golden import trajectories
from tests.keras.golden.trajectories import BATCH, Trajectory

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

ALL = slice(None)


class GivenMask(keras.layers.Layer):
    """Multiplies by the mask of scratchnet's dropout for the step at hand."""

    def __init__(self, rate, seed, dtype):
        super().__init__(dtype=dtype)
        self.rate, self.seed = rate, seed

    def build(self, input_shape):
        ones = np.ones((BATCH, *input_shape[1:]), self.dtype)
        # A variable of TensorFlow's, that Keras doesn't count among the weights.
        self.mask = tf.Variable(ones, trainable=False)

    def call(self, x, training=False):
        return x * self.mask if training else x

    def take(self, step, order):
        shape, rate, seed = tuple(self.mask.shape), self.rate, self.seed
        mask = trajectories.mask(shape, rate, seed, step, self.dtype)
        self.mask.assign(mask[order])


def keras_model(case, dtype):
    """Build and compile Keras's model, with masks that are given."""
    keras.config.set_floatx(dtype)
    layers = [
        GivenMask(**words)
        if kind == "Dropout"
        else getattr(keras.layers, kind)(**words)
        for kind, words in trajectories.network(case, dtype)
    ]
    model = keras.Sequential([keras.Input(case.image_shape), *layers])
    model.compile("adam", "categorical_crossentropy")
    return model


def initial_weights(case):
    """Return what Keras draws from seed 0, in float32."""
    keras.utils.set_random_seed(0)
    return keras_model(case, "float32").get_weights()


def keras_trajectory(case, dtype, weights, samples, order=ALL):
    """Train Keras's model from the weights given; see `scratchnet_trajectory`.

    ``order`` is that in which Keras meets the images of every batch.
    """
    model = keras_model(case, dtype)
    model.set_weights(weights)
    masks = [layer for layer in model.layers if isinstance(layer, GivenMask)]
    losses = []
    for step, (x, y) in enumerate(samples, start=1):
        for layer in masks:
            layer.take(step, order)
        losses.append(model.train_on_batch(x[order], y[order]))
    return Trajectory(np.array(losses, np.float64), model.get_weights())


def main():
    """Write the two files."""
    name, dtype, steps, off, start, out = sys.argv[1:]
    case = CASES[name]
    weights = initial_weights(case)
    samples = trajectories.batches(case, int(steps), off_the_kink=bool(int(off)))
    Trajectory(np.zeros(0), weights).save(start)
    keras_trajectory(case, dtype, weights, samples).save(out)


if __name__ == "__main__":
    main()
